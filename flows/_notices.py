"""Tells people what happened: Prefect events, and a webhook or block where one is configured.

Events `speech-portraits.failed`, `.paused`, `.promoted`, `.kept`, `.drift` and `.rolled-back` are
for Prefect's automations. A JSON message also goes to the URL in the environment variable
SPEECH_PORTRAITS_WEBHOOK, and a text to the Prefect block that `retrain.notices` names. Its URL is
a secret, and so is the block's: they stand in no log and no error.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any, Literal
from urllib.request import Request, urlopen

import httpx
from prefect import Flow, runtime
from prefect.blocks.abstract import NotificationError
from prefect.blocks.core import Block
from prefect.client.schemas.objects import FlowRun, State
from prefect.events import emit_event

from tasks.params import read_params

logger = logging.getLogger(__name__)
Event = Literal["failed", "paused", "promoted", "kept", "drift", "rolled-back"]
# Loggers of what blocks send by.
SENDERS = ("apprise", "httpcore", "httpx", "urllib3")
# A block that is not there, is no notifier or is badly set up; a server that refuses.
BLOCK_ERRORS = (
    ValueError,
    LookupError,
    RuntimeError,
    OSError,
    AttributeError,
    httpx.HTTPError,
    httpx.InvalidURL,
    NotificationError,
)
WEBHOOK, TIMEOUT_S = "SPEECH_PORTRAITS_WEBHOOK", 10.0


def notify(event: Event, message: str, *, run: str | None = None) -> None:
    """A notice that cannot be delivered is a warning, never an error."""
    run = run or runtime.flow_run.name or "no run"
    resource = {"prefect.resource.id": f"speech-portraits.{run}"}
    emit_event(f"speech-portraits.{event}", resource=resource, payload={"message": message})
    _call_webhook(event, message, run=run)
    _call_block(event, message, run=run)


def _call_webhook(event: Event, message: str, *, run: str) -> None:
    url = os.environ.get(WEBHOOK)
    if not url:
        return
    content = json.dumps({"event": event, "run": run, "text": f"{event}: {message}"}).encode()
    try:  # not httpx: that logs the URL of every request
        request = Request(url, content, {"Content-Type": "application/json"})
        with urlopen(request, timeout=TIMEOUT_S):
            pass
    except (OSError, ValueError, HTTPException) as error:
        logger.warning("%s: not delivered: %s", WEBHOOK, type(error).__name__)


def _call_block(event: Event, message: str, *, run: str) -> None:
    slug = read_params().retrain.notices
    if slug is None:
        return
    try:
        with hide_urls():
            block: Any = Block.load(slug)
            with block.raise_on_failure():  # else it fails in silence
                block.notify(body=f"{message}\n\nrun {run}", subject=f"speech-portraits: {event}")
    except BLOCK_ERRORS as error:
        logger.warning("block %s: not delivered: %s", slug, type(error).__name__)


@contextmanager
def hide_urls() -> Iterator[None]:
    """Blocks and what they send by log the URLs they call; errors are reported by us."""
    before = {name: logging.getLogger(name).level for name in SENDERS}
    for name in SENDERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def notify_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """For `on_failure` and `on_crashed` of the chains."""
    notify("failed", f"{flow.name}: {state.message or state.name}", run=flow_run.name)
