"""Which recordings the corpus holds: who, in which list, and what is wrong with some on purpose."""

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from tasks.outcomes import Reason

TAKES_PER_PERSON = 3
SEEDS_PER_CORPUS = 100_000
TRAIN_SHARE = 0.75
LONG_EVERY = 10  # each tenth person's first video holds two listed segments
LISTENER_EVERY = 40  # each fortieth person's last video shows a silent second person


class Fault(StrEnum):
    """What is wrong with a recording on purpose."""

    no_sound = "no_sound"
    silent = "silent"
    short_speech = "short_speech"
    faceless = "faceless"
    tiny_face = "tiny_face"
    no_picture = "no_picture"
    cut_off = "cut_off"
    page = "page"
    absent = "absent"
    outside_video = "outside_video"


EXPECTED = {
    Fault.no_sound: Reason.no_audio_stream,
    Fault.silent: Reason.too_little_speech,
    Fault.short_speech: Reason.too_little_speech,
    Fault.faceless: Reason.no_face,
    Fault.tiny_face: Reason.face_too_small,
    Fault.no_picture: Reason.no_video_stream,
    Fault.cut_off: Reason.unreadable_media,
    Fault.page: Reason.no_format,
    Fault.absent: Reason.not_found,
    Fault.outside_video: Reason.outside_video,
}
TRAIN_FAULTS = (
    Fault.no_sound,
    Fault.silent,
    Fault.faceless,
    Fault.tiny_face,
    Fault.cut_off,
    Fault.page,
    Fault.absent,
    Fault.outside_video,
)
TEST_FAULTS = (Fault.silent, Fault.short_speech, Fault.no_picture, Fault.absent)


@dataclass(frozen=True)
class Recording:
    """One video to make; `seed` rules its text, room and movement."""

    video_id: str
    person_seed: int
    seed: int
    list_name: str
    num_segments: int = 1
    listener_seed: int | None = None
    fault: Fault | None = None

    @property
    def expected(self) -> str:
        return EXPECTED[self.fault].value if self.fault else "kept"


def plan_corpus(num_people: int, *, seed: int) -> list[Recording]:
    """Three recordings a person, the last quarter of the people in the test list, then the
    faulty ones: each of a person of its own, so that nobody depends on them."""
    first = seed * SEEDS_PER_CORPUS
    num_train = int(TRAIN_SHARE * num_people)
    planned = []
    for index in range(num_people):
        list_name = "train" if index < num_train else "test"
        planned += [
            _plan_take(first + index, take, list_name=list_name, index=index)
            for take in range(TAKES_PER_PERSON)
        ]
    faults = [("train", fault) for fault in TRAIN_FAULTS]
    faults += [("test", fault) for fault in TEST_FAULTS]
    for offset, (list_name, fault) in enumerate(faults):
        planned.append(_plan_fault(first + num_people + offset, fault, list_name=list_name))
    return planned


def make_video_id(seed: int, *, leading_dash: bool = False) -> str:
    """11 characters of YouTube's alphabet: the first of a hash in URL-safe base 64."""
    digest = hashlib.sha256(f"speech-portraits sample {seed}".encode()).digest()
    name = base64.urlsafe_b64encode(digest).decode()[:11]
    return "-" + name[1:] if leading_dash else name


def _plan_take(person_seed: int, take: int, *, list_name: str, index: int) -> Recording:
    seed = person_seed * TAKES_PER_PERSON + take
    is_last = take == TAKES_PER_PERSON - 1
    listens = is_last and index % LISTENER_EVERY == LISTENER_EVERY - 1
    return Recording(
        video_id=make_video_id(seed, leading_dash=index == 0 and take == 0),
        person_seed=person_seed,
        seed=seed,
        list_name=list_name,
        num_segments=2 if take == 0 and index % LONG_EVERY == 3 else 1,
        listener_seed=person_seed - 1 if listens else None,
    )


def _plan_fault(person_seed: int, fault: Fault, *, list_name: str) -> Recording:
    seed = person_seed * TAKES_PER_PERSON
    return Recording(make_video_id(seed), person_seed, seed, list_name, fault=fault)
