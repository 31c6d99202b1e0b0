"""What is missing or broken on this machine: `python -m flows.doctor`."""

import sys
from collections.abc import Iterator

from prefect.settings import PREFECT_API_URL
from rich.console import Console
from rich.table import Table

from flows._server import answers, find_server
from flows._versions import list_remotes, try_remote
from tasks.data.store import try_store
from tasks.doctor import Finding, examine
from tasks.params import read_params

SIGNS = {True: "ok", False: "MISSING", None: "-"}


def main() -> int:
    """0 if nothing that is needed is missing."""
    table = Table("", "what", "found", box=None)
    try:
        params = read_params()
        findings = [*examine(params), check_server(), *check_remotes()]
        findings.append(check_store(params.run.store))
    except ValueError as error:
        sys.exit(str(error))
    for finding in findings:
        table.add_row(SIGNS[finding.is_good], finding.name, finding.message)
    Console().print(table)
    return int(any(finding.is_good is False for finding in findings))


def check_server() -> Finding:
    """Only schedules and the UI need one that is always up."""
    url = PREFECT_API_URL.value() or find_server()
    if url is None:
        return Finding("Prefect server", None, "none runs; stages start their own")
    is_up = answers(url)
    return Finding("Prefect server", is_up, url if is_up else f"{url} does not answer")


def check_remotes() -> Iterator[Finding]:
    """Writes, reads and deletes a small object at each DVC remote."""
    remotes = list_remotes()
    if not remotes:
        yield Finding("DVC remote", None, "none: versions stay on this machine")
    for name in remotes:
        error = try_remote(name)
        yield Finding(f"DVC remote {name}", error is None, error or "writable")


def check_store(store: str | None) -> Finding:
    """Writes, reads and deletes a small object in `run.store`."""
    if store is None:
        return Finding("store", None, "none: shards lie in data")
    error = try_store(store)
    return Finding(f"store {store}", error is None, error or "writable")


if __name__ == "__main__":
    sys.exit(main())
