import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from flows import _notices
from flows._notices import WEBHOOK, notify

SECRET = "a-secret-path"


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of emitted events; no server is asked."""
    found: list[str] = []
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("corpus: {source: sample, watch: a}\n")
    monkeypatch.setattr(_notices, "emit_event", lambda name, **values: found.append(name))
    monkeypatch.delenv(WEBHOOK, raising=False)
    return found


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a webhook gets; it answers 500 to "failed"."""
    messages: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            messages.append(content)
            self.send_response(500 if content["event"] == "failed" else 204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(WEBHOOK, f"http://127.0.0.1:{server.server_port}/{SECRET}")
    yield messages
    server.shutdown()
    server.server_close()


def test_nothing_is_needed(events: list[str], caplog: pytest.LogCaptureFixture) -> None:
    notify("promoted", "v2 is live", run="a run")
    assert events == ["speech-portraits.promoted"]
    assert not caplog.records


def test_a_webhook_gets_json_and_its_url_is_told_to_nobody(
    events: list[str], received: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    notify("drift", "more women", run="a run")
    assert received == [{"event": "drift", "run": "a run", "text": "drift: more women"}]
    notify("failed", "no disk", run="a run")
    assert len(received) == 2
    assert "not delivered: HTTPError" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("url", [f"http://127.0.0.1:9/{SECRET}", f"no url {SECRET}", "http://["])
def test_what_cannot_be_delivered_is_a_warning(
    events: list[str], url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(WEBHOOK, url)
    notify("paused", "a bot check", run="a run")
    assert "not delivered" in caplog.text
    assert SECRET not in caplog.text
    assert events == ["speech-portraits.paused"]
