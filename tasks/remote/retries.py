"""Trying again what may pass: exponential back-off with full jitter, Retry-After honoured."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tasks.outcomes import Reason
from tasks.records import Seconds
from tasks.remote.failures import NOT_TRIED, FetchFailed

LOG = logging.getLogger(__name__)
# Trying again at once helps against none of these.
NOT_NOW = NOT_TRIED | {Reason.bot_check}

T = TypeVar("T")


@dataclass(frozen=True)
class Retries:
    """How often and how patiently; `rng` and `sleep` are given by tests."""

    attempts: int
    backoff_s: Seconds
    backoff_max_s: Seconds
    rng: random.Random = field(default_factory=random.Random)
    sleep: Callable[[Seconds], None] = time.sleep


def call_with_retries(
    action: Callable[[], T], *, retries: Retries, is_over: Callable[[], bool] = lambda: False
) -> tuple[T, int]:
    """The action's result and the attempts it took; raises FetchFailed with `attempts` set.

    `is_over` is asked after each failure: True ends the attempts.
    """
    attempt = 1
    while True:
        try:
            return action(), attempt
        except FetchFailed as failure:
            failure.attempts = attempt - (failure.reason in NOT_TRIED)
            delay_s = compute_delay(failure, attempt=attempt, retries=retries)
            if delay_s is None or is_over():
                raise
            LOG.info("attempt %d failed, next in %.1f s: %s", attempt, delay_s, failure)
        retries.sleep(delay_s)
        attempt += 1


def compute_delay(failure: FetchFailed, *, attempt: int, retries: Retries) -> Seconds | None:
    """Seconds to wait after the `attempt`-th failure; None where no further attempt is made.

    Full jitter: uniform in [0, backoff·2^(attempt−1)], capped. A server that asks for a longer wait
    than the cap is left alone for now rather than asked too early.
    """
    if not failure.reason.may_pass or failure.reason in NOT_NOW or attempt >= retries.attempts:
        return None
    asked_s = failure.retry_after_s or 0.0
    if asked_s > retries.backoff_max_s:
        return None
    ceiling_s = min(retries.backoff_max_s, retries.backoff_s * 2.0 ** (attempt - 1))
    return max(asked_s, retries.rng.uniform(0.0, ceiling_s))
