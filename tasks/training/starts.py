"""Where short runs of Speech2Face's encoder begin (chosen; the paper begins with random weights).

A few hundred steps on a few hundred voices do not teach nine narrow convolutions to pass on what a
mean spectrum already tells of a face: they begin as filters that let spectra through, and the last
layer begins as the ridge regression from what they give. Its strength and gain are chosen by
matching training people who were left out of it.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from tasks.data.orders import build_generator
from tasks.data.readers import name_person, read_batches
from tasks.training.precision import Precision, move_batch
from tasks.training.ridge import choose_ridge, fit_ridge

RANDOM_SHARE = 0.1  # of the random weights that stays in the filters
SHIFT = 2.0  # of batch norm, in deviations: ReLU then cuts off hardly anything
MAX_ROWS = 512  # windows that the start is computed from
NUM_CALIBRATED = 96
BLOCK = 8
# What the ridge is chosen among. A gain of 4 matches better still, but its angles are then five
# degrees above the constant answer's (people of another synthetic corpus).
STRENGTHS, GAINS = (0.1, 0.3, 1.0, 3.0), (1.0, 2.0)


@torch.no_grad()
def pass_spectra(network: nn.Module) -> None:
    """Makes all convolutions [O, I, H, W] pass on what they read, for [B, 2, T, F].

    The first gives both signs of both parts (ReLU keeps them apart), the second adds these to about
    the magnitude, strided ones average what they step over.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    for number, layer in enumerate(layers):
        layer.weight.mul_(RANDOM_SHARE)
        if layer.bias is not None:
            layer.bias.zero_()
        _add_filters(layer, number)
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.constant_(norm.bias, SHIFT)


@torch.no_grad()
def pass_rows(layer: nn.Linear, *, num_rows: int) -> None:
    """Makes a layer [H, C * num_rows] pass on the rows of frequencies, each a mean over every k-th
    of the C channels; what is left of its H outputs stays random."""
    num_channels = layer.in_features // num_rows
    num_groups = min(num_channels, layer.out_features // num_rows)
    weights = torch.zeros(num_groups, num_rows, num_channels, num_rows)
    for group in range(num_groups):
        members = slice(group, None, num_groups)
        share = 1 / len(range(num_channels)[members])
        weights[group, :, members] = share * torch.eye(num_rows)[:, None]
    num_used = num_groups * num_rows
    layer.weight[:num_used] = weights.reshape(num_used, -1).to(layer.weight)
    nn.init.constant_(layer.bias, SHIFT)


def _add_filters(layer: nn.Conv2d, number: int) -> None:
    _, num_in, height, width = layer.weight.shape
    middle = (height // 2, width // 2)
    for row, weights in enumerate(layer.weight):  # [I, H, W]
        if number == 0:
            weights[((row // 2) % num_in, *middle)] += (-1) ** row
        elif number == 1:
            weights[(slice(None), *middle)] += 2 / num_in
        elif layer.stride[0] > 1:
            weights[row % num_in] += 1 / (height * width)
        else:
            weights[(row % num_in, *middle)] += 1


@torch.no_grad()
def pass_bands(stages: nn.Module) -> None:
    """The like for convolution, BN, ReLU, on [B, 2, F, T] whose rows are averaged over at the end.

    The first ReLU rectifies, later ones cut off hardly anything; from the third convolution on, a
    channel looks above or below the row where the channel it reads looks, so that channels hear
    bands and not all of them the same.
    """
    pass_spectra(stages)
    norms = [norm for norm in stages.modules() if isinstance(norm, nn.BatchNorm2d)]
    nn.init.zeros_(norms[0].bias)
    for layer in [layer for layer in stages.modules() if isinstance(layer, nn.Conv2d)][2:]:
        _, num_in, height, width = layer.weight.shape
        for row, weights in enumerate(layer.weight):  # [I, H, W]
            weights[row % num_in, height // 2, width // 2] -= 1
            weights[row % num_in, (row // num_in) * (height - 1) % height, width // 2] += 1


@torch.no_grad()
def regress_last(
    network: nn.Module, last: nn.Linear, folder: Path, *, num_frames: int, precision: Precision
) -> None:
    """Sets batch norm's running figures, then `last` to the ridge regression to the face features
    of a split's first voices, from two windows of `num_frames` of each.

    ValueError for fewer people than folds.
    """
    spectrograms, target, people = read_voices(folder, num_frames=num_frames)
    hidden: list[Tensor] = []
    order = torch.randperm(len(target), generator=build_generator(len(target)))
    calibrate(network, spectrograms[order[:NUM_CALIBRATED]], precision=precision)
    hook = last.register_forward_pre_hook(lambda _, given: hidden.append(given[0].double().cpu()))
    _call_in_blocks(network.eval(), spectrograms, precision=precision)
    hook.remove()
    inputs = torch.cat(hidden)
    choice = choose_ridge(inputs, target, people=people, strengths=STRENGTHS, gains=GAINS)
    line = fit_ridge(inputs, target, strength=choice.strength, gain=choice.gain)
    last.weight.copy_(line.weight)
    last.bias.copy_(line.bias)


def read_voices(folder: Path, *, num_frames: int) -> tuple[Tensor, Tensor, list[str]]:
    """First and last windows, float16 [N, 2, T, 257], face features [N, D] and people, N at most
    512."""
    spectrograms, target, people = [], [], list[str]()
    columns = ["spectrogram", "face_feature", "identity", "video_id"]
    for batch in read_batches(folder, columns=columns, batch_size=64):
        stored = torch.tensor(batch["spectrogram"])
        own = [name_person(batch, row) for row in range(len(stored))]
        for window in (stored[:, :, :num_frames], stored[:, :, -num_frames:]):
            spectrograms.append(window)
            target.append(torch.tensor(batch["face_feature"]))
            people += own
        if len(people) >= MAX_ROWS:
            break
    return torch.cat(spectrograms)[:MAX_ROWS], torch.cat(target)[:MAX_ROWS], people[:MAX_ROWS]


def calibrate(network: nn.Module, spectrograms: Tensor, *, precision: Precision) -> None:
    """Batch norm's running figures become the mean over these voices."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a mean over all blocks
    _call_in_blocks(network.train(), spectrograms, precision=precision)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _call_in_blocks(network: nn.Module, spectrograms: Tensor, *, precision: Precision) -> None:
    for block in torch.split(spectrograms, BLOCK):
        if len(block) > 1 or not network.training:
            batch = move_batch({"spectrogram": block.float()}, precision)
            with precision.autocast():
                network(batch["spectrogram"])


@torch.no_grad()
def standardise_input(first: nn.Linear, features: Tensor) -> None:
    """Makes a layer answer features [N, D] as it would answer them at mean 0 and deviation 1."""
    mean = features.mean(dim=0)
    first.weight.div_((features - mean).square().mean().sqrt())
    first.bias.sub_(first.weight @ mean)
