"""The talking head's shape: a small linear model baked from MakeHuman's CC0 data (see LICENSE.md).

`head_basis.npz`, V = 4,877 vertices in metres (x to the sitter's left, y backwards, z up),
F = 9,578 triangles:
  base      [2, 11, 3, V, 3]  heads by sex (male, female), age (`ages`) and ethnicity (`eth`)
  loc       [14, 2, V, 3]     local changes (`loc_names`) at +1 and -1
  weight    [2, V, 3]         change at weight 1 and 0
  act       [13, V, 3]        facial actions (`act_names`) at 1
  faces     [F, 3]            vertices of each triangle
  eye, mouth, head  [F] bool; lips, ears [F] in [0, 1]: what a triangle belongs to
  rel       [F, 3]            its centre on the mean head, from between the eyes, in eye distances
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tasks.sample.people import Ethnicity, Face

Floats = NDArray[np.float32]
BASIS_PATH = Path(__file__).with_name("head_basis.npz")


@dataclass(frozen=True)
class HeadBasis:
    """The file's arrays as float32; regions are per vertex: shares of its triangles, [V]."""

    base: Floats
    ages: Floats
    ethnicities: tuple[str, ...]
    local: dict[str, Floats]
    weight: Floats
    actions: dict[str, Floats]
    triangles: NDArray[np.int32]
    incidence: sparse.csr_array  # [V, F]: 1 where the vertex is a corner of the triangle
    eye: NDArray[np.bool_]
    mouth: Floats
    head: Floats
    lips: Floats
    ears: Floats
    place: Floats  # [V, 3]: `rel`, averaged over the vertex's triangles


@dataclass(frozen=True)
class HeadShape:
    """One person's head in metres, from the point between the eyes."""

    vertices: Floats  # [V, 3]
    eyes: Floats  # [2, 3]: centres of the left and right eyeball
    eye_distance_m: float


def read_head_basis(path: Path = BASIS_PATH) -> HeadBasis:
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    triangles = arrays["faces"].astype(np.int32)
    incidence = _make_incidence(triangles, num_vertices=arrays["base"].shape[3])
    mean = _make_mean(incidence)
    return HeadBasis(
        base=arrays["base"].astype(np.float32),
        ages=arrays["ages"].astype(np.float32),
        ethnicities=tuple(arrays["eth"].tolist()),
        local=_name_rows(arrays["loc_names"], arrays["loc"]),
        weight=arrays["weight"].astype(np.float32),
        actions=_name_rows(arrays["act_names"], arrays["act"]),
        triangles=triangles,
        incidence=incidence,
        eye=(mean @ arrays["eye"].astype(np.float32)) > 0.5,
        mouth=mean @ arrays["mouth"].astype(np.float32),
        head=mean @ arrays["head"].astype(np.float32),
        lips=mean @ arrays["lips"].astype(np.float32),
        ears=mean @ arrays["ears"].astype(np.float32),
        place=mean @ arrays["rel"].astype(np.float32),
    )


def compute_head_shape(basis: HeadBasis, face: Face) -> HeadShape:
    """Blends the base heads of the face's sex, age and ethnicity and adds its local changes."""
    male, female = (_blend_ages(basis, sex, face=face) for sex in (0, 1))
    vertices = (1 - face.femininity) * male + face.femininity * female
    heavy, light = basis.weight
    vertices = vertices + abs(2 * face.weight - 1) * (heavy if face.weight > 0.5 else light)
    for name, amount in face.local:
        raised, lowered = basis.local[name]
        vertices = vertices + abs(amount) * (raised if amount > 0 else lowered)
    eyes = _compute_eye_centres(vertices[basis.eye])
    middle = eyes.mean(axis=0)
    return HeadShape(
        vertices=(vertices - middle).astype(np.float32),
        eyes=(eyes - middle).astype(np.float32),
        eye_distance_m=float(eyes[0, 0] - eyes[1, 0]),
    )


def compute_vertex_normals(basis: HeadBasis, vertices: Floats) -> Floats:
    """[V, 3], length 1: the mean of the triangles' normals, weighted by area."""
    a, b, c = (vertices[basis.triangles[:, corner]] for corner in range(3))
    ab, ac = b - a, c - a
    x = ab[:, 1] * ac[:, 2] - ab[:, 2] * ac[:, 1]
    y = ab[:, 2] * ac[:, 0] - ab[:, 0] * ac[:, 2]
    z = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    normals = basis.incidence @ np.stack([x, y, z], axis=1)  # [V, 3]
    lengths = np.sqrt((normals * normals).sum(axis=1, keepdims=True)) + 1e-20
    return np.asarray(normals / lengths, np.float32)


def _blend_ages(basis: HeadBasis, sex: int, *, face: Face) -> Floats:
    by_age = basis.base[sex, :, basis.ethnicities.index(Ethnicity(face.ethnicity).value)]
    age = float(np.clip(face.head_age, basis.ages[0], basis.ages[-1]))
    above = int(np.clip(np.searchsorted(basis.ages, age), 1, len(basis.ages) - 1))
    youngest, oldest = basis.ages[above - 1], basis.ages[above]
    share = (age - youngest) / (oldest - youngest)
    return np.asarray((1 - share) * by_age[above - 1] + share * by_age[above], np.float32)


def _compute_eye_centres(eye_vertices: Floats) -> Floats:
    """Middle of each eyeball's bounding box, the sitter's left eye (x > 0) first. [2, 3]"""
    left = eye_vertices[:, 0] > 0
    boxes = (eye_vertices[left], eye_vertices[~left])
    return np.stack([(box.min(axis=0) + box.max(axis=0)) / 2 for box in boxes])


def _make_incidence(triangles: NDArray[np.int32], *, num_vertices: int) -> sparse.csr_array:
    corners = triangles.ravel()  # [3F]
    columns = np.repeat(np.arange(len(triangles)), 3)
    ones = np.ones(len(corners), np.float32)
    return sparse.csr_array((ones, (corners, columns)), shape=(num_vertices, len(triangles)))


def _make_mean(incidence: sparse.csr_array) -> sparse.csr_array:
    counts = np.maximum(incidence.sum(axis=1), 1)
    return sparse.csr_array(sparse.diags_array(1 / counts) @ incidence).astype(np.float32)


def _name_rows(names: NDArray[np.str_], rows: NDArray[np.float16]) -> dict[str, Floats]:
    return {str(name): row.astype(np.float32) for name, row in zip(names, rows, strict=True)}
