"""How faces depend on how much is heard, and on which part (SPEC 5.1, WEN Fig. 3 and 5).

A person's recordings are joined to reach the durations, as they are after voice activity detection.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.voice2face import stretch_pictures
from tasks.data.readers import name_person, read_batches
from tasks.evaluation.bootstrap import score_mean, score_pair_mean
from tasks.evaluation.matching import Items, compare_vectors, draw_trials, score_trials
from tasks.evaluation.noise import DURATIONS_S
from tasks.evaluation.scores import Floats, make_missing
from tasks.evaluation.store import Line
from tasks.evaluation.voice2face.corpus import Faces
from tasks.evaluation.voice2face.networks import Networks, embed_faces
from tasks.training.gan_scores import make_faces
from tasks.training.recordings import Embedded, prepare_logmel

FRAMES_PER_S = 100
MIN_SEGMENT_FRAMES = FRAMES_PER_S  # a second, chosen
MAX_PEOPLE = 400  # whose speech is held at once, chosen
LogMel = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Speech:
    """Of one person: a log-mel [T, 64] a recording, in order of clip id."""

    person: str
    recordings: tuple[LogMel, ...]

    @property
    def joined(self) -> LogMel:
        return np.concatenate(self.recordings)


def read_speech(folder: Path) -> list[Speech]:
    """Of the first MAX_PEOPLE of a split, by name; no more of each than figures need."""
    found: dict[str, dict[str, LogMel]] = {}
    enough = round(DURATIONS_S[-1] * FRAMES_PER_S)
    for batch in read_batches(folder, columns=["clip_id", "logmel", "identity", "video_id"]):
        for row, logmel in enumerate(batch["logmel"]):
            own = found.setdefault(name_person(batch, row), {})
            if sum(map(len, own.values())) < enough or len(own) < 8:
                own[str(batch["clip_id"][row])] = np.asarray(logmel, np.float32)
    ordered = {name: sorted(found[name].items()) for name in sorted(found)[:MAX_PEOPLE]}
    return [Speech(name, tuple(own for _, own in rows)) for name, rows in ordered.items()]


@torch.no_grad()
def hear(networks: Networks, logmels: Sequence[LogMel]) -> tuple[Tensor, Tensor]:
    """Embeddings [N, 64] and faces [N, 3, 64, 64] of log-mels."""
    parts = [
        networks.gan.embedding(prepare_logmel(logmel).to(networks.device)).float().cpu()
        for logmel in logmels
    ]
    embeddings = torch.cat(parts)
    return embeddings, make_faces(networks.gan, Embedded(embeddings, [])).cpu()


@dataclass(frozen=True)
class Durations:
    """By seconds: who has that much speech, and their faces [N, 3, 64, 64]."""

    people: Mapping[float, Sequence[str]]
    faces: Mapping[float, Tensor]


def draw_durations(networks: Networks, speech: Sequence[Speech]) -> Durations:
    people, faces = {}, {}
    for seconds in DURATIONS_S:
        num_frames = round(seconds * FRAMES_PER_S)
        enough = [own for own in speech if len(own.joined) >= num_frames]
        people[seconds] = [own.person for own in enough]
        if enough:
            _, faces[seconds] = hear(networks, [own.joined[:num_frames] for own in enough])
    return Durations(people, faces)


def score_durations(
    networks: Networks, drawn: Durations, real: Faces, *, num_per_probe: int, seed: int = 0
) -> Iterator[Line]:
    """1:2 matching of faces from the first seconds, one trial list a duration."""
    candidates = embed_faces(networks.gan.trunk, real.pictures, device=networks.device)
    for seconds, people in drawn.people.items():
        name, labels = f"matching_{seconds:.0f}_s", (f"{seconds:.0f} s",)
        if not people:
            reason = f"nobody has {seconds:.0f} s of speech"
            yield Line("durations", labels, make_missing(name, reason))
            continue
        probes = Items(people, people)
        trials = draw_trials(probes, real.who.items, num_per_probe=num_per_probe, seed=seed)
        made = embed_faces(networks.gan.trunk, drawn.faces[seconds], device=networks.device)
        won = compare_vectors(trials, probes=made, candidates=candidates)
        score = score_trials(
            name, won, trials=trials, probes=probes, candidates=real.who.items, seed=seed
        )
        yield Line("durations", labels, score)


@dataclass(frozen=True)
class Segments:
    """Of people with enough of them: `owners` [N] number `people`; K a person, in order."""

    people: tuple[str, ...]
    owners: npt.NDArray[np.intp]
    embeddings: Tensor
    faces: Tensor


def draw_segments(
    networks: Networks, speech: Sequence[Speech], *, num_segments: int
) -> Segments | None:
    """None where nobody has enough speech."""
    cut = {own.person: cut_speech(own, num_segments=num_segments) for own in speech}
    people = tuple(name for name, parts in cut.items() if parts)
    if not people:
        return None
    embeddings, faces = hear(networks, [part for name in people for part in cut[name]])
    owners = np.repeat(np.arange(len(people)), num_segments)
    return Segments(people, owners, embeddings, faces)


def cut_speech(speech: Speech, *, num_segments: int) -> list[LogMel]:
    """As many recordings, or, with fewer, all of them joined and cut in equal parts of at least a
    second; none where there is too little."""
    if len(speech.recordings) >= num_segments:
        return list(speech.recordings[:num_segments])
    size = len(speech.joined) // num_segments
    if size < MIN_SEGMENT_FRAMES:
        return []
    return [speech.joined[place * size : (place + 1) * size] for place in range(num_segments)]


def score_segments(
    networks: Networks, segments: Segments | None, *, seed: int = 0
) -> Iterator[Line]:
    """Mean distances between segments of one speaker and of two, of voices, faces and pixels."""
    if segments is None:
        for words in ("one speaker", "two speakers"):
            missing = make_missing(f"segments_{words}", "nobody has enough speech")
            yield Line("segments", ("voice embedding", words), missing)
        return
    trunk = embed_faces(networks.gan.trunk, segments.faces, device=networks.device)
    spaces = {
        "voice embedding": compute_angles(segments.embeddings),
        "face, by the trunk": compute_angles(torch.from_numpy(trunk)),
        "pixels": compute_pixel_distances(segments.faces),
    }
    first, second = np.triu_indices(len(segments.owners), k=1)
    same = segments.owners[first] == segments.owners[second]
    for words, distances in spaces.items():
        values, name = distances[first, second], words.replace(", by the ", " ").replace(" ", "_")
        within = score_mean(
            f"within_{name}", values[same], people=segments.owners[first][same], seed=seed
        )
        between = score_pair_mean(
            f"between_{name}",
            values[~same],
            first=segments.owners[first][~same],
            second=segments.owners[second][~same],
            seed=seed,
        )
        yield Line("segments", (words, "one speaker"), within)
        yield Line("segments", (words, "two speakers"), between)


def compute_angles(vectors: Tensor) -> Floats:
    """Degrees between all rows of [N, D]: [N, N]."""
    units = functional.normalize(vectors.double(), dim=1)
    angles: Floats = torch.rad2deg((units @ units.T).clamp(-1, 1).acos()).numpy()
    return angles


def compute_pixel_distances(faces: Tensor) -> Floats:
    """Mean absolute difference of all pairs of pictures in [0, 1]: [N, N]."""
    flat = stretch_pictures(faces).flatten(1)  # [N, 12288]
    distances: Floats = (torch.cdist(flat, flat, p=1) / flat.shape[1]).numpy()
    return distances
