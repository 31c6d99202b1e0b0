"""A server on 127.0.0.1 that misbehaves as told, tiny media, and sessions that never sleep."""

import random
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tasks.media.ffmpeg import find_ffmpeg
from tasks.params import DownloadParams
from tasks.remote.retries import Retries
from tasks.remote.session import Session, open_session

TYPES = {
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".webm": "video/webm",
    ".ts": "video/mp2t",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
}
PAGE = "<!doctype html><html><head><title>t</title></head><body>{}</body></html>"


@dataclass(frozen=True)
class Fault:
    """What a request gets instead of its answer; `times` None: always."""

    kind: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    times: int | None = None


@dataclass
class World:
    """The server's files, its faults by path, and the paths it was asked for.

    The page of a video names `sources` of its own, else a file of its name.
    """

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def template(self) -> str:
        return f"{self.url}/watch?v={{video_id}}"


def guess(path: str) -> str:
    return TYPES.get(Path(path).suffix, "application/octet-stream")


def build_handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            if path == "/watch":
                path = f"/watch/{parse_qs(urlsplit(self.path).query)['v'][0]}"
            world.asked[path] += 1
            world.headers[path] = dict(self.headers.items())
            fault = world.faults.get(path)
            if fault and (fault.times is None or world.asked[path] <= fault.times):
                return self.misbehave(path, fault)
            return self.answer(path)

        do_HEAD = do_GET

        def misbehave(self, path: str, fault: Fault) -> None:
            self.close_connection = True
            if fault.kind == "status":
                self.send(fault.status, b"no", [("Content-Type", "text/plain"), *fault.headers])
            elif fault.kind == "html":
                body = PAGE.format("please log in").encode()
                self.send(200, body, [("Content-Type", "text/html")])
            elif fault.kind == "loop":
                self.send(302, b"", [("Location", self.path)])
            elif fault.kind == "stall":
                world.closing.wait(10)
            elif fault.kind in ("cut", "stall_body"):
                self.answer(path, stop=fault.kind)

        def answer(self, path: str, stop: str = "") -> None:
            if path.startswith("/watch/"):
                video_id = path.removeprefix("/watch/")
                names = world.sources.get(video_id, (f"/media/{video_id}.mp4",))
                inner = "".join(f'<source src="{name}" type="{guess(name)}">' for name in names)
                body = PAGE.format(f"<video>{inner}</video>").encode()
                return self.send(200, body, [("Content-Type", "text/html")], stop=stop)
            if path not in world.files:
                return self.send(404, b"", [])
            body = world.files[path]
            kind = guess(path)
            headers = [("Content-Type", kind), ("Accept-Ranges", "bytes")]
            asked = self.headers.get("Range")
            if not asked:
                return self.send(200, body, headers, stop=stop)
            first, _, last = asked.removeprefix("bytes=").partition("-")
            end = min(int(last) + 1 if last else len(body), len(body))
            span = f"bytes {int(first)}-{end - 1}/{len(body)}"
            return self.send(206, body[int(first) : end], [*headers, ("Content-Range", span)], stop)

        def send(
            self, status: int, body: bytes, headers: list[tuple[str, str]], stop: str = ""
        ) -> None:
            self.send_response(status)
            state = "close" if self.close_connection else "keep-alive"
            for name, value in [
                *headers,
                ("Connection", state),
                ("Content-Length", str(len(body))),
            ]:
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            self.wfile.write(body[: len(body) * 2 // 5] if stop else body)
            self.wfile.flush()
            if stop == "stall_body":
                world.closing.wait(10)

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away in the middle is what these tests are about."""


@pytest.fixture
def world(media: dict[str, Path]) -> Iterator[World]:
    world = World(files={f"/media/{path.name}": path.read_bytes() for path in media.values()})
    server = Server(("127.0.0.1", 0), build_handler(world))
    world.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield world
    world.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def make(path: Path, *args: str) -> Path:
    command = [find_ffmpeg(), "-v", "error", "-y", *args, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def picture(length_s: float, rate: str = "25", size: str = "128x96") -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={length_s}"]


def sound(length_s: float, rate: int = 44_100) -> list[str]:
    """A rising tone: no two stretches of it are equal."""
    tone = f"aevalsrc='0.4*sin(2*PI*(200+120*t)*t)':s={rate}:d={length_s}"
    return ["-f", "lavfi", "-i", tone]


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny videos: B-frames and long GOPs, VP9 and Opus, a stream that does not start at zero."""
    folder = tmp_path_factory.mktemp("media")
    h264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "60"]
    vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "60"]
    both = make(folder / "both.mp4", *picture(8, "30000/1001"), *sound(8), *h264, "-c:a", "aac")
    web = make(folder / "web.webm", *picture(6), *sound(6, 48_000), *vp9, "-c:a", "libopus")
    return {
        "both": both,
        "web": web,
        "video": make(folder / "video.mp4", "-i", str(both), "-an", "-c", "copy"),
        "audio": make(folder / "audio.m4a", "-i", str(both), "-vn", "-c", "copy"),
        "late": make(
            folder / "late.ts", "-i", str(both), "-c", "copy", "-muxdelay", "0", "-f", "mpegts"
        ),
        "silent": make(folder / "silent.mp4", *picture(2), *h264),
        "tone": make(folder / "tone.m4a", *sound(2), "-c:a", "aac"),
    }


@pytest.fixture
def params() -> DownloadParams:
    return DownloadParams(
        stall_timeout_s=0.5, segment_timeout_s=20.0, attempts=3, allow_private_addresses=True
    )


@dataclass
class Clock:
    """Stands in for time.sleep."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def retries(self, params: DownloadParams) -> Retries:
        return Retries(
            params.attempts,
            params.backoff_s,
            params.backoff_max_s,
            rng=random.Random(0),
            sleep=self.sleep,
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_fault() -> type[Fault]:
    return Fault


OpenSession = Callable[..., Any]


@pytest.fixture
def start(world: World, params: DownloadParams, clock: Clock, tmp_path: Path) -> OpenSession:
    """Opens a session against the server."""

    @contextmanager
    def open_one(**options: Any) -> Iterator[Session]:
        chosen = options.pop("params", params)
        (tmp_path / "work").mkdir(exist_ok=True)
        with open_session(
            chosen,
            options.pop("template", world.template),
            folder=tmp_path / "work",
            run_folder=tmp_path / "run",
            retries=clock.retries(chosen),
            **options,
        ) as session:
            yield session

    return open_one
