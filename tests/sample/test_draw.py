from dataclasses import replace

import numpy as np

from tasks.sample.animate import animate_pose, measure_speech
from tasks.sample.draw import Pose, Sitter, View, compute_rotation, draw_frame, locate_face
from tasks.sample.head import compute_head_shape, read_head_basis
from tasks.sample.paint import HAIRSTYLES, paint_head
from tasks.sample.people import MENS_HAIR, OLD_MENS_HAIR, WOMENS_HAIR, draw_person

BASIS, FACE = read_head_basis(), draw_person(5).face
VIEW = View()
GREEN = np.zeros((320, 320, 3), np.uint8) + np.array([0, 255, 0], np.uint8)


def make_sitter(hairstyle: str = "bald") -> Sitter:
    face = replace(FACE, hairstyle=hairstyle)
    paint = paint_head(BASIS, face, shirt=(20, 20, 200))
    return Sitter(BASIS, compute_head_shape(BASIS, face), paint)


def test_the_head_stands_where_the_view_says() -> None:
    frame = draw_frame(make_sitter(), Pose(), view=VIEW, background=GREEN)
    assert frame.shape == (160, 160, 3)
    head = (frame[:100] != (0, 255, 0)).any(axis=2)
    columns = np.flatnonzero(head.any(axis=0))
    assert abs(columns.mean() - VIEW.eyes_at[0] * VIEW.width) < 2
    assert not head[:5].any()


def test_opening_the_mouth_darkens_it() -> None:
    sitter = make_sitter()
    x, y = locate_face(sitter, Pose(), view=VIEW)
    mouth = np.s_[round(y * 160) + 5 : round(y * 160) + 25, round(x * 160) - 8 : round(x * 160) + 8]
    poses = (Pose(), Pose(actions={"jawOpen": 0.6}))
    closed, opened = (draw_frame(sitter, p, view=VIEW, background=GREEN)[mouth] for p in poses)
    assert opened.mean() < closed.mean() - 5


def test_rotations_are_orthogonal_and_yaw_turns_the_nose_to_the_side() -> None:
    turn = compute_rotation(Pose(yaw=0.3, pitch=-0.2, roll=0.1)).astype(np.float64)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    forwards = np.array([0.0, -1.0, 0.0])
    turned = compute_rotation(Pose(yaw=0.3)) @ forwards
    np.testing.assert_allclose(turned, [np.sin(0.3), -np.cos(0.3), 0], atol=1e-6)


def test_every_hairstyle_that_is_drawn_exists() -> None:
    assert set(WOMENS_HAIR) | set(MENS_HAIR) | set(OLD_MENS_HAIR) == set(HAIRSTYLES)
    bare = draw_frame(make_sitter(), Pose(), view=VIEW, background=GREEN)
    long = draw_frame(make_sitter("long"), Pose(), view=VIEW, background=GREEN)
    assert (long != (0, 255, 0)).sum() > (bare != (0, 255, 0)).sum()


def test_the_mouth_follows_the_sound() -> None:
    rng = np.random.default_rng(0)
    sound = np.concatenate([np.zeros(24000), np.sin(np.arange(24000) * 0.05)]).astype(np.float32)
    poses = animate_pose(sound, sample_rate=24000, rng=rng)
    assert len(poses) == 50
    jaws = [pose.actions["jawOpen"] for pose in poses]
    assert max(jaws[:24]) < 0.05
    assert min(jaws[26:]) > 0.3


def test_noise_hisses_and_a_hum_does_not() -> None:
    noise = np.random.default_rng(0).standard_normal(24000).astype(np.float32)
    hum = np.sin(2 * np.pi * 120 * np.arange(24000) / 24000).astype(np.float32)
    assert measure_speech(noise, sample_rate=24000)[1].min() > 0.9
    assert measure_speech(hum, sample_rate=24000)[1].max() < 0.1
