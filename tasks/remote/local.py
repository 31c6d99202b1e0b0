"""Media and pictures that somebody already has."""

from pathlib import Path

from tasks.outcomes import Reason, Rejected
from tasks.params import DownloadParams
from tasks.remote.cut import CutFailed, Segment, cut_segment
from tasks.remote.scrub import clean_message

NO_SUFFIX = "unknown"


def read_file(path: Path) -> bytes:
    """Raises Rejected(missing_file)."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Rejected(Reason.missing_file, f"{path}: {error.strerror}") from None


def cut_local(
    path: Path,
    *,
    start_s: float | None,
    end_s: float | None,
    folder: Path,
    params: DownloadParams,
    wants_video: bool,
    wants_audio: bool,
) -> Segment:
    """The whole file where the list gives no seconds, else a cut; raises Rejected."""
    if not path.is_file():
        raise Rejected(Reason.missing_file, f"{path}: no such file")
    if start_s is None and end_s is None:
        return Segment(path, path.suffix.lstrip(".").lower() or NO_SUFFIX, 0.0)
    try:
        return cut_segment(
            path,
            start_s=start_s,
            end_s=end_s,
            folder=folder,
            params=params,
            wants_video=wants_video,
            wants_audio=wants_audio,
        )
    except CutFailed as error:
        raise Rejected(Reason.unreadable_media, clean_message(error.message)) from None
