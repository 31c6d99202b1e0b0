from collections.abc import Callable
from pathlib import Path

import ffmpeg
import pytest

from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.probe import probe
from tasks.outcomes import Reason, Rejected

Make = Callable[..., Path]


def add_cover(media: Path, *, stream: int) -> Path:
    """The same streams and a picture, marked as cover art; it is picture stream `stream`."""
    out = media.with_name(f"covered{media.suffix}")
    cover = ffmpeg.input("color=red:s=48x48:d=1:r=1", f="lavfi")
    kinds = {"c": "copy", f"c:v:{stream}": "mjpeg", f"disposition:v:{stream}": "attached_pic"}
    run_ffmpeg(
        ffmpeg.output(ffmpeg.input(str(media)), cover, str(out), **kinds).get_args(), timeout_s=20
    )
    return out


def test_size_rate_and_channels(make_media: Make) -> None:
    info = probe(make_media("clip.mp4", sample_rate=44_100))
    assert info.video
    assert info.audio
    assert (info.video.codec, info.video.width, info.video.height) == ("mpeg4", 64, 32)
    assert (info.audio.codec, info.audio.sample_rate, info.audio.num_channels) == ("aac", 44_100, 2)
    assert info.video.frame_rate == 25
    assert info.duration_s == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize(
    ("rotation_deg", "size"), [(90, (32, 64)), (180, (64, 32)), (-90, (32, 64))]
)
def test_size_is_as_shown_after_rotation(
    make_media: Make, rotation_deg: int, size: tuple[int, int]
) -> None:
    video = probe(make_media(rotation_deg=rotation_deg)).video
    assert video
    assert (video.width, video.height) == size


def test_cover_art_is_no_picture_stream(make_media: Make) -> None:
    video = probe(add_cover(make_media("clip.mp4"), stream=1)).video
    assert video
    assert (video.codec, video.width) == ("mpeg4", 64)


def test_a_song_with_a_cover_has_no_pictures(make_media: Make) -> None:
    info = probe(add_cover(make_media("song.mp4", times_s=None, sound_s=1.0), stream=0))
    assert info.video is None
    assert info.audio


def test_times_count_from_the_start_of_the_media(make_media: Make) -> None:
    times_s = [7.52 + n / 25 for n in range(50)]
    info = probe(make_media("late.mkv", times_s=times_s, sound_start_s=7.0, sound_s=2.0))
    assert info.start_s == pytest.approx(7.0, abs=0.001)
    assert info.video
    assert info.video.start_s == pytest.approx(0.52, abs=0.001)


@pytest.mark.parametrize("content", [b"", b"no media at all", bytes(10_000)])
def test_what_is_no_media_is_unreadable(tmp_path: Path, content: bytes) -> None:
    media = tmp_path / "broken.mp4"
    media.write_bytes(content)
    with pytest.raises(Rejected, match=r"Invalid data|moov atom") as refusal:
        probe(media)
    assert refusal.value.reason is Reason.unreadable_media
    assert str(tmp_path) not in refusal.value.message


def test_an_mp4_without_its_end_is_unreadable(make_media: Make) -> None:
    media = make_media("cut.mp4")
    media.write_bytes(media.read_bytes()[: media.stat().st_size // 2])
    with pytest.raises(Rejected, match="moov atom not found"):
        probe(media)


@pytest.mark.parametrize("name", ["list.ffconcat", "list.m3u8", "list.mp4"])
def test_a_list_of_other_files_is_not_opened(make_media: Make, name: str) -> None:
    media = make_media("clip.mp4")
    playlist = f"#EXTM3U\n#EXTINF:4,\n{media.name}\n#EXT-X-ENDLIST\n"
    if name.endswith("ffconcat"):
        playlist = f"ffconcat version 1.0\nfile {media.name}\n"
    (media.parent / name).write_text(playlist)
    with pytest.raises(Rejected) as refusal:
        probe(media.parent / name)
    assert refusal.value.reason is Reason.unreadable_media


@pytest.mark.parametrize("name", ["-i.mp4", "concat:a|b.mp4", "%03d [x]'\".mp4", "ünïcode 笑.mp4"])
def test_a_name_is_only_a_name(make_media: Make, name: str) -> None:
    plain = make_media("clip.mp4")
    assert probe(plain.rename(plain.with_name(name))).video
