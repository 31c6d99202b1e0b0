"""The videos of server.py once more, in pieces: HLS and DASH as ffmpeg writes them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import pytest

from tests.remote.server import World, make

KEY = bytes(range(16))
VOD = ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod"]
FMP4 = ["-hls_segment_type", "fmp4"]
APART = ["-var_stream_map", "v:0,agroup:a a:0,agroup:a", "-master_pl_name", "master.m3u8"]
DASH = ["-f", "dash", "-seg_duration", "2"]


@dataclass(frozen=True)
class Stream:
    """A manifest's path on the server; the whole media as one file, picture and sound apart.

    `audio_start_s` is the sound's first timestamp where its file does not say it.
    """

    manifest: str
    files: dict[str, bytes]
    video: Path
    audio: Path
    audio_start_s: float | None = None


def read_names(folder: Path, *patterns: str) -> list[Path]:
    """Files in the order of the numbers in their names, inits first."""
    found = [path for pattern in patterns for path in folder.glob(pattern)]

    def place(path: Path) -> tuple[bool, list[int]]:
        return "init" not in path.name, [int(digits) for digits in re.findall(r"\d+", path.stem)]

    return sorted(found, key=place)


def join(paths: list[Path], into: Path) -> Path:
    into.write_bytes(b"".join(path.read_bytes() for path in paths))
    return into


def describe(folder: Path, manifest: str, video: str, audio: str | None = None) -> Stream:
    """`video` and `audio` are patterns of the pieces' names."""
    files = {
        f"/{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    whole = folder.parent / f"{folder.name}-whole"
    picture = join(read_names(folder, *video.split()), whole.with_suffix(".v"))
    sound = picture
    if audio is not None:
        sound = join(read_names(folder, *audio.split()), whole.with_suffix(".a"))
    return Stream(f"/{folder.name}/{manifest}", files, picture, sound)


def tag(start_s: float) -> bytes:
    """The ID3 tag before each piece of packed audio (RFC 8216, 3.4; ID3 2.4, 3.1 and 4.27)."""
    ticks = round(start_s * 90_000).to_bytes(8, "big")
    content = b"com.apple.streaming.transportStreamTimestamp\0" + ticks
    frame = b"PRIV" + len(content).to_bytes(4, "big") + b"\0\0" + content
    return b"ID3\4\0\0" + len(frame).to_bytes(4, "big") + frame


PACKED = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="sound.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=128x96,CODECS="avc1.640015,mp4a.40.2",AUDIO="a"
index.m3u8
"""


def pack_sound(folder: Path, source: Path, *, start_s: float) -> None:
    """Pieces of 2 s of plain AAC frames, a playlist of them, and the one over all."""
    pieces = ["-f", "segment", "-segment_time", "2", "-segment_format", "adts"]
    lists = ["-segment_list", str(folder / "sound.m3u8")]
    make(folder / "sound%d.aac", "-i", str(source), "-vn", "-c", "copy", *pieces, *lists)
    for path in read_names(folder, "sound*.aac"):
        with av.open(str(path)) as container:
            num_frames = sum(1 for packet in container.demux() if packet.size)
        path.write_bytes(tag(start_s) + path.read_bytes())
        start_s += num_frames * 1024 / 44_100
    (folder / "master.m3u8").write_text(PACKED)


@pytest.fixture(scope="session")
def streams(media: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stream]:
    """One key frame in two seconds or so, and hence pieces of that length."""
    root = tmp_path_factory.mktemp("streams")
    copy = ["-i", str(media["both"]), "-c", "copy"]

    def make_one(name: str, manifest: str, *options: str) -> Path:
        (root / name).mkdir()
        make(root / name / manifest, *options)
        return root / name

    def segments(name: str, suffix: str) -> list[str]:
        return ["-hls_segment_filename", str(root / name / f"piece%d.{suffix}")]

    make_one("ts", "index.m3u8", *copy, *VOD, *segments("ts", "ts"))
    repeated = ["-stream_loop", "3", *copy]
    make_one("long", "index.m3u8", *repeated, *VOD, *segments("long", "ts"))
    make_one("ranges", "index.m3u8", *copy, *VOD, "-hls_flags", "single_file")
    make_one("boxes", "index.m3u8", *copy, *VOD, *FMP4, "-hls_flags", "single_file")
    loose = ["-hls_flags", "split_by_time", "-hls_time", "1"]
    make_one("loose", "index.m3u8", *copy, *VOD, *loose, *segments("loose", "ts"))
    packed = make_one("packed", "index.m3u8", *copy, "-an", *VOD, *segments("packed", "ts"))
    pack_sound(packed, media["both"], start_s=1.5)
    make_one("fmp4", "index.m3u8", *copy, *VOD, *FMP4, *segments("fmp4", "m4s"))
    apart = ["-map", "0:v", "-map", "0:a", *copy[2:], *VOD, *FMP4, *APART]
    (root / "apart").mkdir()
    make(
        root / "apart" / "s%v.m3u8",
        *copy[:2],
        *apart,
        *segments("apart", "m4s")[:1],
        str(root / "apart" / "s%v-%d.m4s"),
    )
    (root / "key.bin").write_bytes(KEY)
    (root / "key.txt").write_text(f"key.bin\n{root / 'key.bin'}\n")
    secret = make_one(
        "aes",
        "index.m3u8",
        *copy,
        *VOD,
        "-hls_key_info_file",
        str(root / "key.txt"),
        *segments("aes", "ts"),
    )
    (secret / "key.bin").write_bytes(KEY)
    make_one("dash", "index.mpd", *copy, *DASH)
    web = ["-i", str(media["web"]), "-c", "copy", *DASH, "-dash_segment_type", "webm"]
    make_one("webm", "index.mpd", *web)
    return {
        "ts": describe(root / "ts", "index.m3u8", "piece*.ts"),
        "ranges": describe(root / "ranges", "index.m3u8", "index.ts"),
        "long": describe(root / "long", "index.m3u8", "piece*.ts"),
        "boxes": describe(root / "boxes", "index.m3u8", "index.m4s"),
        "loose": describe(root / "loose", "index.m3u8", "piece*.ts"),
        "packed": replace(
            describe(packed, "master.m3u8", "piece*.ts", "sound*.aac"), audio_start_s=1.5
        ),
        "fmp4": describe(root / "fmp4", "index.m3u8", "init.mp4 piece*.m4s"),
        "apart": describe(
            root / "apart", "master.m3u8", "init_0.mp4 s0-*.m4s", "init_1.mp4 s1-*.m4s"
        ),
        "aes": describe(root / "aes", "index.m3u8", "piece*.ts"),
        "dash": describe(
            root / "dash",
            "index.mpd",
            "init-stream0.* chunk-stream0*",
            "init-stream1.* chunk-stream1*",
        ),
        "webm": describe(
            root / "webm",
            "index.mpd",
            "init-stream0.* chunk-stream0*",
            "init-stream1.* chunk-stream1*",
        ),
    }


@pytest.fixture
def serve(world: World, streams: dict[str, Stream]) -> Callable[[str], Stream]:
    """Puts a stream on the server, on a page of its name."""

    def add(name: str) -> Stream:
        stream = streams[name]
        world.files |= stream.files
        world.sources[name] = (stream.manifest,)
        return stream

    return add


def edit(world: World, path: str, old: str, new: str) -> None:
    """Changes a manifest on the server."""
    text = world.files[path].decode()
    assert old in text
    world.files[path] = text.replace(old, new).encode()
