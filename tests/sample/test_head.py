from dataclasses import replace

import numpy as np
import pytest

from tasks.sample.head import (
    BASIS_PATH,
    compute_head_shape,
    compute_vertex_normals,
    read_head_basis,
)
from tasks.sample.people import draw_person

BASIS = read_head_basis()
FACE = draw_person(3).face


def test_the_basis_has_the_sizes_its_docstring_names() -> None:
    assert BASIS.base.shape == (2, 11, 3, 4877, 3)
    assert BASIS.triangles.shape == (9578, 3)
    assert len(BASIS.local) == 14
    assert len(BASIS.actions) == 13
    assert BASIS.incidence.sum() == 3 * 9578


def test_a_head_on_the_grid_is_the_stored_one_moved_between_the_eyes() -> None:
    face = replace(FACE, femininity=1.0, head_age=float(BASIS.ages[7]), weight=0.5, local=())
    with np.load(BASIS_PATH) as stored:
        index = stored["eth"].tolist().index(face.ethnicity.value)
        expected = stored["base"][1, 7, index].astype(np.float64)
        eye = np.unique(stored["faces"][stored["eye"]])
    left, right = (eye[side * expected[eye, 0] > 0] for side in (1, -1))
    boxes = [(expected[part].min(0) + expected[part].max(0)) / 2 for part in (left, right)]
    shape = compute_head_shape(BASIS, face)
    np.testing.assert_allclose(shape.vertices, expected - np.mean(boxes, axis=0), atol=1e-6)
    assert shape.eye_distance_m == pytest.approx(boxes[0][0] - boxes[1][0], abs=1e-6)


def test_a_local_change_is_added_in_proportion() -> None:
    plain = compute_head_shape(BASIS, replace(FACE, local=()))
    wide = compute_head_shape(BASIS, replace(FACE, local=(("chin-width-incr", -0.5),)))
    moved = 0.5 * BASIS.local["chin-width-incr"][1]
    np.testing.assert_allclose(wide.vertices - plain.vertices, moved, atol=1e-6)


def test_men_have_larger_heads_than_women_and_adults_than_children() -> None:
    def measure(femininity: float, head_age: float) -> float:
        face = replace(FACE, femininity=femininity, head_age=head_age, local=())
        return float(np.ptp(compute_head_shape(BASIS, face).vertices[BASIS.head > 0.9, 2]))

    assert measure(0, 2 / 3) > measure(1, 2 / 3) > measure(1, 1 / 3)


def test_vertex_normals_equal_a_plain_loop() -> None:
    vertices = compute_head_shape(BASIS, FACE).vertices
    expected = np.zeros(vertices.shape)
    for triangle in BASIS.triangles:
        a, b, c = vertices[triangle].astype(np.float64)
        expected[triangle] += np.cross(b - a, c - a)
    lengths = np.linalg.norm(expected, axis=1)
    sound = lengths > 1e-9
    expected = expected[sound] / lengths[sound, None]
    measured = compute_vertex_normals(BASIS, vertices)[sound]
    assert (measured * expected).sum(axis=1).min() > 0.999
