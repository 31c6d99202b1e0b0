"""YouTube's words, through the pinned extractor's own code (a plugin feeds it player responses)."""

import csv
import json
from pathlib import Path

import pytest

from tasks.outcomes import Reason
from tasks.params import DownloadParams
from tasks.remote.client import PLUGINS_VARIABLE, open_client
from tasks.remote.failures import FetchFailed
from tasks.remote.resolve import build_url, resolve_video

with Path(__file__).with_name("youtube_messages.csv").open(encoding="utf-8") as file:
    STATUSES = list(csv.DictReader(file))


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """Resolves a player response; returns the failure."""
    file = tmp_path / "response.json"
    monkeypatch.setenv("PLAYABILITY_FILE", str(file))
    # Its subfolders are looked through for packages called yt_dlp_plugins.
    monkeypatch.setenv(PLUGINS_VARIABLE, str(Path(__file__).parent))

    def resolve(response):
        file.write_text(json.dumps(response), encoding="utf-8")
        with open_client(DownloadParams()) as client, pytest.raises(FetchFailed) as caught:
            resolve_video("https://youtube.test/abcdefghijk", client=client)
        return caught.value

    return resolve


@pytest.mark.parametrize("row", STATUSES, ids=lambda row: f"{row['reason']} {row['subreason']}")
def test_reasons(ask, row):
    reason, subreason = row["reason"], row["subreason"]
    screen = {"reason": {"simpleText": reason}, "subreason": {"simpleText": subreason or reason}}
    playability = {"status": row["status"], "reason": reason}
    if reason:
        playability["errorScreen"] = {"playerErrorMessageRenderer": screen}
    failure = ask({"playabilityStatus": playability})
    assert failure.reason == row["expected"], failure.message
    assert reason.rstrip(".") in failure.message or subreason in failure.message


def test_captcha(ask):
    screen = {"playerCaptchaViewModel": {"x": 1}}
    failure = ask(
        {"playabilityStatus": {"status": "ERROR", "reason": "Oops", "errorScreen": screen}}
    )
    assert failure.reason is Reason.bot_check


def test_drm(ask):
    failure = ask({"drm": True})
    assert failure.reason is Reason.drm


def test_live_now(ask):
    details = {"isLive": True, "isLiveContent": True, "videoId": "x"}
    failure = ask({"videoDetails": details, "playabilityStatus": {"status": "OK"}})
    assert not failure.reason.may_pass or failure.reason is Reason.unknown


def test_a_missing_tool_condemns_no_video(ask):
    warning = "No supported JavaScript runtime could be found. Only deno is enabled by default"
    failure = ask({"warnings": [warning], "playabilityStatus": {"status": "OK"}})
    assert failure.reason is Reason.unknown
    assert "JavaScript" in failure.message


def test_a_status_that_became_a_warning(ask):
    warning = "Unable to download API page: HTTP Error 429: Too Many Requests"
    reason = "A sentence that nobody has seen yet."
    failure = ask(
        {"warnings": [warning], "playabilityStatus": {"status": "ERROR", "reason": reason}}
    )
    assert failure.reason is Reason.rate_limited


def test_ids_are_checked_by_the_extractor_too():
    with open_client(DownloadParams()) as client, pytest.raises(FetchFailed) as caught:
        resolve_video("https://www.youtube.com/watch?v=abc", client=client)
    assert caught.value.reason is Reason.bad_id


def test_an_id_is_not_read_as_words(world, start, make_fault):
    world.faults["/watch/x: this video is private"] = make_fault("status", 500)
    with start() as session, pytest.raises(FetchFailed) as caught:
        resolve_video(build_url(world.template, "x: this video is private"), client=session.client)
    assert caught.value.reason is Reason.server_error
