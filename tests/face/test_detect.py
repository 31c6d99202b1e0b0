import numpy as np
import pytest

from tasks.face.boxes import Box
from tasks.face.detect import compute_scale, detect_faces, detect_frontal_faces


@pytest.mark.parametrize(
    ("region", "min_face_px", "max_side_px", "wanted"),
    [
        (Box(0, 0, 640, 360), 80, 1280, 1.0),
        (Box(0, 0, 640, 360), 40, 1280, 2.0),
        (Box(0, 0, 1920, 1080), 160, 1280, 0.5),
        (Box(0, 0, 1920, 1080), 40, 960, 0.5),
        (Box(100, 100, 200, 500), 20, 1280, 3.2),
    ],
)
def test_scale_fits_the_smallest_face_to_the_window(region, min_face_px, max_side_px, wanted):
    assert compute_scale(region, min_face_px=min_face_px, max_side_px=max_side_px) == wanted


def test_a_drawn_face_is_found_where_it_was_drawn(draw):
    frame = np.full((300, 500, 3), 120, np.uint8)
    frame[40:280, 230:470] = draw(size=240, eye_distance_px=45)
    (box,) = detect_faces(frame, min_face_px=80, max_side_px=640)
    # Between the eyes is (350, 160); the box is about twice as wide as they are apart.
    assert box.contains((350, 160))
    assert box.width == pytest.approx(2.4 * 45, rel=0.35)
    assert box.score > 0.5


def test_a_region_gives_frame_pixels_and_excludes_what_lies_outside(draw):
    face = draw(size=160, eye_distance_px=38)
    frame = np.concatenate([face, face], axis=1)
    region = Box(160, 0, 320, 160)
    (box,) = detect_faces(frame, region=region, min_face_px=64, max_side_px=640)
    assert box.contains((240, 80))
    assert not box.contains((80, 80))


def test_faces_below_the_window_need_enlarging(draw):
    frame = draw(size=120, eye_distance_px=16)
    assert detect_faces(frame, min_face_px=80, max_side_px=640) == []
    assert len(detect_faces(frame, min_face_px=32, max_side_px=640)) == 1
    assert detect_faces(frame, min_face_px=32, max_side_px=120) == []


def test_the_fast_detector_finds_it_too(draw):
    frame = draw(size=120, eye_distance_px=16)
    (box,) = detect_frontal_faces(frame, min_face_px=24, max_side_px=2560)
    assert box.contains((60, 60))


def test_scores_below_the_minimum_are_dropped(face_picture):
    assert detect_faces(face_picture, min_face_px=80, max_side_px=640, min_score=9.0) == []


def test_a_frame_without_a_face_and_the_smallest_frame():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    assert detect_faces(noise, min_face_px=80, max_side_px=640) == []
    assert detect_faces(noise[:1, :1], min_face_px=80, max_side_px=640) == []
