"""Named versions of a network: judged, made live, restored. What is live lies in data/live."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from prefect.runtime import flow_run

from flows._cache import find_objects
from flows._git import add_tag, commit_paths, list_files, list_tags, read_file, read_head
from flows._versions import (
    DVC_LOCK,
    fetch_out,
    list_upstream,
    push,
    read_command,
    read_hashes,
    read_lock,
    replace_in_lock,
)
from tasks.compare_models import compare_models
from tasks.evaluation.store import GUARDED, HEADLINE, read_lines
from tasks.params import flatten, read_params
from tasks.retraining.comparison import Decision
from tasks.retraining.profile import DataProfile, measure_profile, read_profile, write_profile
from tasks.retraining.releases import (
    Release,
    locate_profile,
    locate_release,
    name_next,
    parse_release,
    read_release,
    write_release,
)

logger = logging.getLogger(__name__)
WEIGHTS, EVALUATIONS, REPORTS = Path("data/weights"), Path("data/evaluations"), Path("reports")
SHARDS = "data/shards"
SOURCES = ("flows", "tasks", "models", "params.yaml", "dvc.yaml", "exclusions.txt")


def locate_live(network: str) -> Path:
    """Holds `weights/<artefact>` and `evaluation` of the version that is live."""
    return Path("data/live") / network


def list_artefacts(network: str) -> list[str]:
    """Names below data/weights that the network's evaluation reads."""
    words = map(Path, read_command(f"evaluate_{network}"))
    return [word.name for word in words if word.parent == WEIGHTS]


def judge(network: str) -> Decision:
    """The network as it was trained last against the one that is live."""
    release = read_release(network)
    challenger = EVALUATIONS / network
    if release is None:
        return compare_models(None, challenger)
    weights = hash_weights(WEIGHTS, network)
    if weights == release.weights:
        return Decision(False, f"these are the weights of {release.tag}, which is live")
    for tag in release.withdrawn:
        if weights == read_tagged(network, tag).weights:
            return Decision(False, f"these are the weights of {tag}, which was rolled back")
    live = prepare_live(release)
    try:
        score_live(network)
    except RuntimeError as error:
        return Decision(False, f"{release.tag} cannot be scored on today's data: {error}")
    return compare_models(live / "evaluation", challenger)


def score_live(network: str) -> None:
    """Evaluates the live version on today's test people, by the stage's own command."""
    live = locate_live(network)
    (live / "evaluation").mkdir(parents=True, exist_ok=True)
    words = [_to_live(word, live) for word in read_command(f"evaluate_{network}")[1:]]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout).strip().rpartition("\n")[2])


def _to_live(word: str, live: Path) -> str:
    if Path(word).parent == WEIGHTS:
        return str(live / "weights" / Path(word).name)
    return str(live / "evaluation") if Path(word).parent == EVALUATIONS else word


def prepare_live(release: Release) -> Path:
    """The live version's weights in place, from its tag where this checkout has them not."""
    live = locate_live(release.network)
    try:
        is_there = hash_weights(live / "weights", release.network) == release.weights
    except ValueError:
        is_there = False
    if not is_there:
        for name in list_artefacts(release.network):
            fetch_out(WEIGHTS / name, tag=release.tag, out=live / "weights" / name)
    return live


def hash_weights(folder: Path, network: str) -> dict[str, str]:
    """SHA-256 in the cards of the network's artefacts, by path below `folder`."""
    found = {}
    for name in list_artefacts(network):
        cards = sorted((folder / name).rglob("card.json"))
        if not cards:
            raise ValueError(f"{folder / name}: no weights; train the network first")
        for card in cards:
            key = card.parent.relative_to(folder).as_posix()
            found[key] = str(json.loads(card.read_text(encoding="utf-8"))["sha256"])
    return found


def promote(network: str, decision: Decision, *, profile: DataProfile | None = None) -> Release:
    """Makes the network as it was trained last the live version: record, commit, tag, remote."""
    params, old = read_params().retrain, read_release(network)
    release = _describe(network, decision, withdrawn=old.withdrawn if old else ())
    # the remote first: a version that others cannot get is none
    if params.remote is not None:
        count = push(list_upstream(f"report_{network}"), params.remote)
        logger.info("%s: %d files pushed to %s", release.tag, count, params.remote)
    _take_live(network)
    write_profile(locate_profile(network), profile or measure_profile(Path("data")))
    write_release(release)
    if params.commit:
        name_version(release)
    logger.info("%s is live: %s", release.tag, decision.reason)
    return release


def name_version(release: Release) -> None:
    """Commits and tags it; nothing where it has its tag. So a killed promotion is completed."""
    if release.tag in list_tags(f"{release.network}@*"):
        return
    record, profile = locate_release(release.network), locate_profile(release.network)
    message = f"{release.tag} is live\n\n{release.reason}"
    commit_paths([record, profile, DVC_LOCK, REPORTS], message)
    add_tag(release.tag, release.reason)


def _describe(network: str, decision: Decision, *, withdrawn: tuple[str, ...]) -> Release:
    hashes = read_hashes(DVC_LOCK.read_text(encoding="utf-8"))
    lines = read_lines(EVALUATIONS / network)
    return Release(
        network=network,
        tag=name_next(network, list_tags(f"{network}@*")),
        commit=read_head(),
        run=flow_run.name,
        run_id=flow_run.id,
        data=hashes[SHARDS],
        weights=hash_weights(WEIGHTS, network),
        metrics={
            line.score.name: line.score.value
            for line in lines
            if line.table in (HEADLINE, GUARDED) and line.score.value is not None
        },
        reason=decision.reason,
        split=flatten(read_params().split),
        withdrawn=withdrawn,
    )


def _take_live(network: str) -> None:
    live = locate_live(network)
    shutil.rmtree(live, ignore_errors=True)
    for name in list_artefacts(network):
        shutil.copytree(WEIGHTS / name, live / "weights" / name)
    shutil.copytree(EVALUATIONS / network, live / "evaluation")


def read_tagged(network: str, tag: str) -> Release:
    """RuntimeError if there is no such version."""
    return parse_release(read_file(tag, locate_release(network)), f"{tag}:{network}.yaml")


def read_live_profile(network: str) -> DataProfile | None:
    path = locate_profile(network)
    return read_profile(path.read_text(encoding="utf-8"), str(path)) if path.exists() else None


def restore(network: str, tag: str) -> Release:
    """Makes the version of a tag live again: weights, evaluation, report and dvc.lock's entries.

    Nothing is changed where one of its files cannot be had any more.
    """
    current, wanted = read_release(network), read_tagged(network, tag)
    lock = read_file(tag, DVC_LOCK)
    outs = [path for path in map(Path, read_hashes(lock)) if _belongs(path, network)]
    fetched = {path: _fetch_aside(path, tag) for path in outs}
    for path, aside in fetched.items():
        shutil.rmtree(path, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.rename(path)
    for name in list_files(tag, REPORTS / network):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(read_file(tag, Path(name)), encoding="utf-8")
    stages = read_lock(lock)
    replace_in_lock({name: stages[name] for name in _list_stages(network) if name in stages})
    _take_live(network)
    withdrawn = {*wanted.withdrawn, *(current.withdrawn if current else ())}
    if current is not None and current.tag != tag:
        withdrawn.add(current.tag)
    release = replace(wanted, withdrawn=tuple(sorted(withdrawn - {tag})))
    record = write_release(release)
    locate_profile(network).write_text(read_file(tag, locate_profile(network)), encoding="utf-8")
    if read_params().retrain.commit:
        paths = [record, locate_profile(network), DVC_LOCK, REPORTS]
        commit_paths(paths, f"Back to {tag}")
    return release


def _list_stages(network: str) -> list[str]:
    """Those that train, evaluate and report the network."""
    known = list_upstream(f"report_{network}")
    return [name for name in known if name.startswith(("train_", "compute_priors"))] + [
        f"evaluate_{network}",
        f"report_{network}",
    ]


def _belongs(path: Path, network: str) -> bool:
    names = list_artefacts(network)
    is_weights = path.parent == WEIGHTS and path.name in names
    is_report = REPORTS / network in path.parents and path.suffix == ""
    return is_weights or is_report or path == EVALUATIONS / network


def _fetch_aside(path: Path, tag: str) -> Path:
    aside = Path("data/live/.restored") / path
    fetch_out(path, tag=tag, out=aside)
    return aside


def list_gone(tag: str) -> Iterator[str]:
    """Files of the data set at a tag, of all stages, that the local cache has no more."""
    objects = find_objects()
    for path, digest in read_hashes(read_file(tag, DVC_LOCK)).items():
        if not path.startswith("data/") or not digest.endswith(".dir"):
            continue
        listing = objects / digest[:2] / digest[2:]
        if not listing.exists():
            yield path
            continue
        for entry in json.loads(listing.read_bytes()):
            if not (objects / entry["md5"][:2] / entry["md5"][2:]).exists():
                yield f"{path}/{entry['relpath']}"
