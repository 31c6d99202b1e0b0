"""Faces of sounds that are nobody's voice, and what the discriminator says of them (SPEC 5.1)."""

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from torch import Tensor

from tasks.audio.logmel import compute_logmel
from tasks.data.shards import list_shards
from tasks.data.stored_rows import open_rows, read_columns
from tasks.data.stubs import read_stub
from tasks.evaluation.bootstrap import (
    compute_interval,
    make_score,
    renumber,
    score_mean,
    sum_by_person,
)
from tasks.evaluation.noise import (
    DURATIONS_S,
    EXPONENTS,
    MIN_BABBLE_VOICES,
    Samples,
    make_noise,
    mix_babble,
)
from tasks.evaluation.scores import Floats, Indices, Score, complete, make_missing
from tasks.evaluation.store import Line
from tasks.evaluation.voice2face.alikeness import score_alikeness
from tasks.evaluation.voice2face.corpus import Faces, Labelled, Voices
from tasks.evaluation.voice2face.networks import Networks, judge_realness
from tasks.evaluation.voice2face.published import REALNESS
from tasks.face.encoders import FaceEncoder
from tasks.training.gan_scores import make_faces
from tasks.training.recordings import Embedded, prepare_logmel

KINDS = (*EXPONENTS, "babble")
NUM_TAKES = 8  # of each kind and duration in the figure, chosen
MIN_S, MAX_S = 1.0, 10.0  # of random noise: the range of the figure
NO_BABBLE = f"babble needs the sound of {MIN_BABBLE_VOICES} test people"


def read_sounds(extracts: Path, who: Labelled) -> list[Samples]:
    """One recording each of the first people, as they were before voice activity detection; few
    or none where the folder no longer holds them."""
    first: dict[str, str] = {}
    for name, person in zip(who.items.names, who.items.people, strict=True):
        first.setdefault(person, name)
    wanted = set(list(first.values())[:MIN_BABBLE_VOICES])
    found: dict[str, Samples] = {}
    for path in list_shards(extracts).values():
        for row in _read_wanted(path, wanted):
            samples = np.frombuffer(row["audio"] or b"", dtype="<i2")
            if samples.any():
                found[row["clip_id"]] = samples
    return [found[name] for name in sorted(found)]


def _read_wanted(path: Path, wanted: Set[str]) -> list[dict[str, Any]]:
    """Clip ids and sound; of a shard without any of them only the ids are read."""
    names = pa.array(sorted(wanted), pa.string())
    if not pc.any(pc.is_in(read_columns(path, ["clip_id"])["clip_id"], names)).as_py():
        return []
    filters = pc.field("clip_id").isin(names)
    read = partial(pq.read_table, columns=["clip_id", "audio"], filters=filters)
    rows: list[dict[str, Any]] = open_rows(path, read_stub(path), read).to_pylist()
    return rows


def make_sound(kind: str, sounds: Sequence[Samples], *, seconds: float, seed: int) -> Samples:
    if kind == "babble":
        return mix_babble(sounds, seconds=seconds, seed=seed)
    return make_noise(kind, seconds=seconds, seed=seed)  # type: ignore[arg-type]


def list_kinds(sounds: Sequence[Samples]) -> list[str]:
    """Those that can be made."""
    return [kind for kind in KINDS if kind != "babble" or len(sounds) >= MIN_BABBLE_VOICES]


@torch.no_grad()
def draw_sounds(networks: Networks, sounds: Iterable[Samples]) -> Tensor:
    """Faces [N, 3, 64, 64] of sounds, taken for speech throughout."""
    parts = [
        networks.gan.embedding(prepare_logmel(compute_logmel(sound)).to(networks.device)).cpu()
        for sound in sounds
    ]
    return make_faces(networks.gan, Embedded(torch.cat(parts).float(), [])).cpu()


def draw_noise(
    networks: Networks, sounds: Sequence[Samples], *, seed: int
) -> dict[tuple[str, float], Tensor]:
    """NUM_TAKES faces of each kind and duration."""
    found = {}
    for number, kind in enumerate(list_kinds(sounds)):
        for place, seconds in enumerate(DURATIONS_S):
            first = seed + 1000 * number + 100 * place
            takes = [
                make_sound(kind, sounds, seconds=seconds, seed=first + take)
                for take in range(NUM_TAKES)
            ]
            found[kind, seconds] = draw_sounds(networks, takes)
    return found


def score_noise_faces(
    networks: Networks,
    made: dict[tuple[str, float], Tensor],
    voices: Voices,
    *,
    encoder: FaceEncoder,
    seed: int = 0,
) -> Iterator[Line]:
    """How alike the faces of one kind are, and D's score of them, beside those of voices."""
    groups = {
        kind: torch.cat([faces for (name, _), faces in made.items() if name == kind])
        for kind in dict.fromkeys(kind for kind, _ in made)
    }
    for kind, faces in {**groups, "test voices": voices.pictures}.items():
        people = voices.who.people if kind == "test voices" else np.arange(len(faces))
        realness = judge_realness(networks, faces)
        name = kind.replace(" ", "_")
        score = score_mean(f"realness_{name}", realness, people=people, seed=seed)
        yield Line("figure_2", (kind, "discriminator"), score)
        for words, alike in score_alikeness(name, faces, encoder):
            yield Line("figure_2", (kind, words), alike)
    if "babble" not in groups:
        yield Line("figure_2", ("babble", "discriminator"), make_missing("babble", NO_BABBLE))


def score_realness(
    networks: Networks,
    voices: Voices,
    faces: Faces,
    sounds: Sequence[Samples],
    *,
    num_samples: int,
    seed: int = 0,
) -> Iterator[Line]:
    """Mean and deviation of D's score of faces of voices, of noise, and of real faces."""
    chosen = np.random.default_rng(seed).permutation(len(voices.who))[:num_samples]
    noise = draw_sounds(networks, make_random_sounds(sounds, num_samples=num_samples, seed=seed))
    for words, pictures, people in (
        ("voices", voices.pictures[torch.from_numpy(chosen)], voices.who.people[chosen]),
        ("noise", noise, np.arange(len(noise))),
        ("real faces", faces.pictures, faces.who.people),
    ):
        values = judge_realness(networks, pictures)
        mean, deviation = REALNESS.get(words, (None, None))
        name = f"realness_{words.replace(' ', '_')}"
        score = complete(score_mean(name, values, people=people, seed=seed), published=mean)
        yield Line("realness", (words, "mean"), score)
        spread = score_deviation(f"{name}_std", values, people=people, seed=seed)
        yield Line("realness", (words, "standard deviation"), complete(spread, published=deviation))


def make_random_sounds(
    sounds: Sequence[Samples], *, num_samples: int, seed: int
) -> Iterator[Samples]:
    """Of random kind and length."""
    random, kinds = np.random.default_rng(seed), list_kinds(sounds)
    for number in range(num_samples):
        kind, seconds = kinds[random.integers(len(kinds))], float(random.uniform(MIN_S, MAX_S))
        yield make_sound(kind, sounds, seconds=seconds, seed=seed + number)


def score_deviation(name: str, values: Floats, *, people: Indices, seed: int = 0) -> Score:
    """Standard deviation of values [N], its interval over people."""
    people = renumber(people)
    squares = sum_by_person(np.stack([values, np.square(values, dtype=np.float64)], -1), people)
    counts = np.bincount(people)

    def compute(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        moments = (weights @ squares) / (weights @ counts)[:, None]  # [R, 2]
        found: npt.NDArray[np.float64] = np.sqrt(np.maximum(moments[:, 1] - moments[:, 0] ** 2, 0))
        return found

    interval = compute_interval(compute, num_people=len(counts), seed=seed)
    value = float(np.std(values, dtype=np.float64))
    return make_score(name, value, interval, (len(values), len(counts)))
