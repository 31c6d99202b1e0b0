"""Rows of pictures (ARS Fig. 2, 4 and 6), each a PNG strip of its own."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tasks.data.readers import decode_faces
from tasks.evaluation.ar_spm.measure import Examined
from tasks.evaluation.ar_spm.names import (
    FACE_TO_FACE,
    ORIGINAL,
    SEPARATOR,
    STRIP_COLUMNS,
    STRIPS,
)
from tasks.evaluation.ar_spm.priors import GenderedFaces, compute_means, count_faces, list_sizes
from tasks.evaluation.ar_spm.system import Draw
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.scores import Indices
from tasks.params import ArSpmEvaluationParams
from tasks.training.pictures import write_png


@dataclass(frozen=True)
class Strip:
    """A row of a figure: pictures uint8 [N, 224, 224, 3], each with its caption."""

    figure: str
    row: str
    captions: Sequence[str]
    pictures: Tensor


def draw_subjects(held_out: HeldOut, count: int, *, seed: int = 0) -> Indices:
    """A pair each of `count` different people, or of all there are."""
    _, first = np.unique(encode_people(held_out.people), return_index=True)
    chosen = np.random.default_rng(seed).permutation(first)[:count]
    return np.sort(chosen)


def show_originals(figure: str, held_out: HeldOut, subjects: Indices) -> Strip:
    faces = torch.from_numpy(decode_faces([held_out.faces[row] for row in subjects]))
    return Strip(figure, ORIGINAL, number_subjects(subjects), faces)


def number_subjects(subjects: Indices) -> list[str]:
    """No names: a portrait is not to be taken for a likeness of somebody."""
    return [str(number) for number in range(1, len(subjects) + 1)]


def list_strips(
    examined: Examined, faces: GenderedFaces, *, draw: Draw, params: ArSpmEvaluationParams
) -> Iterator[Strip]:
    """Fig. 2, 4 and 6; the pictures of Fig. 4 and 6 are of different random people each."""
    held_out, seed = examined.held_out, examined.seed
    yield show_priors(faces, draw=draw, seed=seed)
    subjects = draw_subjects(held_out, params.num_reconstructions, seed=seed)
    yield show_originals("fig4", held_out, subjects)
    captions = number_subjects(subjects)
    yield Strip("fig4", "decoded feature", captions, draw(held_out.features[subjects]))
    subjects = draw_subjects(held_out, params.num_subjects, seed=seed + 1)
    captions = number_subjects(subjects)
    yield show_originals("fig6", held_out, subjects)
    yield Strip("fig6", FACE_TO_FACE, captions, draw(held_out.features[subjects]))
    for name, features in examined.answers.select(examined.answers.models).items():
        yield Strip("fig6", name, captions, draw(features[subjects]))


def show_priors(faces: GenderedFaces, *, draw: Draw, seed: int) -> Strip:
    """The neutral prior of more and more faces, in one random order."""
    sizes = list_sizes(count_faces(faces)["neutral"])
    means = compute_means(faces, "neutral", sizes, np.random.default_rng(seed))
    return Strip("fig2", "neutral prior", [f"n = {size:,}" for size in sizes], draw(means))


def write_strips(folder: Path, strips: Iterable[Strip]) -> None:
    """PNG files below `folder`/pictures, and the list of them in STRIPS."""
    rows = []
    for number, strip in enumerate(strips):
        path = f"pictures/{strip.figure}-{number:02d}.png"
        write_png(folder / path, strip.pictures.transpose(0, 1).flatten(1, 2))  # [224, N 224, 3]
        rows.append((strip.figure, strip.row, path, SEPARATOR.join(strip.captions)))
    with (folder / STRIPS).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([STRIP_COLUMNS, *rows])
