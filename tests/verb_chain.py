"""The stages' verb functions over a small corpus in this process, without Prefect and DVC."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.align_faces import align_faces_shard
from tasks.compute_features import compute_features_shard
from tasks.data.shards import compute_key, list_shards, read_key, shard_path
from tasks.download import download_shard, is_finished
from tasks.extract_media import extract_media_shard
from tasks.find_speech import find_speech_shard
from tasks.list_clips import list_corpus
from tasks.params import (
    CorpusParams,
    DownloadParams,
    ExtractParams,
    FaceParams,
    FeatureParams,
    ShardParams,
    SpeechParams,
    SplitParams,
)
from tasks.write_shards import remove_foreign_files, write_final_shard

FETCHED_BY = "settings"
FOLDERS = ("extracts", "speech", "faces", "features", "shards/outcomes")
INPUTS: Mapping[str, tuple[str, ...]] = {
    "extracts": ("clips", "media"),
    "speech": ("extracts",),
    "faces": ("clips", "extracts"),
    "features": ("faces",),
    "shards/outcomes": ("clips", "extracts", "speech", "faces", "features"),
}
UNITS: Mapping[str, Any] = {
    "extracts": extract_media_shard,
    "speech": find_speech_shard,
    "faces": align_faces_shard,
    "features": compute_features_shard,
    "shards/outcomes": write_final_shard,
}
PARAMS: Mapping[str, Mapping[str, Any]] = {
    "extracts": {"params": ExtractParams()},
    "speech": {"params": SpeechParams()},
    "faces": {"params": FaceParams()},
    "features": {"params": FeatureParams()},
    "shards/outcomes": {"params": ShardParams(), "split": SplitParams(rule="hash")},
}


def run_verbs(
    data: Path, corpus: CorpusParams, *, url_template: str = "", speech: SpeechParams | None = None
) -> list[tuple[str, int]]:
    """Makes every shard whose inputs changed, as `run_stage` chooses them; returns which."""
    list_corpus.fn(data / "clips", corpus)
    made = []
    for index, path in list_shards(data / "clips").items():
        if not is_finished(shard_path(data / "media", index), str(read_key(path))):
            download(data, index, url_template=url_template)
            made.append(("media", index))
    for out in FOLDERS:
        arguments = {"params": speech} if speech and out == "speech" else PARAMS[out]
        for index in list_shards(data / "clips"):
            keys = {name: read_key(shard_path(data / name, index)) for name in INPUTS[out]}
            key = compute_key(inputs=keys, arguments=repr(arguments))
            if read_key(shard_path(data / out, index)) != key:
                folders = {name: data / name for name in INPUTS[out]}
                UNITS[out].fn(index, key, out=data / out, **folders, **arguments)
                made.append((out, index))
    remove_foreign_files(data / "shards")
    return made


def download(data: Path, index: int, *, url_template: str) -> None:
    download_shard.fn(
        index,
        str(read_key(shard_path(data / "clips", index))),
        data / "clips",
        data / "media",
        DownloadParams(),
        fetched_by=FETCHED_BY,
        url_template=url_template,
        unfinished=data / "partial" / "download",
        run_folder=data.parent / "run",
    )
