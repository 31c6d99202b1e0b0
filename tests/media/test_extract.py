from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly

from tasks.media import extract as extract_module
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.images import decode_png
from tasks.outcomes import Reason, Rejected
from tasks.params import ExtractParams
from tasks.records import Extract

Make = Callable[..., Path]
Run = Callable[..., Extract]
ReadNumber = Callable[[NDArray[np.uint8]], int]
FindClicks = Callable[[bytes], list[float]]
CONTAINERS = ["clip.mp4", "clip.mov", "clip.mkv", "clip.avi", "clip.mpg", "clip.ts"]
MS = 1e-3
CLICKS_S = (0.5, 1.5, 2.5, 3.5)


def read_numbers(extract: Extract, read_number: ReadNumber) -> list[int]:
    return [read_number(decode_png(png)) for png in extract.frames]


def to_samples(extract: Extract) -> NDArray[np.float64]:
    assert extract.audio is not None
    return np.frombuffer(extract.audio, "<i2").astype(np.float64)


@pytest.mark.parametrize("name", CONTAINERS)
def test_frames_and_sound_of_any_container_are_those_wanted(
    make_media: Make, run_extract: Run, read_number: ReadNumber, find_clicks: FindClicks, name: str
) -> None:
    # MP2 sound comes out 10 ms early in MPEG files (encoder delay that the container cannot say):
    # the clock starts there, and pictures and sound are both that much later on it.
    late_s = 0.01 if name[-3:] in ("mpg", ".ts") else 0.0
    made = run_extract(make_media(name), start_s=2.2, duration_s=1.0)
    assert read_numbers(made, read_number) == [55, 65, 75]
    assert made.frame_times_s == pytest.approx([late_s, 0.4 + late_s, 0.8 + late_s], abs=MS)
    assert made.audio is not None
    assert len(made.audio) == 2 * 16_000
    assert find_clicks(made.audio) == pytest.approx([0.3 + late_s], abs=MS)


@pytest.mark.parametrize("name", CONTAINERS)
def test_from_the_middle_outwards(
    make_media: Make, run_extract: Run, read_number: ReadNumber, name: str
) -> None:
    made = run_extract(make_media(name), start_s=1.0, duration_s=2.0, near_middle=True)
    assert read_numbers(made, read_number) == [50, 40, 60, 30, 70]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.mpg", "clip.ts"])
@pytest.mark.parametrize(("pictures_s", "sound_s"), [(0.0, 0.32), (0.4, 0.0), (5.0, 5.0)])
def test_streams_that_do_not_start_at_zero(
    make_media: Make,
    run_extract: Run,
    read_number: ReadNumber,
    find_clicks: FindClicks,
    name: str,
    pictures_s: float,
    sound_s: float,
) -> None:
    times_s = [pictures_s + n / 25 for n in range(100)]
    media = make_media(name, times_s=times_s, sound_start_s=sound_s)
    made = run_extract(media, start_s=1.0, duration_s=2.5)
    assert made.audio is not None
    # On the file's own clock frame n stands at pictures_s + n/25 and a click at sound_s + click:
    # whatever the format makes of the clock, both must be equally far from what is reported.
    numbers, clicks = read_numbers(made, read_number), find_clicks(made.audio)
    assert len(numbers) == 5
    zeros = [pictures_s + n / 25 - at for n, at in zip(numbers, made.frame_times_s, strict=True)]
    assert zeros == pytest.approx([zeros[0]] * 5, abs=MS)
    assert zeros[0] == pytest.approx(1.0 + min(pictures_s, sound_s), abs=0.03)
    first = next(click for click in CLICKS_S if sound_s + click > zeros[0])
    assert clicks[0] == pytest.approx(sound_s + first - zeros[0], abs=1.5 * MS)


def test_a_late_sound_begins_with_silence(make_media: Make, run_extract: Run) -> None:
    samples = np.full((1, 48_000), 8_000, np.int16)
    made = run_extract(make_media("late.mov", samples=samples, sound_start_s=0.75))
    sound = to_samples(made)
    assert np.abs(sound[: 12_000 - 100]).max() == 0
    np.testing.assert_allclose(sound[12_000 + 100 : 27_000], 8_000, atol=4)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100, 48_000])
def test_any_sample_rate_becomes_16_khz_in_place(
    make_media: Make, run_extract: Run, find_clicks: FindClicks, sample_rate: int
) -> None:
    media = make_media("clip.mov", times_s=None, sample_rate=sample_rate)
    made = run_extract(media, needs_video=False)
    assert made.audio is not None
    assert len(made.audio) == 2 * 64_000
    assert find_clicks(made.audio) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.1 * MS)
    assert made.frames == []


def test_resampling_agrees_with_scipy(make_media: Make, run_extract: Run) -> None:
    rng = np.random.default_rng(0)
    noise = resample_poly(rng.normal(0, 3_000, 30_000), 48, 12)  # below 6 kHz, at 48 kHz
    samples = noise[None].astype(np.int16)  # [1, N]
    made = run_extract(make_media("n.mov", times_s=None, samples=samples), needs_video=False)
    expected = resample_poly(samples[0].astype(np.float64), 1, 3)
    error = to_samples(made)[200:-200] - expected[200:-200]
    assert np.sqrt(np.mean(error**2)) < 0.005 * expected.std()


def test_what_lies_above_8_khz_does_not_fold_back(make_media: Make, run_extract: Run) -> None:
    tone = 16_000 * np.sin(2 * np.pi * 8_500 * np.arange(48_000) / 48_000)
    media = make_media("t.mov", times_s=None, samples=tone[None].astype(np.int16))
    sound = to_samples(run_extract(media, needs_video=False))
    assert sound[1_000:-1_000].std() < 16_000 / np.sqrt(2) * 10 ** (-60 / 20)


def test_stereo_becomes_the_mean_of_both_sides(make_media: Make, run_extract: Run) -> None:
    samples = np.stack([np.full(48_000, 9_000), np.full(48_000, -3_000)]).astype(np.int16)
    media = make_media("s.mov", times_s=None, samples=samples)
    sound = to_samples(run_extract(media, needs_video=False))
    np.testing.assert_allclose(sound[1_000:-1_000], 3_000, atol=1)


def test_variable_frame_rate_gives_true_times(
    make_media: Make, run_extract: Run, read_number: ReadNumber
) -> None:
    # Ten a second, then forty, then a gap of 0.9 s.
    times_s = [n / 10 for n in range(8)] + [0.8 + n / 40 for n in range(24)] + [2.3, 2.4, 2.8]
    media = make_media("vfr.mkv", times_s=times_s, unit=Fraction(1, 1000), sound_s=3.0)
    params = ExtractParams(num_frames=7, frame_step_s=0.4)
    made = run_extract(media, params=params)
    numbers = read_numbers(made, read_number)
    assert made.frame_times_s == pytest.approx([times_s[n] for n in numbers], abs=MS)
    assert made.frame_times_s == pytest.approx([0, 0.4, 0.8, 1.2, 2.3, 2.4], abs=0.02)


@pytest.mark.parametrize("rotation_deg", [90, -90, 180])
def test_frames_are_upright(make_media: Make, run_extract: Run, rotation_deg: int) -> None:
    plain = decode_png(run_extract(make_media()).frames[-1])
    turned = decode_png(run_extract(make_media("r.mp4", rotation_deg=rotation_deg)).frames[-1])
    # The display matrix turns counter-clockwise, as numpy.rot90 does.
    expected = np.rot90(plain, rotation_deg // 90).astype(np.int16)
    np.testing.assert_allclose(turned, expected, atol=3)


def test_frames_are_those_that_another_decoder_shows(make_media: Make, run_extract: Run) -> None:
    media = make_media(times_s=[n / 25 for n in range(60)], sound_s=2.0)
    made = run_extract(media, start_s=0.6, duration_s=1.5, near_middle=True)
    with av.open(str(media)) as container:
        shown = {
            round(frame.time or 0, 3): frame.to_ndarray(format="rgb24")
            for frame in container.decode(video=0)
        }
    for png, time_s in zip(made.frames, made.frame_times_s, strict=True):
        other = shown[round(0.6 + time_s, 3)].astype(np.int16)
        assert np.abs(decode_png(png) - other).mean() < 2


@pytest.mark.parametrize(("space", "weights"), [(1, (0.2126, 0.0722)), (5, (0.299, 0.114))])
@pytest.mark.parametrize("full", [False, True])
def test_colours_follow_the_streams_matrix_and_range(
    tmp_path: Path, run_extract: Run, space: int, weights: tuple[float, float], full: bool
) -> None:
    rgb = np.array([200.0, 60.0, 40.0])
    red, blue = weights
    luma = red * rgb[0] + (1 - red - blue) * rgb[1] + blue * rgb[2]
    chroma = (rgb[2] - luma) / (2 - 2 * blue), (rgb[0] - luma) / (2 - 2 * red)
    y, u, v = luma, 128 + chroma[0], 128 + chroma[1]
    if not full:
        y, u, v = 16 + luma * 219 / 255, 128 + chroma[0] * 224 / 255, 128 + chroma[1] * 224 / 255
    planes = np.empty((48, 64), np.uint8)  # 32 rows of Y, then U and V of 16x32 each
    planes[:32], planes[32:40], planes[40:] = round(y), round(u), round(v)
    with av.open(str(tmp_path / "colour.mkv"), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = space, 1 + full
        for n in range(5):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.colorspace, frame.color_range, frame.pts = space, 1 + full, n
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    made = run_extract(tmp_path / "colour.mkv", needs_audio=False)
    np.testing.assert_allclose(decode_png(made.frames[0])[16, 32], rgb, atol=2)


def test_pixels_become_square(tmp_path: Path, run_extract: Run) -> None:
    source = ffmpeg.input("testsrc=s=72x58:d=0.4,setsar=16/11", f="lavfi")
    media = tmp_path / "wide.mkv"
    run_ffmpeg(source.output(str(media), vcodec="ffv1").get_args(), timeout_s=20)
    made = run_extract(media, needs_audio=False)
    assert decode_png(made.frames[0]).shape == (58, 105, 3)


def test_one_process_and_only_the_wanted_seconds(
    make_media: Make, run_extract: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Sequence[str]] = []

    def record(args: Sequence[str], **options: Any) -> Any:
        calls.append(args)
        return run_ffmpeg(args, **options)

    monkeypatch.setattr(extract_module, "run_ffmpeg", record)
    run_extract(make_media("clip.mp4"), start_s=2.0, duration_s=1.0)
    (args,) = calls
    seconds = [float(args[n + 1]) for n, arg in enumerate(args) if arg == "-t"]
    assert len(seconds) == 2
    assert max(seconds) <= 2.01


@pytest.mark.parametrize(
    ("made", "wanted", "reason"),
    [
        ({"times_s": None}, {}, Reason.no_video_stream),
        ({"sound_s": 0.0}, {}, Reason.no_audio_stream),
        ({}, {"start_s": 9.0, "duration_s": 1.0}, Reason.empty_segment),
        ({"sound_s": 1.0}, {"start_s": 2.0, "duration_s": 1.0}, Reason.empty_segment),
        ({"times_s": [0.0, 0.04]}, {"start_s": 2.0, "duration_s": 1.0}, Reason.empty_segment),
        ({}, {"params": ExtractParams(timeout_s=1e-4)}, Reason.decode_timeout),
    ],
)
def test_each_reason_by_its_smallest_input(
    make_media: Make, run_extract: Run, made: dict[str, Any], wanted: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(Rejected) as refusal:
        run_extract(make_media(**made), **wanted)
    assert refusal.value.reason is reason


def test_only_what_is_needed_must_be_there(make_media: Make, run_extract: Run) -> None:
    silent = run_extract(make_media("silent.mp4", sound_s=0.0), needs_audio=False)
    assert (silent.audio, len(silent.frames)) == (None, 5)
    voice = run_extract(make_media("voice.mkv", times_s=None), needs_video=False)
    assert (len(voice.audio or b""), voice.frames, voice.frame_times_s) == (128_000, [], [])


def test_pictures_that_end_before_the_middle_are_found(
    make_media: Make, run_extract: Run, read_number: ReadNumber
) -> None:
    media = make_media(times_s=[n / 25 for n in range(20)])
    made = run_extract(media, near_middle=True)
    assert read_numbers(made, read_number) == [10, 0]


def test_half_a_download_gives_what_came(
    make_media: Make, run_extract: Run, find_clicks: FindClicks
) -> None:
    media = make_media("cut.mkv")
    media.write_bytes(media.read_bytes()[: int(media.stat().st_size * 0.6)])
    made = run_extract(media)
    assert made.audio is not None
    assert find_clicks(made.audio)[:2] == pytest.approx([0.5, 1.5], abs=MS)


def test_garbage_inside_a_file_is_an_outcome(make_media: Make, run_extract: Run) -> None:
    media = make_media("noise.mp4")
    data = bytearray(media.read_bytes())
    data[3_000:-6_000] = np.random.default_rng(0).bytes(len(data) - 9_000)
    media.write_bytes(data)
    outcome = find_reason(run_extract, media)
    assert outcome in (None, Reason.unreadable_media, Reason.empty_segment)


def find_reason(run_extract: Run, media: Path) -> Reason | None:
    try:
        run_extract(media)
    except Rejected as refusal:
        return refusal.reason
    return None


def test_the_same_file_gives_the_same_bytes(make_media: Make, run_extract: Run) -> None:
    media = make_media()
    first, second = run_extract(media), run_extract(media)
    assert first == replace(second)
