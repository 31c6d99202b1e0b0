import json
import logging
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook
from prefect.blocks.webhook import Webhook
from prefect.testing.utilities import prefect_test_harness
from pydantic import SecretStr

from flows import _notices
from flows._notices import WEBHOOK, notify
from flows.download import download
from tasks.data.rows import read_outcomes
from tasks.data.shards import ShardWriter, shard_path
from tasks.outcomes import Reason
from tasks.records import CLIP_SCHEMA, Clip, Kind
from tasks.remote.client import PLUGINS_VARIABLE

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
            self.send_response(500 if content.get("event") == "failed" else 204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(WEBHOOK, f"http://127.0.0.1:{server.server_port}/{SECRET}")
    yield messages
    server.shutdown()
    server.server_close()


@pytest.fixture
def place(received: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> str:
    """Where `received` listens, without scheme; blocks alone call it."""
    place = os.environ[WEBHOOK].partition("://")[2]
    monkeypatch.delenv(WEBHOOK)
    return place


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


def use_block(block: Block, slug: str) -> None:
    """Saves the block as "team" and names it in params.yaml."""
    block.save("team", overwrite=True)
    text = f"corpus: {{source: sample, watch: a}}\nretrain: {{notices: {slug}/team}}\n"
    Path("params.yaml").write_text(text)


TEMPLATE = {"event": "{{subject}}", "text": "{{subject}}: {{body}}"}


@pytest.mark.usefixtures("server")
def test_a_block_for_any_webhook_gets_the_text(
    events: list[str],
    received: list[dict[str, Any]],
    place: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    block = CustomWebhookNotificationBlock(name="n", url=f"http://{place}", json_data=TEMPLATE)
    use_block(block, "custom-webhook")
    caplog.clear()
    notify("promoted", "v2 is live", run="a run")
    subject = "speech-portraits: promoted"
    assert received == [{"event": subject, "text": f"{subject}: v2 is live\n\nrun a run"}]
    assert SECRET not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert logging.getLogger("httpx").getEffectiveLevel() == logging.DEBUG


@pytest.mark.usefixtures("server")
def test_a_slack_block_gets_the_text(
    events: list[str],
    received: list[dict[str, Any]],
    place: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Outside hooks.slack.com the block takes Apprise's URLs: json:// is sent by plain HTTP."""
    caplog.set_level(logging.DEBUG)
    use_block(SlackWebhook(url=SecretStr(f"json://{place}")), "slack-webhook")
    caplog.clear()
    notify("paused", "a bot check", run="a run")
    [message] = received
    assert message["title"] == "speech-portraits: paused"
    assert message["message"] == "a bot check\n\nrun a run"
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("kind", ["webhook", "slack", "no notifier", "no block", "no server"])
def test_a_block_that_does_not_deliver_is_a_warning(
    events: list[str],
    received: list[dict[str, Any]],
    place: str,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    refused, nobody = TEMPLATE | {"event": "failed"}, f"http://127.0.0.1:9/{SECRET}"
    if kind == "slack":
        use_block(SlackWebhook(url=SecretStr(f"json://127.0.0.1:9/{SECRET}")), "slack-webhook")
    elif kind == "no notifier":
        use_block(Webhook(url=SecretStr(f"http://{place}")), "webhook")
    elif kind == "no block":
        Path("params.yaml").write_text(
            "corpus: {source: sample, watch: a}\nretrain: {notices: slack-webhook/nobody}\n"
        )
    else:
        url = nobody if kind == "no server" else f"http://{place}"
        block = CustomWebhookNotificationBlock(name="n", url=url, json_data=refused)
        use_block(block, "custom-webhook")
    caplog.clear()
    notify("failed", "no disk", run="a run")
    assert "not delivered" in caplog.text
    assert SECRET not in caplog.text
    assert events == ["speech-portraits.failed"]


BOT_CHECK = "Sign in to confirm you’re not a bot. This helps protect our community."


@pytest.mark.usefixtures("server")
def test_a_bot_check_pauses_the_downloads_and_is_told(
    events: list[str],
    received: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """YouTube's extractor, with a response that a plugin of the tests hands to it."""
    monkeypatch.setenv(PLUGINS_VARIABLE, str(Path(__file__).parents[1] / "remote"))
    monkeypatch.setenv("PLAYABILITY_FILE", str(tmp_path / "response.json"))
    status = {"status": "LOGIN_REQUIRED", "reason": BOT_CHECK}
    Path("response.json").write_text(json.dumps({"playabilityStatus": status}))
    Path("params.yaml").write_text(
        "corpus: {source: avspeech, watch: a, lists: [a.csv], "
        "url_template: 'https://youtube.test/{video_id}'}\n"
    )
    with ShardWriter(shard_path(Path("clips"), 0), CLIP_SCHEMA, metadata={"key": "c"}) as writer:
        for video_id in ("abcdefghijk", "ABCDEFGHIJK", "01234567890"):
            clip = Clip(video_id, "test", Kind.clip, video_id, start_s=0.0, end_s=3.0)
            writer.write(vars(clip))
    download(Path("clips"), Path("media"))
    reasons = [outcome.reason for outcome in read_outcomes(shard_path(Path("media"), 0))]
    assert reasons == [Reason.bot_check, Reason.paused, Reason.paused]
    assert events == ["speech-portraits.paused"]
    [message] = received
    assert message["event"] == "paused"
    assert message["text"] == ("paused: downloads are paused, 3 clips wait: see README, YouTube")
    assert SECRET not in caplog.text


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
