import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import pytest
from PIL import Image

from tasks.data.rows import Row, read_outcomes, read_rows, write_rows
from tasks.data.shards import ShardWriter, shard_path
from tasks.extract_media import extract_clip, extract_media_shard
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.images import decode_png
from tasks.outcomes import Outcome, Reason, Rejected, Status
from tasks.params import ExtractParams
from tasks.records import CLIP_SCHEMA, DOWNLOAD_SCHEMA, Clip, Download, Extract, Kind

PARAMS = ExtractParams(num_frames=2)
CLIP = Clip("v_10000-11500", "folder", Kind.clip, "v", start_s=10.0, end_s=11.5, x=0.5, y=0.5)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds: grey that darkens by 8 levels a frame, ten frames a second, and a tone."""
    path = tmp_path_factory.mktemp("media") / "made.mkv"
    pictures = b"".join(bytes([250 - 8 * n]) * (32 * 32) for n in range(30))
    source = ffmpeg.input("pipe:0", f="rawvideo", pix_fmt="gray", s="32x32", r=10)
    sound = ffmpeg.input("sine=r=44100:d=3", f="lavfi")
    out = ffmpeg.output(source, sound, str(path), vcodec="ffv1", acodec="pcm_s16le")
    run_ffmpeg(out.get_args(), timeout_s=20, stdin=pictures)
    return path.read_bytes()


@pytest.fixture(scope="module")
def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), (200, 30, 40)).save(buffer, "PNG")
    return buffer.getvalue()


def pack(media: bytes | None, picture: bytes | None = None, offset_s: float = 0.0) -> Download:
    return Download(media, "mkv" if media else None, offset_s, picture)


def read_grey(png: bytes) -> float:
    return float(decode_png(png).mean())


def test_the_wanted_seconds_start_at_the_offset(media: bytes) -> None:
    made = extract_clip((CLIP, pack(media, offset_s=1.0)), params=PARAMS)
    assert made.frame_times_s == pytest.approx([0.0, 0.4])
    assert [read_grey(png) for png in made.frames] == pytest.approx([170, 138], abs=2)
    assert len(made.audio or b"") == 2 * 24_000


def test_without_a_point_the_middle_comes_first(media: bytes) -> None:
    item = replace(CLIP, x=None, y=None), pack(media, offset_s=1.0)
    assert extract_clip(item, params=PARAMS).frame_times_s == pytest.approx([0.8, 0.4])


def test_without_seconds_all_is_wanted(media: bytes) -> None:
    item = replace(CLIP, start_s=None, end_s=None), pack(media)
    assert len(extract_clip(item, params=PARAMS).audio or b"") == 2 * 48_000


@pytest.mark.parametrize(
    ("kind", "has_media", "has_picture", "has_sound", "num_frames"),
    [
        (Kind.clip, True, False, True, 2),
        (Kind.voice, True, False, True, 0),
        (Kind.face, True, False, False, 2),
        (Kind.face, False, True, False, 1),
        (Kind.pair, True, True, True, 1),
    ],
)
def test_each_kind_gets_what_it_wants(
    media: bytes,
    picture: bytes,
    kind: Kind,
    has_media: bool,
    has_picture: bool,
    has_sound: bool,
    num_frames: int,
) -> None:
    download = pack(media if has_media else None, picture if has_picture else None)
    made = extract_clip((replace(CLIP, kind=kind), download), params=PARAMS)
    assert (made.audio is not None, len(made.frames)) == (has_sound, num_frames)
    assert len(made.frame_times_s) == num_frames
    if has_picture:
        np.testing.assert_array_equal(decode_png(made.frames[0])[5, 5], (200, 30, 40))


def test_what_the_list_says_is_never_a_path_or_an_option(media: bytes) -> None:
    clip = replace(CLIP, clip_id="-y_0-1", video_id="../../etc/passwd", media="; rm -r x")
    assert extract_clip((clip, pack(media)), params=PARAMS).frames


@pytest.mark.parametrize("download", [pack(b""), pack(b"<html>"), pack(None, b"no picture")])
def test_what_cannot_be_read_is_an_outcome(download: Download) -> None:
    with pytest.raises(Rejected) as refusal:
        extract_clip((CLIP, download), params=PARAMS)
    assert refusal.value.reason is Reason.unreadable_media


def write_inputs(folder: Path, items: list[tuple[Clip, Row[Download]]]) -> dict[str, Path]:
    clips, downloads = folder / "clips", folder / "media"
    with ShardWriter(shard_path(clips, 0), CLIP_SCHEMA, metadata={"key": "c"}) as writer:
        for clip, _ in items:
            writer.write(vars(clip))
    rows = [row for _, row in items]
    write_rows(shard_path(downloads, 0), rows, DOWNLOAD_SCHEMA, index=0, metadata={"key": "m"})
    return {"clips": clips, "media": downloads}


def test_a_shard_keeps_every_clip_and_its_bytes(tmp_path: Path, media: bytes) -> None:
    def keep(name: str, download: Download, **fields: Any) -> tuple[Clip, Row[Download]]:
        outcome = Outcome(name, Status.kept, "download")
        return replace(CLIP, clip_id=name, **fields), Row(outcome, download)

    gone = Outcome("gone_0-1", Status.failed, "download", Reason.removed, "Video unavailable")
    items = [
        keep("good_0-1", pack(media)),
        keep("empty_0-1", pack(b"")),
        (replace(CLIP, clip_id="gone_0-1"), Row(gone, None)),
        keep("late_0-1", pack(media, offset_s=60.0)),
    ]
    inputs = write_inputs(tmp_path, items)
    outs = [tmp_path / "first", tmp_path / "second"]
    for out in outs:
        result = extract_media_shard.fn(0, "k", **inputs, out=out, params=PARAMS)
        counts = {"kept": 1, "unreadable_media": 1, "removed": 1, "empty_segment": 1}
        assert result.counts == counts
    assert shard_path(outs[0], 0).read_bytes() == shard_path(outs[1], 0).read_bytes()
    assert [row.record is not None for row in read_rows(shard_path(outs[0], 0), Extract)] == [
        True,
        False,
        False,
        False,
    ]
    assert list(read_outcomes(shard_path(outs[0], 0)))[2] == gone
