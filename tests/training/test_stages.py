from pathlib import Path

import pytest

from tasks.training.stages import Origin, place_checkpoints


@pytest.mark.parametrize(
    ("out", "checkpoints"),
    [
        ("data/weights/gan", "data/checkpoints/gan"),
        ("data/weights/variants/ar_spm-male", "data/checkpoints/variants/ar_spm-male"),
        ("weights/x/data/weights/gan", "weights/x/data/checkpoints/gan"),
        ("somewhere/gan", "checkpoints/gan"),
    ],
)
def test_checkpoints_lie_as_the_weights_do(out: str, checkpoints: str) -> None:
    assert place_checkpoints(Path(out), Origin({}, "code", {})).parent == Path(checkpoints)
