"""How far is the evaluation from the floor of its own arithmetic, and from a plain loop?

`python -m benchmarks.evaluation` does at full size what one report needs: 2.36 million matching
trials (D = 64), 5,000 × 5,000 retrieval (D = 4,096) by L2, L1 and cosine, and a 1,000-fold
bootstrap. The floor, measured in the same run, is the arithmetic alone: one matrix product and the
faster of torch's and scipy's cdist for the distances, a gather and products for the trials, drawing
and one matrix product for the bootstrap. Seconds are of the process, so other work on the machine
does not count.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.spatial import distance

from tasks.evaluation.bootstrap import draw_weights, score_mean, sum_by_person
from tasks.evaluation.matching import (
    Items,
    Trials,
    compare_vectors,
    draw_trials,
    score_trials,
)
from tasks.evaluation.retrieval import rank_true, score_recalls

NUM_PEOPLE, NUM_VOICES, NUM_FACES, WEN_WIDTH = 189, 21_850, 20_455, 64
NUM_QUERIES, S2F_WIDTH, NUM_DRAWS = 5_000, 4_096, 1_000
# The floors of the largest parts are measured on a share of the work and multiplied.
SAMPLE_ROWS = 250
LOOP_TRIALS, LOOP_PAIRS = 20_000, 2_000


def measure(work: Callable[[], Any]) -> tuple[float, Any]:
    """Process seconds and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def make_people(prefix: str, count: int) -> Items:
    names = [f"{prefix}{index}" for index in range(count)]
    return Items(names, [f"person {index % NUM_PEOPLE}" for index in range(count)])


def time_matching(generator: np.random.Generator) -> dict[str, float]:
    """Drawing the list, scoring it, and its interval, against gathering and multiplying rows."""
    probes, faces = make_people("voice", NUM_VOICES), make_people("face", NUM_FACES)
    left = generator.normal(size=(NUM_VOICES, WEN_WIDTH)).astype(np.float32)
    right = generator.normal(size=(NUM_FACES, WEN_WIDTH)).astype(np.float32)
    draw_s, trials = measure(lambda: draw_trials(probes, faces))
    score_s, won = measure(lambda: compare_vectors(trials, probes=left, candidates=right))
    interval_s, _ = measure(
        lambda: score_trials("V→F", won, trials=trials, probes=probes, candidates=faces)
    )
    floor_s, _ = measure(lambda: multiply_gathered(trials, left, right))
    loop_s, _ = measure(lambda: loop_over_trials(trials, left, right))
    return {
        "trials": len(trials),
        "draw_s": draw_s,
        "score_s": score_s,
        "interval_s": interval_s,
        "floor_s": floor_s,
        "loop_s": loop_s * len(trials) / LOOP_TRIALS,
    }


def multiply_gathered(trials: Trials, left: Any, right: Any) -> None:
    voices, faces = torch.from_numpy(left), torch.from_numpy(right)
    for start in range(0, len(trials), 8192):
        part = slice(start, start + 8192)
        rows = voices[torch.from_numpy(trials.probes[part])]
        for indices in (trials.true[part], trials.others[part, 0]):
            (rows * faces[torch.from_numpy(indices)]).sum(dim=1)


def loop_over_trials(trials: Trials, left: Any, right: Any) -> int:
    won = 0
    for index in range(LOOP_TRIALS):
        voice = left[trials.probes[index]]
        true, other = right[trials.true[index]], right[trials.others[index, 0]]
        length = np.linalg.norm(true), np.linalg.norm(other)
        won += bool(voice @ true / length[0] > voice @ other / length[1])
    return won


def time_retrieval(generator: np.random.Generator) -> dict[str, float]:
    """Ranks by three distances and their recalls, against one product and the faster cdist."""
    gallery = generator.normal(size=(NUM_QUERIES, S2F_WIDTH)).astype(np.float32)
    queries = gallery + 4 * generator.normal(size=gallery.shape).astype(np.float32)
    people = np.arange(NUM_QUERIES)
    rank_s, ranks = measure(lambda: rank_true(queries, gallery))
    recall_s, _ = measure(lambda: [score_recalls(part, people=people) for part in ranks.values()])
    part, whole = torch.from_numpy(queries[:SAMPLE_ROWS]), torch.from_numpy(gallery)
    times = NUM_QUERIES / SAMPLE_ROWS
    product_s, _ = measure(lambda: part @ whole.T)
    torch_s, _ = measure(lambda: torch.cdist(part, whole, p=1))
    scipy_s, _ = measure(lambda: distance.cdist(part.numpy(), gallery, "cityblock"))
    cdist_s = min(torch_s, scipy_s)
    loop_s, _ = measure(lambda: loop_over_pairs(queries, gallery))
    return {
        "rank_s": rank_s,
        "recall_s": recall_s,
        "floor_s": times * (product_s + cdist_s),
        "floor_l1_s": times * cdist_s,
        "loop_s": loop_s * NUM_QUERIES**2 / LOOP_PAIRS,
    }


def loop_over_pairs(queries: Any, gallery: Any) -> None:
    for index in range(LOOP_PAIRS):
        query, face = queries[0], gallery[index]
        np.abs(query - face).sum()
        np.sqrt(((query - face) ** 2).sum())
        query @ face / (np.linalg.norm(query) * np.linalg.norm(face))


def time_bootstrap(generator: np.random.Generator) -> dict[str, float]:
    """A mean of 5,000 people's values, drawn 1,000 times, against its product and a loop."""
    values, people = generator.normal(size=NUM_QUERIES), np.arange(NUM_QUERIES)
    ours_s, _ = measure(lambda: score_mean("x", values, people=people, num_draws=NUM_DRAWS))
    weights = list(draw_weights(NUM_QUERIES, num_draws=NUM_DRAWS))
    sums = sum_by_person(values, people)
    product_s, _ = measure(lambda: [block @ sums for block in weights])
    draw_s, _ = measure(lambda: generator.integers(NUM_QUERIES, size=(NUM_DRAWS, NUM_QUERIES)))
    loop_s, _ = measure(lambda: loop_over_draws(values, generator))
    return {"ours_s": ours_s, "floor_s": product_s + draw_s, "loop_s": loop_s}


def loop_over_draws(values: Any, generator: np.random.Generator) -> None:
    for _ in range(NUM_DRAWS):
        drawn = generator.integers(len(values), size=len(values))
        sum(values[index] for index in drawn)


def compute_ratios(parts: dict[str, dict[str, float]]) -> dict[str, float]:
    """Ours to the floor (1 is the floor), and the loop's time to ours."""
    matching, retrieval, bootstrap = (
        parts[name] for name in ("matching", "retrieval", "bootstrap")
    )
    ours = {
        "matching": matching["score_s"],
        "retrieval": retrieval["rank_s"],
        "bootstrap": bootstrap["ours_s"],
    }
    total = sum(ours.values()) + matching["draw_s"] + matching["interval_s"] + retrieval["recall_s"]
    floor = sum(part["floor_s"] for part in parts.values())
    loop = sum(part["loop_s"] for part in parts.values())
    ratios = {f"{name}_to_floor": ours[name] / part["floor_s"] for name, part in parts.items()}
    return {**ratios, "all_to_floor": total / floor, "loop_to_all": loop / total, "all_s": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    generator = np.random.default_rng(0)
    parts = {
        "matching": time_matching(generator),
        "retrieval": time_retrieval(generator),
        "bootstrap": time_bootstrap(generator),
    }
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    row = {"parts": parts, "ratios": compute_ratios(parts), "peak_memory_mb": peak_mb}
    print(json.dumps(row, indent=2))


if __name__ == "__main__":
    main()
