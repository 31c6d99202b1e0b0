import pytest
import torch
from torch import nn

from tasks.training.precision import (
    Precision,
    choose_device,
    choose_precision,
    move_batch,
    place_network,
)


def test_cpu_is_plain_float32() -> None:
    precision = choose_precision("cpu")
    assert precision == Precision(torch.device("cpu"), channels_last=True)
    with precision.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_auto_takes_a_gpu_if_there_is_one() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_demanded_gpu_that_is_absent_is_refused() -> None:
    missing = torch.cuda.device_count()
    with pytest.raises(ValueError, match=f"needs GPU {missing}, found {missing}"):
        choose_device(f"cuda:{missing}")


def test_other_devices_are_refused() -> None:
    with pytest.raises(ValueError, match="must be auto, cpu or cuda"):
        choose_device("mps")


def test_bf16_is_of_the_forward_pass_only() -> None:
    precision = choose_precision("cpu", bf16=True)
    network = place_network(nn.Linear(3, 2), precision)
    with precision.autocast():
        assert network(torch.ones(1, 3)).dtype == torch.bfloat16
    assert next(network.parameters()).dtype == torch.float32


def test_channels_last_keeps_values() -> None:
    precision = Precision(torch.device("cpu"), channels_last=True)
    network = nn.Conv2d(3, 4, 3)
    assert place_network(network, precision) is network
    pictures = torch.randn(2, 3, 5, 5)
    batch = move_batch({"face": pictures, "identity": ["a", None]}, precision)
    assert batch["face"].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch["face"], pictures)
    assert batch["identity"] == ["a", None]
    assert network.weight.is_contiguous(memory_format=torch.channels_last)
