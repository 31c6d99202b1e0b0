"""What the data set looks like, small enough to keep with every version of a model."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.audio.spectrogram import SAMPLE_RATE
from tasks.data.samples import DATA_SETS
from tasks.data.shards import list_shards, read_metadata
from tasks.data.stored_rows import open_shard, read_columns
from tasks.lists.labels import SPLITS
from tasks.report.dataset.attrition import count_attrition
from tasks.report.dataset.census import (
    Floats,
    count_names,
    count_rows,
    read_census,
    read_values,
    select_used,
)
from tasks.report.dataset.people import group_ages

ATTRIBUTES = ("gender", "age_group", "ethnicity")
NUM_QUANTILES = 101
MAX_SHARDS = 64  # that sound and features are read of, evenly spaced
FULL_SCALE, SILENCE_DB = 32768.0, -100.0
DIGITS = 6


@dataclass(frozen=True)
class DataProfile:
    """Counts, shares (0 to 1) and distributions of a data set.

    `lost` are shares of the listed clips by "stage/reason"; `quantiles` 0, 1 … 100 % of clip and
    speech length in seconds and of loudness in dB below full scale; `demographics` shares of used
    clips by attribute and value; `feature_mean` [D] and `feature_spread`, the root mean square
    distance from it, are those of the face features.
    """

    num_listed: int
    num_kept: int
    num_waiting: int
    num_people: int
    num_test_people: int
    counts: Mapping[str, int]
    lost: Mapping[str, float]
    quantiles: Mapping[str, Sequence[float]]
    demographics: Mapping[str, Mapping[str, float]]
    face_encoder: str
    feature_mean: Sequence[float]
    feature_spread: float


def measure_profile(data: Path) -> DataProfile:
    """ValueError for a folder without a data set."""
    census = read_census(data)
    used, attrition = select_used(census), count_attrition(census)
    test = used.filter(pc.equal(used["split"], "test"))
    mean, spread, encoder = _measure_features(data)
    lengths = used["clip_s"].drop_null().to_numpy()
    speech_s = np.concatenate(list(read_values(data, "voices", "speech_s").values()))
    return DataProfile(
        num_listed=attrition.num_listed,
        num_kept=attrition.num_kept,
        num_waiting=attrition.num_waiting,
        num_people=count_names(used["identity"]),
        num_test_people=count_names(test["identity"]) or count_names(test["video_id"]),
        counts=_count_rows(used),
        lost={
            f"{stage}/{reason}": round(count / attrition.num_listed, DIGITS)
            for (stage, reason), count in attrition.lost.items()
        },
        quantiles={
            "clip_s": compute_quantiles(lengths),
            "speech_s": compute_quantiles(speech_s),
            "loudness_db": compute_quantiles(_measure_loudness(data)),
        },
        demographics={name: _compute_shares(used, name) for name in ATTRIBUTES},
        face_encoder=encoder,
        feature_mean=[round(float(value), DIGITS) for value in mean],
        feature_spread=round(spread, DIGITS),
    )


def _count_rows(used: pa.Table) -> dict[str, int]:
    return {
        f"{name}/{split}": count_rows(used.filter(used[f"in_{name}"]), "split").get((split,), 0)
        for name in DATA_SETS
        for split in SPLITS
    }


def compute_quantiles(values: Floats) -> list[float]:
    """NUM_QUANTILES values, none where there is nothing measured."""
    if not len(values):
        return []
    found = np.quantile(values.astype(np.float64), np.linspace(0, 1, NUM_QUANTILES))
    return [round(float(value), DIGITS) for value in found]


def _compute_shares(used: pa.Table, attribute: str) -> dict[str, float]:
    """Of clips with a known value."""
    values = group_ages(used["age"]) if attribute == "age_group" else used[attribute]
    counts = {
        str(value): count
        for (value,), count in count_rows(pa.table({"value": values}), "value").items()
        if value is not None
    }
    total = sum(counts.values())
    return {name: round(count / total, DIGITS) for name, count in sorted(counts.items())}


def _spread_out(folder: Path) -> list[Path]:
    paths = list(list_shards(folder).values())
    step = max(1, len(paths) // MAX_SHARDS)
    return paths[::step][:MAX_SHARDS]


def _measure_loudness(data: Path) -> Floats:
    """Root mean square of each clip's sound [N], dB below full scale."""
    found = []
    for path in _spread_out(data / "extracts"):
        for sound in _read_column(path, "audio"):
            if sound is not None and len(sound) >= SAMPLE_RATE // 100:
                samples = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2")
                power = float(np.mean((samples / FULL_SCALE) ** 2))
                found.append(10 * np.log10(power) if power > 0 else SILENCE_DB)
    return np.array(found)


def _read_column(path: Path, name: str) -> Iterator[Any]:
    with open_shard(path) as file:
        for batch in file.iter_batches(batch_size=16, columns=[name]):
            yield from batch.column(0).to_pylist()


def _measure_features(data: Path) -> tuple[Floats, float, str]:
    """Mean [D] and spread over all splits' pairs, and the encoder's name and weights."""
    parts, encoder = [], ""
    for split in SPLITS:
        for path in _spread_out(data / "shards/pairs" / split):
            column = read_columns(path, ["face_feature"])["face_feature"]
            parts.append(column.combine_chunks().flatten().to_numpy().reshape(len(column), -1))
            known = read_metadata(path)
            encoder = " ".join(known.get(key, "") for key in ("encoder", "encoder_sha256"))
    if not parts:
        return np.empty(0), 0.0, encoder
    features = np.concatenate(parts).astype(np.float64)  # [N, D]
    mean = features.mean(axis=0)
    return mean, float(np.sqrt(((features - mean) ** 2).sum(axis=1).mean())), encoder


def write_profile(path: Path, profile: DataProfile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(profile), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_profile(text: str, name: str) -> DataProfile:
    """ValueError naming the file if it is not a profile."""
    try:
        return DataProfile(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: not a profile of this project: {error}") from None
