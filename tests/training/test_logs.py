from pathlib import Path

import pytest
import torch

from tasks.training.distributed import Ranks
from tasks.training.logs import CsvLog, Meter, check_finite


def test_meter_means_since_the_last_row() -> None:
    meter = Meter()
    for value in (1.0, 2.0, 6.0):
        meter.add({"loss": torch.tensor(value), "other": torch.tensor(-value)})
    assert meter.take(Ranks()) == {"loss": 3.0, "other": -3.0}
    meter.add({"loss": torch.tensor(5.0)})
    assert meter.take(Ranks()) == {"loss": 5.0}


def test_rows_are_appended_and_cut(tmp_path: Path) -> None:
    log = CsvLog(tmp_path / "training.csv")
    for step in (10, 20, 30):
        log.append(step, {"loss": step / 3})
    log.cut(20)
    assert (tmp_path / "training.csv").read_text().split() == [
        *("step,loss", f"10,{10 / 3!r}", f"20,{20 / 3!r}")
    ]


def test_a_half_written_row_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "training.csv"
    path.write_text("step,loss,rate\n10,1.0,2.0\n20,0.")
    CsvLog(path).cut(20)
    assert path.read_text().split() == ["step,loss,rate", "10,1.0,2.0"]


def test_other_columns_are_refused(tmp_path: Path) -> None:
    log = CsvLog(tmp_path / "training.csv")
    log.append(1, {"loss": 1.0})
    with pytest.raises(ValueError, match="has columns"):
        log.append(2, {"loss": 1.0, "extra": 2.0})


def test_tensors_that_are_not_finite_are_named() -> None:
    tensors = {
        "good": torch.ones(2),
        "count": torch.tensor(3),
        "bad": torch.tensor([1.0, torch.nan]),
    }
    assert check_finite(tensors) == ["bad"]
    assert check_finite({"count": torch.tensor(3)}) == []
