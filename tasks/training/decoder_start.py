"""Where short runs of AR-SPM's face decoder begin (chosen; the paper begins with random weights).

A hundred steps do not teach eleven transposed convolutions to place an eye. They begin as filters
that lay the channels of the first map out as a finer one, as long as there are enough of them, and
then enlarge it smoothly. The second linear layer begins as the ridge regression to such a coarse
picture, the last convolution with its colours.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.ar_spm_decoder import BASE_SIZE, FaceDecoder
from models.cbam import Cbam
from tasks.training.ridge import fit_ridge

NOTE = "Begins with a ridge regression to coarse pictures (chosen), not with random weights."
RANDOM_SHARE = 0.03  # of the random weights that stays in the filters
SHIFT = 2.0  # deviations of a map: ReLU then cuts off hardly anything
MIN_CHANNELS = 16  # of a map whose channels are laid out: a quarter of them are left
STRENGTH = 0.3  # of the ridge
NUM_CALIBRATED = 32
MIN_SPREAD = 0.01


@torch.no_grad()
def start_at_picture(network: FaceDecoder, features: Tensor, *, faces: Tensor) -> None:
    """Makes the network draw coarse `faces` [N, 3, 224, 224] in [0, 1] from `features` [N, D]."""
    num_layouts, num_told = pass_maps(network)
    wanted = torch.logit(faces, eps=0.01) if network.variant == "repaired" else faces
    wanted = functional.adaptive_avg_pool2d(wanted, BASE_SIZE * 2**num_layouts)
    means, deviations = wanted.mean(dim=(0, 2, 3)), wanted.std(dim=(0, 2, 3))
    maps = (wanted - means[:, None, None]) / deviations[:, None, None]
    maps = maps[:, torch.arange(network.base_width // 4**num_layouts) % 3]
    for _ in range(num_layouts):
        maps = functional.pixel_unshuffle(maps, 2)
    hidden = functional.relu(network.compute_code(features))
    line = fit_ridge(hidden, maps.flatten(1), strength=STRENGTH)
    network.fc2.weight.copy_(line.weight)
    network.fc2.bias.copy_(line.bias + SHIFT)
    coarse = functional.relu(network.fc2(hidden[:NUM_CALIBRATED]))
    size = (network.base_width, BASE_SIZE, BASE_SIZE)
    fine = network.train().upsampling(coarse.reshape(-1, *size))  # [N, C, 224, 224]
    _mix_colours(network.last_conv, fine, means=means, deviations=deviations, num_told=num_told)


def pass_maps(network: FaceDecoder) -> tuple[int, int]:
    """Makes the convolutions lay out and enlarge the first map; how many lay out, and how many
    channels of the last map differ."""
    num_layouts, num_told = 0, network.base_width
    for layer in network.upsampling:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.bias, SHIFT)
        elif isinstance(layer, Cbam):
            _level(layer)
        elif isinstance(layer, nn.ConvTranspose2d):
            layer.weight.mul_(RANDOM_SHARE)
            lays_out = layer.stride[0] == 2 and num_told >= MIN_CHANNELS
            num_told = min(num_told // 4 if lays_out else num_told, layer.out_channels)
            num_layouts += lays_out
            _add_filters(layer, num_told, lays_out=lays_out)
    return num_layouts, num_told


def _level(attention: Cbam) -> None:
    """Makes CBAM weigh all channels and all places much the same."""
    for layer in attention.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.BatchNorm2d):
            layer.weight.mul_(RANDOM_SHARE)


def _add_filters(layer: nn.ConvTranspose2d, num_told: int, *, lays_out: bool) -> None:
    """To weights [I, O, k, k]: output channel c is input c of `num_told`, or the inputs from 4 c on
    as the four pixels of a square."""
    size = layer.kernel_size[0]
    first = size // 2  # the tap that falls on every second pixel; the next one falls between
    for channel in range(layer.out_channels):
        source = channel % num_told
        if lays_out:
            for part in range(4):
                row, column = first + part // 2, first + part % 2
                layer.weight[4 * source + part, channel, row, column] += 1
        elif layer.stride[0] == 2:
            layer.weight[source, channel] += _build_doubling(size).to(layer.weight)
        else:
            layer.weight[source, channel, first, first] += 1


def _build_doubling(size: int) -> Tensor:
    """Bilinear filter [k, k] of a transposed convolution of stride 2, k 3 or 5."""
    taps = torch.tensor((0, 0.25, 0.75, 0.75, 0.25) if size == 5 else (0.5, 1, 0.5))
    return taps[:, None] * taps


def _mix_colours(
    last: nn.Conv2d, maps: Tensor, *, means: Tensor, deviations: Tensor, num_told: int
) -> None:
    """Makes 1x1 weights [3, C, 1, 1] give colours of `means` and `deviations` [3] from `maps`
    [N, C, H, W] whose channel c of `num_told` is colour c % 3; with fewer than three all colours
    follow the first."""
    colours = torch.arange(last.in_channels) % num_told % 3
    levels, spreads = maps.mean(dim=(0, 2, 3)), maps.std(dim=(0, 2, 3)).clamp_min(MIN_SPREAD)
    for colour in range(3):
        own = (colours == (colour if num_told >= 3 else 0)).to(last.weight)
        last.weight[colour, :, 0, 0] = deviations[colour] * own / own.sum() / spreads
    assert last.bias is not None
    last.bias.copy_(means - last.weight[:, :, 0, 0] @ levels)
