"""A cut decodes to exactly the frames and samples that the whole original decodes to."""

import hashlib
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from tasks.media.ffmpeg import find_ffmpeg
from tasks.outcomes import Reason
from tasks.params import DownloadParams
from tasks.remote.coverage import Clock, Coverage, Span, find_missing, read_clocks
from tasks.remote.cut import CutFailed, cut_segment
from tasks.remote.failures import FetchFailed
from tasks.remote.resolve import MediaUrl, ResolvedVideo

PARAMS = DownloadParams(stall_timeout_s=2, segment_timeout_s=20)
WINDOWS = [(0.0, 1.5), (0.4, 2.0), (2.5, 4.0), (4.31, 5.97)]


def decode_frames(path, start_s, end_s):
    """Hashes of the frames shown in [start_s, end_s) of the file's own clock."""
    with av.open(str(path)) as container:
        zero = (container.start_time or 0) / av.time_base
        shown = [(float(f.pts * f.time_base) - zero, f) for f in container.decode(video=0)]
    # Half a millisecond: matroska's clock ticks in milliseconds.
    return [
        hashlib.sha256(frame.to_ndarray(format="gray").tobytes()).hexdigest()
        for time_s, frame in shown
        if start_s - 0.0005 <= time_s < end_s - 0.0005
    ]


def decode_samples(path, start_s, end_s):
    """float32 [N] of [start_s, end_s): each decoded frame put where its timestamp says."""
    with av.open(str(path)) as container:
        zero = (container.start_time or 0) / av.time_base
        rate = container.streams.audio[0].rate
        samples = np.full(round(end_s * rate) + 96_000, np.nan, dtype=np.float32)
        for frame in container.decode(audio=0):
            values = frame.to_ndarray()[0]
            first = round((float(frame.pts * frame.time_base) - zero) * rate)
            last = min(first + len(values), len(samples))
            begin = max(first, 0)
            samples[begin:last] = values[begin - first : max(last - first, 0)]
    return samples[round(start_s * rate) : round(end_s * rate)]


def assert_same(original, segment, start_s, end_s, sound=None):
    offset_s, length_s = segment.offset_s, end_s - start_s
    wanted = decode_frames(original, start_s, end_s)
    assert len(wanted) >= 25
    assert decode_frames(segment.path, offset_s, offset_s + length_s) == wanted
    expected = decode_samples(sound or original, start_s, end_s)
    found = decode_samples(segment.path, offset_s, offset_s + length_s)
    if start_s == 0 and Path(original).suffix == ".webm":
        # The delay of 6.5 ms before the sound is 7 ms on matroska's clock: half of one is cut off.
        found, expected = found[960:], expected[960:]
    np.testing.assert_allclose(found, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize(("start_s", "end_s"), WINDOWS)
@pytest.mark.parametrize("name", ["both", "web", "late"])
def test_cut_is_exact(media, tmp_path, name, start_s, end_s):
    segment = cut_segment(media[name], start_s=start_s, end_s=end_s, folder=tmp_path, params=PARAMS)
    assert 0 <= segment.offset_s < start_s + 1
    with av.open(str(segment.path)) as container:
        assert container.start_time < av.time_base
    assert_same(media[name], segment, start_s, end_s)


@pytest.mark.parametrize(("start_s", "end_s"), WINDOWS)
def test_separate_urls_are_exact(media, world, tmp_path, start_s, end_s):
    files = [("video", "mp4"), ("audio", "m4a")]
    urls = [f"{world.url}/media/{name}.{suffix}" for name, suffix in files]
    source = ResolvedVideo(
        tuple(MediaUrl(url, {"X-Test": "1"}, None, url[-3:], None, None) for url in urls), 8.0, 96
    )
    segment = cut_segment(source, start_s=start_s, end_s=end_s, folder=tmp_path, params=PARAMS)
    assert_same(media["both"], segment, start_s, end_s)
    assert world.headers["/media/video.mp4"]["X-Test"] == "1"


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_one_of_two_urls(media, world, tmp_path, kind):
    urls = [f"{world.url}/media/{name}" for name in ("video.mp4", "audio.m4a")]
    media_urls = tuple(MediaUrl(url, {}, None, url[-3:], None, None) for url in urls)
    segment = cut_segment(
        ResolvedVideo(media_urls, 8.0, 96),
        start_s=2.0,
        end_s=4.0,
        folder=tmp_path,
        params=PARAMS,
        wants_video=kind == "video",
        wants_audio=kind == "audio",
    )
    with av.open(str(segment.path)) as container:
        assert [stream.type for stream in container.streams] == [kind]


def test_long_before_the_cut_is_left_out(media, tmp_path):
    long = tmp_path / "long.mp4"
    repeat = ["-stream_loop", "3", "-i", str(media["both"]), "-c", "copy", str(long)]
    subprocess.run([find_ffmpeg(), "-v", "error", *repeat], check=True)
    segment = cut_segment(long, start_s=26.0, end_s=27.5, folder=tmp_path, params=PARAMS)
    assert segment.offset_s < 6
    assert segment.path.stat().st_size < long.stat().st_size / 4
    assert_same(long, segment, 26.0, 27.5)


def test_what_mp4_cannot_hold_becomes_matroska(media, tmp_path):
    vp8 = tmp_path / "vp8.webm"
    options = ["-c:v", "libvpx", "-deadline", "realtime", "-g", "40", "-c:a", "libvorbis"]
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", str(media["web"]), *options, str(vp8)], check=True
    )
    segment = cut_segment(vp8, start_s=2.5, end_s=4.0, folder=tmp_path, params=PARAMS)
    assert segment.media_format == "mkv"
    wanted = decode_frames(vp8, 2.5, 4.0)
    assert decode_frames(segment.path, segment.offset_s, segment.offset_s + 1.5) == wanted


def test_rotation_is_kept(media, tmp_path):
    turned = tmp_path / "turned.mp4"
    rotate = ["-display_rotation", "90", "-i", str(media["both"]), "-c", "copy", str(turned)]
    done = subprocess.run([find_ffmpeg(), "-v", "error", *rotate], check=False)
    if done.returncode:  # ffmpeg before 6.0
        rotate = ["-i", str(media["both"]), "-c", "copy", "-metadata:s:v:0", "rotate=90"]
        subprocess.run([find_ffmpeg(), "-v", "error", *rotate, str(turned)], check=True)
    segment = cut_segment(turned, start_s=5.0, end_s=6.0, folder=tmp_path, params=PARAMS)
    with av.open(str(turned)) as before, av.open(str(segment.path)) as after:
        rotations = [next(container.decode(video=0)).rotation for container in (before, after)]
    assert rotations[0] == rotations[1] != 0


@pytest.mark.parametrize(("wants_video", "wants_audio"), [(True, False), (False, True)])
def test_only_what_is_wanted(media, tmp_path, wants_video, wants_audio):
    segment = cut_segment(
        media["both"],
        start_s=2.0,
        end_s=4.0,
        folder=tmp_path,
        params=PARAMS,
        wants_video=wants_video,
        wants_audio=wants_audio,
    )
    with av.open(str(segment.path)) as container:
        assert (len(container.streams.video), len(container.streams.audio)) == (
            int(wants_video),
            int(wants_audio),
        )


def test_the_whole_of_a_video(media, tmp_path):
    segment = cut_segment(media["both"], start_s=None, end_s=None, folder=tmp_path, params=PARAMS)
    assert segment.offset_s == 0
    assert_same(media["both"], segment, 0.0, 8.0)


@pytest.mark.parametrize(("start_s", "end_s"), [(9.0, 10.0), (7.0, 9.5)])
def test_outside_the_video(media, tmp_path, start_s, end_s):
    with pytest.raises(FetchFailed) as caught:
        cut_segment(media["both"], start_s=start_s, end_s=end_s, folder=tmp_path, params=PARAMS)
    assert caught.value.reason is Reason.outside_video


def test_a_list_may_end_a_little_late(media, tmp_path):
    segment = cut_segment(media["both"], start_s=6.5, end_s=8.4, folder=tmp_path, params=PARAMS)
    assert_same(media["both"], segment, 6.5, 7.9)


@pytest.mark.parametrize("content", [b"", b"not media at all" * 100])
def test_no_media(tmp_path, content):
    path = tmp_path / "-y"
    path.write_bytes(content)
    with pytest.raises(CutFailed) as caught:
        cut_segment(path, start_s=0.0, end_s=1.0, folder=tmp_path, params=PARAMS)
    assert str(tmp_path) not in caught.value.message


def test_a_list_of_other_files_is_refused(media, tmp_path):
    path = tmp_path / "list.mp4"
    path.write_text(f"ffconcat version 1.0\nfile '{media['both']}'\n", encoding="utf-8")
    with pytest.raises(CutFailed):
        cut_segment(path, start_s=0.0, end_s=1.0, folder=tmp_path, params=PARAMS)


def test_a_truncated_file_is_no_success(media, tmp_path):
    path: Path = tmp_path / "half.mp4"
    data = media["late"].read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises((CutFailed, FetchFailed)):
        cut_segment(path, start_s=6.0, end_s=7.5, folder=tmp_path, params=PARAMS)


LOG = """[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'x':
[info]   Metadata:
[info]     title           : Duration: 09:09:09.09
[info]   Duration: 00:01:02.50, start: 1.400000, bitrate: 235 kb/s
[info]   Duration: N/A, start: -0.007000, bitrate: N/A
"""


def test_clocks_are_read_from_the_log():
    assert read_clocks(LOG) == [Clock(1.4, 62.5), Clock(0.0, None)]


@pytest.mark.parametrize(
    ("video_end_s", "audio_end_s", "durations", "is_whole"),
    [
        (10.0, 10.0, [20.0], True),
        (8.0, 10.0, [20.0], True),  # one naturally short stream
        (8.0, 8.0, [20.0], False),
        (8.0, 8.0, [8.1], True),  # the video itself ends there
        (8.0, 10.0, [20.0, 20.0], False),  # two files: each to its own end
        (8.0, 10.0, [8.0, 20.0], True),
        (4.0, 10.0, [20.0], False),  # nothing of a stream in the wanted seconds
        (10.0, 10.0, [None], True),
        (9.0, 9.0, [None], False),
    ],
)
def test_what_is_missing(video_end_s, audio_end_s, durations, is_whole):
    coverage = Coverage(0.0, Span(0.0, video_end_s), Span(0.0, audio_end_s))
    clocks = [Clock(0.0, length_s) for length_s in durations]
    missing = find_missing(coverage, start_s=5.0, end_s=10.0, clocks=clocks)
    assert (missing is None) is is_whole


def test_a_sound_file_without_timestamps(media, tmp_path):
    wav = tmp_path / "-tone.wav"
    command = [find_ffmpeg(), "-v", "error", "-i", str(media["both"]), "-vn", "-ac", "1"]
    subprocess.run([*command, f"file:{wav}"], check=True)
    segment = cut_segment(wav, start_s=4.0, end_s=5.5, folder=tmp_path, params=PARAMS)
    offset_s = segment.offset_s
    found = decode_samples(segment.path, offset_s, offset_s + 1.5)
    np.testing.assert_array_equal(found, decode_samples(wav, 4.0, 5.5))
