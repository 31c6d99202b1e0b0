import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from tasks.face.dlib_models import DETECTOR_FILE, LANDMARKS_FILE, find_model, load_detector
from tasks.face.mmod import (
    MAX_OVERLAP,
    Window,
    average_windows,
    find_windows,
    group_windows,
    measure_overlap,
    open_detector,
    place_tiles,
)
from tasks.face.mmod_weights import load_mmod


def run_dlib(picture):
    hits = load_detector()(picture)
    edges = [(h.rect.left(), h.rect.top(), h.rect.right(), h.rect.bottom()) for h in hits]
    return sorted(zip(edges, (h.confidence for h in hits), strict=True), key=lambda hit: -hit[1])


def check_alike(picture):
    ours, theirs = [face[0] for face in find_windows(picture)], run_dlib(picture)
    assert [(w.left, w.top, w.right, w.bottom) for w in ours] == [edges for edges, _ in theirs]
    np.testing.assert_allclose([w.score for w in ours], [s for _, s in theirs], atol=1e-4)
    return len(ours)


@pytest.mark.parametrize("size", [(240, 240), (201, 187), (163, 210), (417, 90)])
def test_boxes_and_scores_are_those_of_dlib(draw, size):
    face = Image.fromarray(draw(size=300, eye_distance_px=70))
    assert check_alike(np.asarray(face.resize(size))) == (size[1] > 100)


def test_several_faces_of_several_sizes_are_those_of_dlib(draw):
    frame = np.full((330, 420, 3), 90, np.uint8)
    frame[10:250, 5:245] = draw(size=240, eye_distance_px=60)
    frame[60:220, 250:410] = draw(3, size=160, eye_distance_px=38)
    assert check_alike(frame) == 2


def test_nothing_in_noise_or_in_the_smallest_picture():
    noise = np.random.default_rng(0).integers(0, 256, (120, 150, 3), dtype=np.uint8)
    assert check_alike(noise) == 0
    assert find_windows(noise[:80, :80]) == []


def test_each_window_goes_to_the_best_face_that_it_overlaps():
    left, right = Window(0, 0, 79, 79, 1.0), Window(100, 0, 179, 79, 0.9)
    near_left, near_right = Window(8, 0, 87, 79, 0.5), Window(92, 8, 171, 87, 0.4)
    apart = Window(50, 0, 129, 79, 0.3)
    assert max(measure_overlap(apart, face) for face in (left, right)) < MAX_OVERLAP
    faces = group_windows([left, right, near_left, near_right, apart])
    assert faces == [[left, near_left], [right, near_right], [apart]]


def test_a_face_is_the_mean_of_its_windows_weighted_by_score():
    face = [Window(0, 10, 79, 89, 3.0), Window(8, 2, 103, 97, 1.0)]
    assert average_windows(face) == Window(2.0, 8.0, 85.0, 91.0, 3.0)


def test_tiles_lie_apart_and_shrink_by_a_sixth():
    tiles = place_tiles(300, 200)
    covered = np.zeros((2000, 400), int)
    for tile in tiles:
        covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] += 1
    assert covered.max() == 1
    assert covered.sum() == sum(tile.width * tile.height for tile in tiles)
    assert [(t.width, t.height) for t in tiles[:3]] == [(300, 200), (250, 166), (208, 138)]


def test_another_file_of_dlib_is_refused():
    with pytest.raises(ValueError, match="not dlib's face detector"):
        load_mmod(find_model(LANDMARKS_FILE))


def test_weights_are_whole():
    network = load_mmod(find_model(DETECTOR_FILE))
    assert all(bool(p.isfinite().all()) for p in network.parameters())
    assert open_detector() is open_detector()
    grey = torch.zeros(1, 3, 120, 120)
    assert float(functional.relu(network(grey)).max()) == 0.0  # no face in nothing
