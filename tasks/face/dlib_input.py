"""Pictures as dlib's networks see them."""

import torch
from torch import Tensor

from tasks.face.boxes import Picture

# From the files of both networks: mean colour (RGB, of 0-255).
MEAN_RGB = (122.782, 117.001, 104.298)
COLOUR_SCALE = 256


def normalise_colours(picture: Picture) -> Tensor:
    """uint8 [H, W, 3] RGB to float32 [1, 3, H, W]."""
    colours = torch.tensor(picture).permute(2, 0, 1)[None]  # a copy: pictures may be read-only
    return normalise_batch(colours.float())


def normalise_batch(colours: Tensor) -> Tensor:
    """Float [B, 3, H, W] RGB, 0-255, to the like."""
    return (colours - torch.tensor(MEAN_RGB).to(colours)[:, None, None]) / COLOUR_SCALE
