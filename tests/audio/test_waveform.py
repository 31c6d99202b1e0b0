import numpy as np
import pytest

from tasks.audio.waveform import tile_samples


@pytest.mark.parametrize(("num_samples", "wanted"), [(1, 7), (3, 7), (7, 7), (8, 7), (5, 0)])
def test_sample_i_is_sample_i_modulo_n(num_samples: int, wanted: int) -> None:
    samples = np.arange(num_samples, dtype=np.int16)
    tiled = tile_samples(samples, wanted)
    assert tiled.tolist() == [i % num_samples for i in range(wanted)]
    assert tiled.dtype == np.int16


def test_nothing_to_repeat() -> None:
    with pytest.raises(ValueError, match="no samples"):
        tile_samples(np.empty(0, dtype=np.int16), 10)
