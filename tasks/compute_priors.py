"""compute_priors: AR-SPM's mean face features, and how many faces they need (SPEC 3.5)."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from prefect import task
from torch.nn import functional

from tasks.data.readers import read_column, read_index
from tasks.params import PriorParams, RunParams, flatten
from tasks.training.genders import FEMALE, MALE, check_genders
from tasks.training.stages import clear, describe_origin
from tasks.training.weights import Card, save_tensors

Floats = npt.NDArray[np.float32]
SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)
COLUMNS = ("gender", "faces", "repeats", "angle_deg", "angle_deg_std", "distance", "distance_std")


@task(task_run_name="compute_priors")
def compute_face_priors(
    shards: Path, out: Path, code: str, params: PriorParams, run: RunParams
) -> dict[str, float]:
    """Writes male and female means of SHARDS/pairs/train and their convergence to `out`.

    ValueError unless faces of both genders are there.
    """
    index = read_index(shards / "pairs/train", columns=("face_feature", "gender"))
    check_genders(index)
    origin = describe_origin(flatten(params), code=code, indices={"pairs/train": index})
    groups = draw_groups(
        read_column(index, "face_feature"), read_column(index, "gender"), params=params
    )
    means = {name: features.mean(axis=0) for name, features in groups.items()}
    rows = [row for name in groups for row in measure_convergence(name, groups[name], params)]
    metrics = {f"num_{name}": float(len(features)) for name, features in groups.items()}
    metrics["male_female_angle_deg"] = measure_angle(means["male"], means["female"])
    clear(out)
    write_table(out / "convergence.csv", rows)
    card = Card(
        "models.ar_spm_priors.FacePriors",
        {},
        params=origin.params,
        data=origin.data,
        face_encoder=origin.face_encoder,
        metrics=metrics,
    )
    save_tensors(out, {name: torch.from_numpy(mean) for name, mean in means.items()}, card)
    return metrics


def draw_groups(
    features: Floats, genders: npt.NDArray[np.object_], *, params: PriorParams
) -> dict[str, Floats]:
    """Equally many features [n, D] of each gender, at random, `num_faces` in all."""
    random = np.random.default_rng(params.seed)
    rows = {"male": np.flatnonzero(genders == MALE), "female": np.flatnonzero(genders == FEMALE)}
    count = min(max(1, params.num_faces // 2), *map(len, rows.values()))
    return {name: features[random.permutation(found)[:count]] for name, found in rows.items()}


def measure_convergence(
    name: str, features: Floats, params: PriorParams
) -> list[dict[str, str | float]]:
    """How far the mean of n faces is from that of all, over repeated draws."""
    random = np.random.default_rng(params.seed)
    whole = features.mean(axis=0)
    rows: list[dict[str, str | float]] = []
    for size in [size for size in SIZES if size < len(features)]:
        drawn = [
            features[random.permutation(len(features))[:size]].mean(axis=0)
            for _ in range(params.num_repeats)
        ]
        angles = [measure_angle(mean, whole) for mean in drawn]
        distances = [float(np.linalg.norm(mean - whole)) for mean in drawn]
        values = (np.mean(angles), np.std(angles), np.mean(distances), np.std(distances))
        figures = (float(value) for value in values)
        rows.append(dict(zip(COLUMNS, (name, size, len(drawn), *figures), strict=True)))
    return rows


def measure_angle(first: Floats, second: Floats) -> float:
    """Degrees."""
    pair = torch.from_numpy(np.stack([first, second]).astype(np.float64))
    cosine = functional.cosine_similarity(pair[0], pair[1], dim=0)
    return float(torch.rad2deg(cosine.clamp(-1, 1).acos()))


def write_table(path: Path, rows: list[dict[str, str | float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
