import inspect
from pathlib import Path

import numpy as np
import pytest

from benchmarks.seed_scores import Row, summarise
from benchmarks.seed_table import write_record
from benchmarks.seeds import CHAIN, change_seed, list_jobs
from tasks.evaluation.bootstrap import score_mean
from tasks.evaluation.scores import Floats, Score
from tasks.params import read_params

PEOPLE = np.array([0, 0, 1, 1])


def rescore(values: Floats) -> Score:
    return score_mean("matching", values, people=PEOPLE)


def make_row(seed: int, values: list[float]) -> Row:
    found = np.array(values)
    return Row("WEN", "1:2 matching", seed, rescore(found), found, rescore)


def test_another_seed_reaches_every_network_and_changes_nothing_else() -> None:
    params, changed = read_params(), change_seed(read_params(), 5)
    assert [getattr(changed, name).loop.seed for name in CHAIN] == [5] * len(CHAIN)
    assert change_seed(changed, 0) == change_seed(params, 0)


def test_each_network_is_trained_with_arguments_that_its_task_takes() -> None:
    for job in list_jobs(Path("data"), Path("weights"), read_params()):
        given = {"shards": Path("data/shards"), "out": Path("out"), **job.given}
        signature = inspect.signature(job.unit.fn)
        signature.bind(code="", params=job.params, run=read_params().run, **given)


def test_a_record_has_mean_spread_and_each_run(tmp_path: Path) -> None:
    rows = [make_row(0, [1, 1, 0, 0]), make_row(1, [1, 1, 1, 0])]
    (summary,) = summarise(rows)
    assert summary.by_seed == {0: 0.5, 1: 0.75}
    assert summary.score.value == pytest.approx(0.625)
    assert summary.spread == pytest.approx(np.std([0.5, 0.75], ddof=1))
    write_record(tmp_path, rows, [summary], command="python -m benchmarks.seeds")
    assert "| WEN | 0.500 | 0.750 | 0.625 [" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "seeds.csv").read_text().count("\n") == 1 + len(rows)
