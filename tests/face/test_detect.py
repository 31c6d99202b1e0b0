import numpy as np
import pytest
from PIL import Image

from tasks.face.boxes import Box
from tasks.face.detect import compute_scale, detect_faces, detect_frontal_faces, refine_box


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


def test_a_face_is_as_wide_at_the_smallest_window_as_above_it(draw):
    frame = np.full((320, 320, 3), 120, np.uint8)
    frame[40:280, 40:280] = draw(size=240, eye_distance_px=48)
    (large,) = detect_faces(frame, min_face_px=70, max_side_px=640)
    for min_face_px in range(int(large.width) - 12, int(large.width) + 4, 3):
        (box,) = detect_faces(frame, min_face_px=min_face_px, max_side_px=640)
        assert box.width == pytest.approx(large.width, rel=0.06)
        assert np.abs(np.subtract(box.center, large.center)).max() < 0.06 * large.width


def test_a_moved_and_scaled_face_gets_the_same_box(draw):
    face = draw(size=240, eye_distance_px=50)
    boxes = []
    for scale, shift in ((0.8, 0), (1.0, 3), (1.1, 6), (1.25, 9)):
        picture = Image.fromarray(face).resize((round(240 * scale),) * 2)
        frame = np.pad(np.asarray(picture), ((shift, 40), (shift, 40), (0, 0)), mode="edge")
        (box,) = detect_faces(frame, min_face_px=60, max_side_px=640)
        boxes.append((np.array([box.width, *box.center]) - (0, shift, shift)) / scale)
    spread = np.std(boxes, axis=0) / boxes[0][0]
    assert spread.max() < 0.03


def test_boxes_that_are_off_come_together(face_picture):
    starts = [Box(60, 70, 180, 190), Box(75, 60, 195, 180), Box(45, 65, 195, 215)]
    found = [refine_box(face_picture, start) for start in starts]
    centers = np.array([box.center for box in found])
    widths = np.array([box.width for box in found])
    assert np.ptp(centers, axis=0).max() < 6
    assert np.ptp(widths) < 8
    assert abs(centers[:, 0].mean() - 120) < 8


def test_a_box_without_a_face_stays():
    box = Box(10, 10, 90, 90, 0.7)
    assert refine_box(np.full((100, 100, 3), 90, np.uint8), box) == box


@pytest.mark.parametrize("shift", [-150, 150])
def test_a_box_at_the_frame_border_is_no_error(face_picture, shift):
    box = Box(60.0 + shift, 70, 180.0 + shift, 190)
    assert isinstance(refine_box(face_picture, box), Box)
