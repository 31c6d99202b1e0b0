"""Asking whether a server is up, as is done four times a second while one starts."""

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from flows._server import answers


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Api) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_server_is_up_where_its_health_is_good(port: int) -> None:
    assert answers(f"http://127.0.0.1:{port}/api")
    assert not answers(f"http://127.0.0.1:{port}/other")


def test_nothing_answers_where_nobody_listens() -> None:
    assert not answers("http://127.0.0.1:9/api")


def test_no_certificates_are_loaded_to_ask_without_encryption(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("40 ms each time")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", refuse)
    assert answers(f"http://127.0.0.1:{port}/api")
