"""Global limits of the Prefect server that keep the downloads polite."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.concurrency.sync import concurrency, rate_limit
from prefect.exceptions import ObjectNotFound

from tasks.params import DownloadParams

CONNECTIONS, REQUESTS = "video-connections", "video-requests"
SECONDS_PER_MINUTE = 60


def set_limits(params: DownloadParams) -> None:
    """Creates or updates both limits, so that all workers of this server share them."""
    _set_limit(CONNECTIONS, params.concurrency, decay_per_second=0.0)
    per_second = params.requests_per_minute / SECONDS_PER_MINUTE
    _set_limit(REQUESTS, max(1, round(per_second)), decay_per_second=per_second)


def _set_limit(name: str, limit: int, *, decay_per_second: float) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(
                    name=name, limit=limit, slot_decay_per_second=decay_per_second
                )
            )
        else:
            client.update_global_concurrency_limit(
                name,
                GlobalConcurrencyLimitUpdate(limit=limit, slot_decay_per_second=decay_per_second),
            )


@contextmanager
def wait_for_turn() -> Iterator[None]:
    """One request's turn; raises if the limits do not exist instead of going on without."""
    with concurrency(CONNECTIONS, strict=True):
        rate_limit(REQUESTS, strict=True)
        yield
