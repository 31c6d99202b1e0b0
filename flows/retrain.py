"""The chain retrain: new data, checked; a new model, promoted if it is better."""

import logging
import subprocess
import sys
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows._chain import run_chain
from flows._command import run_command
from flows._git import check_identity, list_changed
from flows._notices import notify, notify_failure
from flows._process import lock_stage
from flows._releases import SOURCES, judge, name_version, promote, read_live_profile
from flows._shards import name_artifact
from flows._versions import checkout_stage, commit_stage, find_stale, list_upstream
from tasks.check_data import check_data
from tasks.data.rows import read_outcomes
from tasks.data.shards import list_shards
from tasks.params import read_params
from tasks.retraining.checks import DataCheck
from tasks.retraining.comparison import Decision
from tasks.retraining.profile import DataProfile
from tasks.retraining.releases import Network, read_release

logger = logging.getLogger("flows.retrain")
MEDIA = Path("data/media")


class DataOutOfBounds(RuntimeError):
    """Data that nothing is trained on until a person has looked at them."""


@flow(name="retrain", on_failure=[notify_failure], on_crashed=[notify_failure])
def retrain(
    network: Network = "speech2face",
    accept_data: bool = False,
    force: bool = False,
) -> str:
    """Looks for new data and, if there are any, trains NETWORK on them and promotes it if better.

    With ACCEPT_DATA data out of bounds are trained on, too; FORCE goes on where nothing is new.
    """
    params = read_params().retrain
    with lock_stage("live"):
        live = read_release(network)
        if params.commit:
            check_checkout()
            if live is not None:
                name_version(live)
        if params.retry_failed:
            retry_downloads()
        stale = find_stale(list_upstream(f"report_{network}"))
        if not (stale or force or live is None):
            return _end(f"{network}: nothing is new")
        run_chain("report_dataset")
        profile = check(network, accept_data=accept_data)
        run_chain(f"report_{network}")
        decision = judge(network)
        publish(network, decision)
        if not decision.promote:
            notify("kept", f"{network}: {decision.reason}")
            return _end(f"{network}: the live version stays: {decision.reason}")
        release = promote(network, decision, profile=profile)
        notify("promoted", f"{release.tag} is live: {decision.reason}")
        return _end(f"{release.tag} is live: {decision.reason}")


def _end(message: str) -> str:
    logger.info("retrain: %s", message)
    return message


def check_checkout() -> None:
    """RuntimeError, before any work, where a version could not be found again from its commit."""
    check_identity()
    if changed := list_changed(SOURCES):
        raise RuntimeError(
            f"not committed: {', '.join(changed[:5])}; a version names the commit it was made by "
            "(or set retrain.commit to false)"
        )


def retry_downloads() -> None:
    """Fetches what failed for now, within the budget; DVC takes it over if a clip has come.

    Otherwise only the counts of attempts have changed, for which nothing need be made again.
    """
    if "download" in find_stale(["download"]):
        return  # it will run anyway, new clips first
    before = count_kept(MEDIA)
    command = ["-m", "flows.download", "data/clips", str(MEDIA), "--retry-failed"]
    done = subprocess.run([sys.executable, *command], check=False)
    if done.returncode:
        raise RuntimeError(f"downloads could not be tried again (code {done.returncode})")
    num_new = count_kept(MEDIA) - before
    logger.info("retrain: %d clips came that had failed before", num_new)
    if num_new:
        commit_stage("download")
    else:
        checkout_stage("download")


def count_kept(folder: Path) -> int:
    return sum(
        outcome.is_kept for path in list_shards(folder).values() for outcome in read_outcomes(path)
    )


def check(network: str, *, accept_data: bool) -> DataProfile:
    """Raises DataOutOfBounds, saying what is out of which bound."""
    live, bounds = read_live_profile(network), read_params().retrain.bounds
    profile, checks = check_data(Path("data"), live, bounds)
    create_table_artifact([_to_row(item) for item in checks], key="check-data")
    if bad := [str(item) for item in checks if not item.is_good]:
        notify("drift", f"{network}: {'; '.join(bad)}")
        if not accept_data:
            raise DataOutOfBounds(
                f"data out of bounds: {'; '.join(bad)} (retrain.bounds in params.yaml; "
                "accept_data trains on them all the same)"
            )
    return profile


def _to_row(item: DataCheck) -> dict[str, object]:
    return {"check": item.name, "value": item.value, "bound": item.bound, "good": item.is_good}


def publish(network: str, decision: Decision) -> None:
    """The decision as an artifact of the run."""
    lines = [f"- {item.role}: {item}" for item in decision.comparisons]
    words = "promote" if decision.promote else "keep the live version"
    text = "\n".join([f"**{network}: {words}.** {decision.reason}", "", *lines])
    create_markdown_artifact(text, key=name_artifact(f"decision_{network}"))


if __name__ == "__main__":
    run_command(retrain)
