"""What the galleries of AR-SPM's report show: the rows of Fig. 2, 4 and 6."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from tasks.data.readers import decode_faces
from tasks.evaluation.ar_spm.measure import Examined
from tasks.evaluation.ar_spm.names import FACE_TO_FACE, ORIGINAL
from tasks.evaluation.ar_spm.priors import GenderedFaces, compute_means, count_faces, list_sizes
from tasks.evaluation.ar_spm.system import Draw
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.galleries import Gallery
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.scores import Indices
from tasks.params import ArSpmEvaluationParams


def draw_subjects(held_out: HeldOut, count: int, *, seed: int = 0) -> Indices:
    """A pair each of `count` different people, or of all there are."""
    _, first = np.unique(encode_people(held_out.people), return_index=True)
    chosen = np.random.default_rng(seed).permutation(first)[:count]
    return np.sort(chosen)


def show_all(
    examined: Examined, faces: GenderedFaces, *, draw: Draw, params: ArSpmEvaluationParams
) -> dict[str, Gallery]:
    """Fig. 2, 4 and 6; the pictures of Fig. 4 and 6 are of different random people each."""
    held_out, seed = examined.held_out, examined.seed
    few = draw_subjects(held_out, params.num_reconstructions, seed=seed)
    many = draw_subjects(held_out, params.num_subjects, seed=seed + 1)
    answers = examined.answers.select(examined.answers.models)
    return {
        "fig2": show_priors(faces, draw=draw, seed=seed),
        "fig4": show_rows(held_out, few, {"decoded feature": draw(held_out.features[few])}),
        "fig6": show_rows(
            held_out,
            many,
            {
                FACE_TO_FACE: draw(held_out.features[many]),
                **{name: draw(features[many]) for name, features in answers.items()},
            },
        ),
    }


def show_rows(held_out: HeldOut, subjects: Indices, made: Mapping[str, Tensor]) -> Gallery:
    """The originals, and below them what was `made` of each, uint8 [N, 224, 224, 3]."""
    originals = torch.from_numpy(decode_faces([held_out.faces[row] for row in subjects]))
    rows = {ORIGINAL: originals, **made}
    return lay_out(rows, number_subjects(subjects), shows=(ORIGINAL,))


def number_subjects(subjects: Indices) -> list[str]:
    """No names: a portrait is not to be taken for a likeness of somebody."""
    return [str(number) for number in range(1, len(subjects) + 1)]


def lay_out(
    rows: Mapping[str, Tensor], columns: Sequence[str], *, shows: tuple[str, ...] = ()
) -> Gallery:
    pictures = torch.stack([*rows.values()]).numpy()  # [R, C, 224, 224, 3]
    return Gallery(tuple(rows), tuple(columns), pictures, shows=shows)


def show_priors(faces: GenderedFaces, *, draw: Draw, seed: int) -> Gallery:
    """The neutral prior of more and more faces, in one random order."""
    sizes = list_sizes(count_faces(faces)["neutral"])
    means = compute_means(faces, "neutral", sizes, np.random.default_rng(seed))
    return lay_out({"neutral prior": draw(means)}, [f"n = {size:,}" for size in sizes])
