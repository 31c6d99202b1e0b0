"""write_shards: one shard's sound, speech, faces, features and labels as the final data sets."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

import pyarrow as pa
from prefect import task

from tasks.data.rows import describe, read_rows
from tasks.data.samples import (
    DATA_SETS,
    STAGE,
    Placement,
    Sample,
    build_rows,
    build_schemas,
    place_sample,
)
from tasks.data.shards import (
    ShardResult,
    ShardWriter,
    list_shards,
    read_metadata,
    read_records,
    shard_path,
)
from tasks.data.stubs import count_bytes
from tasks.lists.splits import assign_split
from tasks.outcomes import OUTCOME_SCHEMA
from tasks.params import ShardParams, SplitParams
from tasks.records import AlignedFace, Clip, Extract, FaceFeature, Speech

SPLITS = ("train", "val", "test")
LABELS = (
    *("clip_id", "source", "video_id", "identity", "gender", "age", "ethnicity", "nationality"),
    *("start_s", "end_s"),
)
PLACEMENT_SCHEMA = pa.schema(
    [
        *OUTCOME_SCHEMA,
        ("split", pa.string()),
        *(pa.field(f"in_{name}", pa.bool_(), nullable=False) for name in DATA_SETS),
    ]
)


@task(task_run_name="write_shards-{index:05d}")
def write_final_shard(
    index: int,
    key: str,
    clips: Path,
    extracts: Path,
    speech: Path,
    faces: Path,
    features: Path,
    out: Path,
    params: ShardParams,
    split: SplitParams,
) -> ShardResult:
    """Writes shard `index` of every data set and split beside `out`, which gets the outcomes.

    The outcomes are written last: without them the shard does not count as made.
    """
    start, counts = monotonic(), Counter[str]()
    card = read_metadata(shard_path(features, index))
    metadata = {name: card[name] for name in ("D", "encoder", "encoder_sha256")} | {"key": key}
    with ExitStack() as stack:
        outcomes = ShardWriter(
            shard_path(out, index),
            PLACEMENT_SCHEMA,
            metadata={"stage": STAGE, "key": key},
        )
        stack.enter_context(outcomes)
        files = DataSetFiles(out.parent, index, metadata, params, stack)
        for sample in read_samples(index, clips, extracts, speech, faces, features):
            placement = place_sample(sample, split=assign_split(sample.clip, split))
            files.write(sample, placement)
            outcomes.write(_describe_placement(placement))
            counts[describe(placement.outcome)] += 1
        files.remove_unwritten()
    return ShardResult(index, dict(counts), monotonic() - start, files.count_bytes())


def read_samples(
    index: int, clips: Path, extracts: Path, speech: Path, faces: Path, features: Path
) -> Iterator[Sample]:
    """The clips of one shard with what each stage made of them."""
    columns = zip(
        read_records(shard_path(clips, index), Clip),
        read_rows(shard_path(extracts, index), Extract, columns=["audio"]),
        read_rows(shard_path(speech, index), Speech),
        read_rows(shard_path(faces, index), AlignedFace),
        read_rows(shard_path(features, index), FaceFeature),
        strict=True,
    )
    for clip, extract, spoken, face, feature in columns:
        rows = (extract, spoken, face, feature)
        assert {row.outcome.clip_id for row in rows} == {clip.clip_id}, clip.clip_id
        yield Sample(clip, extract, spoken, face, feature)


class DataSetFiles:
    """The files of one shard, one per data set and split, opened when first written to."""

    def __init__(
        self,
        root: Path,
        index: int,
        metadata: Mapping[str, str],
        params: ShardParams,
        stack: ExitStack,
    ) -> None:
        self._root, self._index, self._metadata = root, index, metadata
        self._params, self._stack = params, stack
        self._writers: dict[Path, ShardWriter] = {}

    def write(self, sample: Sample, placement: Placement) -> None:
        if not placement.data_sets:
            return
        labels = {name: getattr(sample.clip, name) for name in LABELS}
        for name, row in build_rows(
            sample, placement.data_sets, spectrogram_s=self._params.spectrogram_s
        ):
            self._open(name, str(placement.split)).write(
                {**labels, "split": placement.split, **row}
            )

    def _open(self, data_set: str, split: str) -> ShardWriter:
        path = self._path(data_set, split)
        if path not in self._writers:
            writer = ShardWriter(
                path,
                build_schemas(int(self._metadata["D"]), spectrogram_s=self._params.spectrogram_s)[
                    data_set
                ],
                metadata={"stage": STAGE, **self._metadata},
                compression="none",
            )
            self._writers[path] = self._stack.enter_context(writer)
        return self._writers[path]

    def _path(self, data_set: str, split: str) -> Path:
        return shard_path(self._root / data_set / split, self._index)

    def remove_unwritten(self) -> None:
        """Removes what an earlier run wrote into splits that get nothing now."""
        for data_set in DATA_SETS:
            for split in SPLITS:
                if (path := self._path(data_set, split)) not in self._writers:
                    path.unlink(missing_ok=True)

    def count_bytes(self) -> int:
        return sum(map(count_bytes, self._writers))


def _describe_placement(placement: Placement) -> dict[str, Any]:
    flags = {f"in_{name}": name in placement.data_sets for name in DATA_SETS}
    return {**vars(placement.outcome), "split": placement.split, **flags}


def remove_foreign_files(root: Path) -> None:
    """Removes data files of shards that have no outcomes any more."""
    indices = list_shards(root / "outcomes").keys()
    for data_set in DATA_SETS:
        for split in SPLITS:
            for index, path in list_shards(root / data_set / split).items():
                if index not in indices:
                    path.unlink()
