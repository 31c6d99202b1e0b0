"""What is measured on: recordings trained on, recordings kept from training, and test people."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.data.held_out import select_held_out
from tasks.data.readers import read_column, read_index
from tasks.evaluation.voice2face.corpus import Faces, Voices, has_rows, read_faces, read_voices
from tasks.evaluation.voice2face.networks import Networks

Wanted = npt.NDArray[np.bool_]
DATA_SETS = ("voices", "faces")


@dataclass(frozen=True)
class Corpus:
    """`train` are recordings that were trained on, `held_out` others of the same people (None where
    all were trained on)."""

    train: Voices
    held_out: Voices | None
    train_faces: Faces
    test: Voices
    test_faces: Faces


def read_corpus(networks: Networks, shards: Path, *, max_train: int, seed: int) -> Corpus | None:
    """At most `max_train` of the recordings trained on; None where there is nobody to test on."""
    voices, faces = (shards / name for name in DATA_SETS)
    if not (has_rows(voices / "test") and has_rows(faces / "test")):
        return None
    seen, held_out = select_recordings(networks, voices / "train", limit=max_train, seed=seed)
    return Corpus(
        read_voices(networks, voices / "train", wanted=seen),
        read_voices(networks, voices / "train", wanted=held_out) if held_out.any() else None,
        read_faces(faces / "train"),
        read_voices(networks, voices / "test"),
        read_faces(faces / "test"),
    )


def select_recordings(
    networks: Networks, folder: Path, *, limit: int, seed: int
) -> tuple[Wanted, Wanted]:
    """Of the people trained on: recordings that were seen (at most `limit`, drawn) and that were
    not. ValueError if the weights know nobody of them."""
    index = read_index(folder, columns=("clip_id", "identity"))
    identities = read_column(index, "identity").tolist()
    clip_ids = read_column(index, "clip_id").tolist()
    known = np.array([name in networks.labels for name in identities], bool)
    if not known.any():
        raise ValueError(f"{folder}: nobody in it is among the people the network was trained on")
    held_out = select_held_out(identities, clip_ids, per_person=networks.num_held_out) & known
    rows = np.flatnonzero(known & ~held_out)
    seen = np.zeros(len(known), bool)
    seen[np.random.default_rng(seed).permutation(rows)[:limit]] = True
    return seen, held_out
