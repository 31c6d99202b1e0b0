"""doctor: what is missing or broken on this machine."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from tasks.compute_features import describe_encoder
from tasks.face.dlib_models import DETECTOR_FILE, LANDMARKS_FILE, RESNET_FILE, find_model
from tasks.media.ffmpeg import find_ffmpeg
from tasks.params import Params
from tasks.remote.client import check_javascript_runtime, check_setup
from tasks.training.weights import CARD, load_tensors

GIGABYTE = 1e9
SMALL_DISK_GB = 10.0
WEIGHTS = Path("data/weights")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `is_good` None means that nothing needs it here."""

    name: str
    is_good: bool | None
    message: str


def examine(params: Params) -> Iterator[Finding]:
    """Looks at everything that the configured corpus and stages need; asks no network."""
    checks: dict[str, Callable[[Params], tuple[bool | None, str]]] = {
        "ffmpeg": _check_ffmpeg,
        "face models": _check_models,
        "face encoder": _check_encoder,
        "download settings": _check_download,
        "JavaScript runtime": _check_javascript,
        "GPU": _check_gpu,
        "disk": _check_disk,
        "cookies and proxy": _check_secrets,
        "webhook": _check_webhook,
        "weights": _check_weights,
    }
    for name, check in checks.items():
        try:
            is_good, message = check(params)
        except (ValueError, RuntimeError, OSError) as error:
            is_good, message = False, str(error)
        yield Finding(name, is_good, message)


def _check_ffmpeg(params: Params) -> tuple[bool, str]:
    program = find_ffmpeg()
    words = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    return True, f"{words.stdout.splitlines()[0]} ({program})"


def _check_models(params: Params) -> tuple[bool, str]:
    files = [find_model(name).name for name in (DETECTOR_FILE, LANDMARKS_FILE, RESNET_FILE)]
    return True, ", ".join(files)


def _check_encoder(params: Params) -> tuple[bool, str]:
    card = describe_encoder(params.compute_features)
    return True, f"{card['encoder']}, {card['D']}-D, weights {card['encoder_sha256'][:12]}…"


def _check_download(params: Params) -> tuple[bool, str]:
    check_setup(params.download, url_template=params.corpus.url_template)
    rate, width = params.download.requests_per_minute, params.download.concurrency
    return True, f"at most {rate:g} requests a minute, {width} at once"


def _check_javascript(params: Params) -> tuple[bool | None, str]:
    runtime = check_javascript_runtime(params.download)
    needed = "youtube" in params.corpus.url_template and params.corpus.source != "sample"
    if runtime is None:
        return (False if needed else None), "none found; YouTube needs one: yt-dlp[deno] brings it"
    return True, runtime


def _check_gpu(params: Params) -> tuple[bool | None, str]:
    if not torch.cuda.is_available():
        return None, "none: everything runs on the CPU"
    return True, torch.cuda.get_device_name(0)


def _check_disk(params: Params) -> tuple[bool, str]:
    free_gb = shutil.disk_usage(Path()).free / GIGABYTE
    return free_gb > SMALL_DISK_GB, f"{free_gb:.0f} GB free (see `python -m flows.estimate`)"


def _check_secrets(params: Params) -> tuple[bool | None, str]:
    names = ("SPEECH_PORTRAITS_COOKIES", "SPEECH_PORTRAITS_PROXY")
    given = [name for name in names if os.environ.get(name)]
    return (True if given else None), ", ".join(given) or "none given"


def _check_webhook(params: Params) -> tuple[bool | None, str]:
    is_set = bool(os.environ.get("SPEECH_PORTRAITS_WEBHOOK"))
    block = params.retrain.notices
    return (True if is_set or block else None), block or ("set" if is_set else "none given")


def _check_weights(params: Params) -> tuple[bool | None, str]:
    """Each artefact's file against the hash in its card."""
    cards = sorted(WEIGHTS.rglob(CARD))
    for card in cards:
        load_tensors(card.parent)
    names = sorted({card.relative_to(WEIGHTS).parts[0] for card in cards})
    return (True if names else None), ", ".join(names) or "none yet: `dvc repro` or `dvc pull`"
