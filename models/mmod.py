"""dlib's max-margin face detector (King 2015, arXiv 1502.00046), its convolutions in torch.

As published in dlib's `mmod_human_face_detector.dat`, batch norms folded into the convolutions.
"""

import torch
from torch import nn

STRIDE = 8
WINDOW_PX = 80
# The window's centre for the first place in the output, in pixels of the input: each strided
# convolution starts 2 of its own pixels in.
FIRST_CENTER_PX = 14


class MmodNet(nn.Module):
    """Pictures [B, 3, H, W], normalised RGB, to scores [B, 1, h, w]: above 0 for a face.

    Place (r, c) scores the window of WINDOW_PX about (8 r + 14, 8 c + 14). 180,711 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for num_in, num_out in ((3, 16), (16, 32), (32, 32)):
            layers += [nn.Conv2d(num_in, num_out, 5, stride=2), nn.ReLU(inplace=True)]
        for num_in in (32, 45, 45):
            layers += [nn.Conv2d(num_in, 45, 5, padding=2), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(45, 1, 9, padding=4))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.layers(pictures)
        return scores
