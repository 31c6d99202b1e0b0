from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tasks.training.pictures import build_grid, write_png


def test_grid_is_read_back_by_a_picture_library(tmp_path: Path) -> None:
    pictures = torch.rand(5, 3, 6, 4)
    write_png(tmp_path / "grids" / "a.png", build_grid(pictures, num_columns=3))
    found = np.asarray(Image.open(tmp_path / "grids" / "a.png"))
    assert found.shape == (2 * 6 + 2, 3 * 4 + 2 * 2, 3)
    fourth = (pictures[3].permute(1, 2, 0) * 255).round().numpy()
    np.testing.assert_array_equal(found[8:14, :4], fourth)
    assert (found[8:, 12:] == 255).all()  # no sixth picture
    assert (found[6:8] == 255).all()  # the gap
