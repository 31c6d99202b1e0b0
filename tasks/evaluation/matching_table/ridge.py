"""The simplest system: a linear map from a voice's mean spectrum to the face's feature."""

from pathlib import Path

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from tasks.data.readers import read_batches, read_column, read_index
from tasks.evaluation.matching_table.systems import Embedded, Judge, System
from tasks.evaluation.scores import Floats

NAME = "ridge"
STRENGTHS = np.geomspace(1, 1e5, 21)


def fit_ridge(shards: Path) -> System:
    """Fitted on the people of train, who have pairs, and asked about those of test.

    Voices: mean and deviation of each mel bin over the speech, [128]; the strength is chosen by
    leave-one-out on the training people.
    """
    known = {split: read_voices(shards / "voices" / split) for split in ("train", "test")}
    faces = {split: read_features(shards / "pairs" / split) for split in ("train", "test")}
    names = [name for name in faces["train"].names if name in set(known["train"].names)]
    scaler = StandardScaler().fit(known["train"].vectors)
    ridge = RidgeCV(STRENGTHS).fit(
        scaler.transform(known["train"].select(names).vectors), faces["train"].select(names).vectors
    )
    # What is the same in all faces says nothing about one.
    mean = faces["train"].vectors.mean(axis=0)
    predicted = ridge.predict(scaler.transform(known["test"].vectors)) - mean
    judge = Judge(
        Embedded(known["test"].names, predicted.astype(np.float32)),
        Embedded(faces["test"].names, faces["test"].vectors - mean),
    )
    return System(NAME, {"V→F": judge, "F→V": judge})


def read_voices(folder: Path) -> Embedded:
    vectors = [
        summarise(np.asarray(logmel, np.float32))
        for batch in read_batches(folder, columns=["logmel"])
        for logmel in batch["logmel"]
    ]
    return Embedded(_read_names(folder), np.stack(vectors))


def summarise(logmel: Floats) -> Floats:
    """Mean and deviation over time of a log-mel [T, 64]: [128]."""
    return np.concatenate([logmel.mean(axis=0), logmel.std(axis=0)])


def read_features(folder: Path) -> Embedded:
    vectors = [batch["face_feature"] for batch in read_batches(folder, columns=["face_feature"])]
    return Embedded(_read_names(folder), np.concatenate(vectors))


def _read_names(folder: Path) -> list[str]:
    names: list[str] = read_column(read_index(folder), "clip_id").tolist()
    return names
