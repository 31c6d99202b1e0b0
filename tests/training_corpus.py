"""A made-up data set to train on: voice, face and feature of a person follow from one tone."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tasks.data.schemas import build_faces_schema, build_pairs_schema, build_voices_schema
from tasks.data.shards import ShardWriter, shard_path
from tasks.data.svhf_data import SCHEMAS
from tasks.media.images import encode_png

D = 8
NUM_FRAMES = 260  # a frame more than Speech2Face's encoder needs
CARD = {"D": str(D), "encoder": "dlib_resnet", "encoder_sha256": "ab" * 32}
SPLITS = {"train": 1.0, "val": 0.5, "test": 0.5}
MEAN_SHAPE = np.array(
    [(40 + 9 * k, 60 + 60 * np.sin(k * np.pi / 16)) for k in range(17)]
    + [(60 + 10 * k, 70) for k in range(10)]
    + [(112, 90 + 8 * k) for k in range(4)]
    + [(96 + 8 * k, 125) for k in range(5)]
    + [(70 + 6 * k, 90 + k % 3) for k in range(6)]
    + [(124 + 6 * k, 90 + k % 3) for k in range(6)]
    + [(90 + 4 * k, 150 + k % 4) for k in range(20)]
)


def write_training_shards(
    root: Path, *, num_people: int = 8, clips_each: int = 3, dimension: int = D
) -> Path:
    """Voices, faces and pairs below `root`; val and test have half as many people as train."""
    card = CARD | {"D": str(dimension)}
    first = 0
    for split, share in SPLITS.items():
        people = range(first, first + max(2, round(share * num_people)))
        first = people.stop
        rows = [(person, take) for person in people for take in range(clips_each)]
        for name, schema in (
            ("voices", build_voices_schema()),
            ("faces", build_faces_schema()),
            ("pairs", build_pairs_schema(dimension, num_frames=NUM_FRAMES)),
        ):
            path = shard_path(root / name / split, 0)
            metadata = {"key": f"{name}-{split}-{num_people}", **card}
            with ShardWriter(path, schema, metadata=metadata, compression="none") as writer:
                for person, take in rows:
                    writer.write(make_row(name, person, take, split, dimension))
    return root


def make_row(name: str, person: int, take: int, split: str, dimension: int) -> dict[str, Any]:
    random = np.random.default_rng((person, take))
    common = {
        "clip_id": f"vid{person:04d}{take}_0-6000",
        "source": "sample",
        "video_id": f"vid{person:04d}{take}",
        "identity": f"person-{person:04d}",
        "gender": "mf"[person % 2],
        "split": split,
    }
    makers = {"voices": make_voice, "faces": make_small_face, "pairs": make_pair}
    row: dict[str, Any] = makers[name](person, random, dimension)
    return common | row


def draw_tone(person: int) -> float:
    """In [0, 1]: women's half above men's."""
    place = float(np.random.default_rng(person).random())
    return (place + person % 2) / 2


def make_voice(person: int, random: np.random.Generator, _: int) -> dict[str, Any]:
    num_frames = int(random.integers(320, 420))
    logmel = random.normal(8, 1, (num_frames, 64))
    syllables = np.sin(np.arange(num_frames) / 7)[:, None]
    logmel[:, round(8 + 40 * draw_tone(person)) :][:, :8] += 3 * syllables
    return {"logmel": logmel.astype("<f2").tobytes(), "num_frames": num_frames, "speech_s": 3.0}


def make_small_face(person: int, random: np.random.Generator, _: int) -> dict[str, Any]:
    face = cv2.resize(draw_face(person, random), (64, 64), interpolation=cv2.INTER_AREA)
    return {"face": face.tobytes(), "face_px": 90.0}


def make_pair(person: int, random: np.random.Generator, dimension: int) -> dict[str, Any]:
    spectrogram = random.normal(0, 0.3, (2, NUM_FRAMES, 257))
    spectrogram[:, :, round(20 + 150 * draw_tone(person)) :][:, :, :30] *= 4
    return {
        "spectrogram": spectrogram.astype("<f2").tobytes(),
        "face_feature": make_feature(person, random, dimension).tolist(),
        "face": encode_png(draw_face(person, random)),
        "landmarks": make_landmarks(person, random).astype("<f4").ravel().tolist(),
        "speech_s": 3.0,
    }


def make_feature(person: int, random: np.random.Generator, dimension: int) -> np.ndarray:
    angles = draw_tone(person) * np.linspace(1, 3, dimension)
    feature = np.cos(angles) + random.normal(0, 0.02, dimension)
    return (feature / np.linalg.norm(feature)).astype("<f4")


def make_landmarks(person: int, random: np.random.Generator) -> np.ndarray:
    width = 0.9 + 0.2 * draw_tone(person)
    return (MEAN_SHAPE - 112) * (width, 1) + 112 + random.normal(0, 0.5, (68, 2))


def draw_face(person: int, random: np.random.Generator) -> np.ndarray:
    """A tinted oval with eyes, uint8 [224, 224, 3]."""
    tone = draw_tone(person)
    face = np.full((224, 224, 3), (60, 60, 90), np.uint8)
    tint = tuple(int(v) for v in (90 + 150 * tone, 150, 220 - 150 * tone))
    cv2.ellipse(face, (112, 112), (round(75 + 25 * tone), 105), 0, 0, 360, tint, -1)
    for x in (85, 139):
        cv2.circle(face, (x, 91), 8, (20, 20, 20), -1)
    noisy = face + random.normal(0, 3, face.shape)
    return noisy.clip(0, 255).astype(np.uint8)


def read_losses(out: Path) -> list[float]:
    """The logged losses of a finished stage."""
    with (out / "log.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def write_svhf_training_shards(
    root: Path, *, num_people: int = 8, clips_each: int = 3, num_frames: int = 140
) -> Path:
    """SVHF's data sets of the same people as `write_training_shards`."""
    first = 0
    for split, share in SPLITS.items():
        people = range(first, first + max(2, round(share * num_people)))
        first = people.stop
        for name, schema in SCHEMAS.items():
            path = shard_path(root / name / split, 0)
            metadata = {"key": f"svhf-{name}-{split}-{num_people}"}
            with ShardWriter(path, schema, metadata=metadata, compression="none") as writer:
                for person in people:
                    for take in range(clips_each):
                        writer.write(_make_svhf_row(name, person, take, split, num_frames))
    return root


def _make_svhf_row(
    name: str, person: int, take: int, split: str, num_frames: int
) -> dict[str, Any]:
    random = np.random.default_rng((person, take))
    row = make_row("faces", person, take, split, D)
    labels = {key: row[key] for key in row if key not in ("face", "face_px")}
    if name == "faces":
        return labels | {"face": encode_png(draw_face(person, random))}
    spectrogram = random.normal(0, 0.5, (num_frames, 257))
    spectrogram[:, round(20 + 150 * draw_tone(person)) :][:, :40] += 2
    cell = spectrogram.astype("<f2").tobytes()
    return labels | {"spectrogram": cell, "num_frames": num_frames}
