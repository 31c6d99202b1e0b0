"""Makes the sample corpus: `python -m tasks.sample.generate --out DIR [--people N] [--workers W]`.

Writes `videos/<video_id>.mp4`, the two AVSpeech-shaped lists and `people.csv`.
"""

import argparse
import csv
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2

from tasks.sample.media import write_clip
from tasks.sample.people import draw_person
from tasks.sample.plan import Fault, Recording, plan_corpus
from tasks.sample.record import Segment, record_pictures, record_sound
from tasks.sample.voice import SAMPLE_RATE

PAGE = "<!DOCTYPE html><title>Gone</title><p>This recording is no longer here.</p>\n"
CUT_OFF_BYTES = 600  # less than the index at an mp4's front, so that nothing can be decoded
BEYOND_S = 60.0
PEOPLE_COLUMNS = (
    "video_id",
    "identity",
    "gender",
    "age",
    "ethnicity",
    "nationality",
    "expected",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    recording: Recording
    segments: list[Segment]


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parse_options()
    videos = options.out / "videos"
    videos.mkdir(parents=True, exist_ok=True)
    planned = plan_corpus(options.people, seed=options.seed)
    made = []
    with get_context("spawn").Pool(options.workers) as pool:
        for done in pool.imap(partial(make_recording, folder=videos), planned):
            made.append(done)
            log.info("%d of %d: %s", len(made), len(planned), done.recording.video_id)
    write_lists(options.out, made)


def make_recording(recording: Recording, folder: Path) -> Made:
    """Writes the recording's file (none if it is to be absent) and returns its list rows."""
    cv2.setNumThreads(1)
    sound = record_sound(recording)
    frames, segments = record_pictures(recording, sound)
    path, fault = folder / f"{recording.video_id}.mp4", recording.fault
    if fault is Fault.page:
        path.with_suffix(".html").write_text(PAGE, encoding="utf-8")
    elif fault is not Fault.absent:
        pictures = None if fault is Fault.no_picture else frames
        samples = None if fault is Fault.no_sound else sound.samples
        write_clip(path, pictures, samples=samples, sample_rate=SAMPLE_RATE)
    if fault is Fault.cut_off:
        path.write_bytes(path.read_bytes()[:CUT_OFF_BYTES])
    if fault is Fault.outside_video:
        segments = [_shift(segment) for segment in segments]
    return Made(recording, segments)


def write_lists(folder: Path, made: Iterable[Made]) -> None:
    """AVSpeech's lists have no header; people.csv, which AVSpeech has not, has one."""
    made = list(made)
    for name in ("train", "test"):
        listed = [done for done in made if done.recording.list_name == name]
        rows = [row for done in listed for row in _list_rows(done)]
        _write_csv(folder / f"avspeech_{name}.csv", rows)
    people = [_describe(done.recording) for done in made]
    _write_csv(folder / "people.csv", [PEOPLE_COLUMNS, *people])


def _list_rows(made: Made) -> list[tuple[str, ...]]:
    numbers = [(part.start_s, part.end_s, part.x, part.y) for part in made.segments]
    return [(made.recording.video_id, *(f"{value:.6f}" for value in row)) for row in numbers]


def _describe(recording: Recording) -> tuple[str, ...]:
    person = draw_person(recording.person_seed)
    about = person.attributes
    return (
        recording.video_id,
        person.identity,
        about.gender.value,
        str(about.age),
        person.ethnicity.value,
        "",
        recording.expected,
    )


def _write_csv(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _shift(segment: Segment) -> Segment:
    return Segment(segment.start_s + BEYOND_S, segment.end_s + BEYOND_S, segment.x, segment.y)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tasks.sample.generate", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--people", type=int, default=128, help="talking people (default 128)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other people")
    return parser.parse_args()


if __name__ == "__main__":
    main()
