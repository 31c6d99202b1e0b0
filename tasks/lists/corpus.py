"""`corpus` of params.yaml as the clips it lists."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tasks.lists.avspeech import read_avspeech
from tasks.lists.exclusions import is_excluded, read_exclusions
from tasks.lists.folder import read_folder
from tasks.lists.people import read_identities, read_meta
from tasks.lists.rows import OnBadRow
from tasks.lists.sample import read_sample
from tasks.lists.vggface import read_faces
from tasks.lists.voxceleb import read_audio, read_tracks
from tasks.params import CorpusParams
from tasks.records import Clip

SAMPLE_FOLDER = Path("tasks/sample")


def read_corpus(params: CorpusParams, *, on_bad_row: OnBadRow | None = None) -> Iterator[Clip]:
    """What the corpus lists, without the excluded and, where `corpus.identities` is given, only
    those; rows that are not right raise ValueError or go to `on_bad_row`.

    Raises ValueError naming the key of params.yaml at once for a path that is not there.
    """
    _check_paths(params)
    names = read_identities(params.identities) if params.identities else None
    exclusions = read_exclusions(params.exclusions)
    clips = _read_source(params, on_bad_row)
    return (
        clip
        for clip in clips
        if (names is None or clip.identity in names) and not is_excluded(clip, exclusions)
    )


def _read_source(params: CorpusParams, on_bad_row: OnBadRow | None) -> Iterator[Clip]:
    if params.source == "sample":
        return read_sample(params.path or SAMPLE_FOLDER, on_bad_row=on_bad_row)
    if params.source == "avspeech":
        return read_avspeech(params.lists, on_bad_row=on_bad_row)
    if params.source == "folder":
        assert params.path is not None
        return read_folder(
            params.path, table=params.table, columns=params.columns, on_bad_row=on_bad_row
        )
    return _read_voxceleb(params, on_bad_row)


def _read_voxceleb(params: CorpusParams, on_bad_row: OnBadRow | None) -> Iterator[Clip]:
    assert params.meta is not None
    people, source = read_meta(params.meta, on_bad_row=on_bad_row), params.source
    readers = ((params.tracks, read_tracks), (params.audio, read_audio), (params.faces, read_faces))
    return chain.from_iterable(
        reader(folder, people, source=source, on_bad_row=on_bad_row)
        for folder, reader in readers
        if folder is not None
    )


def _check_paths(params: CorpusParams) -> None:
    if params.tracks is not None and params.audio is not None:
        raise ValueError(
            f"corpus.tracks: value {str(params.tracks)!r}: corpus.audio is given too; they are "
            "the same voices, give one"
        )
    files = [("lists", path) for path in params.lists]
    files += [(key, getattr(params, key)) for key in ("meta", "identities", "table")]
    for key, path in files:
        if path is not None and not path.is_file():
            raise ValueError(f"corpus.{key}: value {str(path)!r}: no such file")
    for key in ("tracks", "audio", "faces", "path"):
        folder: Path | None = getattr(params, key)
        if folder is not None and not folder.is_dir():
            raise ValueError(f"corpus.{key}: value {str(folder)!r}: no such folder")
