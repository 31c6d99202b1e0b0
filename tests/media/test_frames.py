import pytest

from tasks.media.frames import plan_from_middle, plan_from_start, rank
from tasks.media.probe import MediaInfo, VideoInfo
from tasks.params import ExtractParams


def describe(duration_s: float | None, rate: float | None = 25.0) -> MediaInfo:
    video = VideoInfo(0, "h264", 64, 32, 0, rate, 0.0, duration_s)
    return MediaInfo("mov", 0.0, duration_s, video, None)


def test_from_the_start_only_the_seconds_of_the_frames_are_decoded() -> None:
    params = ExtractParams(num_frames=5, frame_step_s=0.4)
    plan = plan_from_start(100.0, None, info=describe(600.0), params=params)
    assert plan.from_s == pytest.approx(100, abs=1e-3)
    assert plan.to_s == pytest.approx(102)


def test_from_the_middle_only_the_seconds_of_the_frames_are_decoded() -> None:
    params = ExtractParams(num_frames=5, frame_step_s=0.4)
    plan = plan_from_middle(0.0, None, info=describe(600.0), params=params)
    assert plan.from_s == pytest.approx(300 - 0.8 - 0.02, abs=1e-3)
    assert plan.to_s == pytest.approx(300 + 1.2)


@pytest.mark.parametrize(
    ("num_frames", "offsets"),
    [(1, [0]), (2, [0, -1]), (4, [0, -1, 1, -2]), (5, [0, -1, 1, -2, 2])],
)
def test_the_middle_first_then_outwards(num_frames: int, offsets: list[int]) -> None:
    params = ExtractParams(num_frames=num_frames, frame_step_s=0.4)
    plan = plan_from_middle(2.0, 6.0, info=describe(60.0), params=params)
    first = plan.grid_s + 0.02
    times = [first + step * 0.4 for step in range(plan.num_frames)]
    ranked = sorted(times, key=lambda time_s: rank(time_s, plan))
    assert ranked == pytest.approx([5.0 + 0.4 * offset for offset in offsets], abs=1e-3)


def test_of_a_short_clip_only_what_fits() -> None:
    plan = plan_from_middle(0.0, 1.0, info=describe(1.0), params=ExtractParams())
    assert plan.num_frames == 3
    assert plan.grid_s == pytest.approx(0.1 - 0.02, abs=1e-3)


def test_where_no_length_is_known_the_search_begins_at_the_start() -> None:
    plan = plan_from_middle(1.0, None, info=describe(None), params=ExtractParams())
    assert plan.origin_s == 1.0


@pytest.mark.parametrize("rate", [None, 0.5, 90_000.0])
def test_a_rate_that_cannot_be_is_not_used(rate: float | None) -> None:
    plan = plan_from_start(0.0, None, info=describe(9.0, rate), params=ExtractParams())
    assert plan.grid_s == pytest.approx(-0.02, abs=1e-4)
