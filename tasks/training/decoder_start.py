"""Where short runs of AR-SPM's face decoder begin (chosen; the paper begins with random weights).

A hundred steps do not teach eleven transposed convolutions to place an eye. They begin as filters
that lay the channels of the first map out as a finer one, as long as there are enough of them, and
then enlarge it smoothly: the second linear layer draws a coarse picture from the first step on.
"""

import torch
from torch import Tensor, nn

from models.ar_spm_decoder import FaceDecoder
from models.cbam import Cbam

RANDOM_SHARE = 0.1  # of the random weights that stays in the filters
SHIFT = 2.0  # of batch norm, in deviations: ReLU then cuts off hardly anything
NUM_CALIBRATED = 16
MIN_CHANNELS = 16  # of a map whose channels are laid out: a quarter of them are left


@torch.no_grad()
def start_at_picture(network: FaceDecoder, features: Tensor, *, colours: Tensor) -> None:
    """Makes the convolutions pass on what the second linear layer draws of `features` [N, D], about
    `colours` [3] in (0, 1)."""
    network.fc2.bias.fill_(1.0)  # its ReLU then cuts off hardly anything
    num_told = network.base_width
    for layer in network.upsampling:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.bias, SHIFT)
        if isinstance(layer, nn.ConvTranspose2d):
            num_told = _pass_maps(layer, num_told)
        if isinstance(layer, Cbam):  # no place outshines another
            for norm in (part for part in layer.modules() if isinstance(part, nn.BatchNorm2d)):
                nn.init.constant_(norm.weight, RANDOM_SHARE)
    found = network.train()(features[:NUM_CALIBRATED]).mean(dim=(0, 2, 3))
    if network.variant == "repaired":
        found, colours = (torch.logit(value, eps=1e-3) for value in (found, colours))
    assert network.last_conv.bias is not None
    network.last_conv.bias.add_(colours - found)


def _pass_maps(layer: nn.ConvTranspose2d, num_told: int) -> int:
    """Adds to weights [I, O, k, k] what passes on the first `num_told` input channels; returns how
    many output channels differ."""
    layer.weight.mul_(RANDOM_SHARE)
    doubles, num_out, size = layer.stride[0] == 2, layer.out_channels, layer.kernel_size[0]
    lays_out = doubles and num_told >= MIN_CHANNELS
    num_left = min(num_told // 4 if lays_out else num_told, num_out)
    first = size // 2  # the tap that falls on every second pixel; the next one falls between
    for channel in range(num_out):
        source = channel % num_left
        if lays_out:
            for part in range(4):
                row, column = first + part // 2, first + part % 2
                layer.weight[4 * source + part, channel, row, column] += 1
        elif doubles:
            layer.weight[source, channel] += _build_doubling(size).to(layer.weight)
        else:
            layer.weight[source, channel, first, first] += 1
    return num_left


def _build_doubling(size: int) -> Tensor:
    """Bilinear filter [k, k] of a transposed convolution of stride 2."""
    taps = torch.tensor((0, 0.25, 0.75, 0.75, 0.25) if size == 5 else (0.5, 1, 0.5))
    return taps[:, None] * taps
