"""What all fetching of one process shares."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tasks.params import DownloadParams
from tasks.remote.brake import Brake
from tasks.remote.budget import Budget
from tasks.remote.client import Client, open_client, use_proxy
from tasks.remote.retries import Retries

Gate = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Session:
    """`gate` is entered for each request (rate and concurrency); media pass through `folder`."""

    params: DownloadParams
    url_template: str
    open_client: Callable[[], Client]
    retries: Retries
    brake: Brake
    budget: Budget
    folder: Path
    gate: Gate

    @cached_property
    def client(self) -> Client:
        """Made when first needed, as it takes a tenth of a second: local media need none."""
        return self.open_client()


@contextmanager
def open_session(
    params: DownloadParams,
    url_template: str,
    *,
    folder: Path,
    run_folder: Path,
    gate: Gate = nullcontext,
    retries: Retries | None = None,
) -> Iterator[Session]:
    """`run_folder` is shared by the processes of one run and fresh for each run: brake and budget.

    Its client raises ValueError for settings that cannot be used.
    """
    patience = retries or Retries(
        params.attempts, params.backoff_s, params.backoff_max_s, rng=random.Random()
    )
    with use_proxy(), ExitStack() as stack:
        yield Session(
            params=params,
            url_template=url_template,
            open_client=lambda: stack.enter_context(open_client(params)),
            retries=patience,
            brake=Brake(run_folder, params.pause_after_rate_limits),
            budget=Budget(run_folder, params.budget),
            folder=folder,
            gate=gate,
        )
