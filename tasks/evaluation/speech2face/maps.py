"""Voices' features on a plane: t-SNE (S2F supplementary)."""

import csv
from pathlib import Path

import numpy as np
from sklearn.manifold import TSNE

from tasks.evaluation.attributes import bin_in_thirds
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.scores import Floats

FILE, COLUMNS = "map.csv", ("clip_id", "x", "y", "gender", "age", "ethnicity")
MIN_POINTS = 10
PERPLEXITY = 30.0  # the library's own; less where there are few points


def place_on_plane(features: Floats, *, seed: int = 0) -> Floats:
    """[N, 2] of features [N, D], by angle; [0, 2] for fewer than MIN_POINTS."""
    if len(features) < MIN_POINTS:
        return np.empty((0, 2), np.float32)
    model = TSNE(
        metric="cosine",
        perplexity=min(PERPLEXITY, (len(features) - 1) / 3),
        init="random",
        learning_rate="auto",
        random_state=seed,
        n_jobs=1,
    )
    placed: Floats = model.fit_transform(features.astype(np.float32))
    return placed


def write_map(folder: Path, voices: Floats, held_out: HeldOut, *, seed: int = 0) -> None:
    """Places and labels of held-out voices, one row each; none for too few."""
    placed = place_on_plane(voices, seed=seed)
    with (folder / FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row, (x, y) in enumerate(placed.tolist()):
            labels = (
                held_out.genders[row],
                bin_in_thirds(held_out.ages[row]),
                held_out.ethnicities[row],
            )
            writer.writerow([held_out.names[row], f"{x:.4f}", f"{y:.4f}", *labels])
