"""How fast do the networks train, against plain PyTorch and against the machine's own limits?

`python -m benchmarks.training` takes steps of Speech2Face's encoder and of the GAN on made-up data
that lies on the device, at the papers' sizes on a GPU and at small ones on a CPU (`--width`,
`--batch`, `--steps` say otherwise), and prints for each

- ours: the stage's own step (bf16 and channels-last where the device has them),
- eager: the same network, loss and optimiser in plain float32 PyTorch,
- the floor: the larger of a step's operations over the rate of one large matrix product in ours'
  precision, and of the bytes it cannot avoid over the rate of a copy, both measured in this run,
- how long the papers' training will take at this speed.

With `--shards DIR` (default data/shards, skipped where it is absent) it also trains from shards, as
the stage does, and prints samples a second and the share of the time spent waiting for data.
"""

import argparse
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from benchmarks.limits import (
    WARM_UP,
    Step,
    measure_limits,
    measure_work,
    pick_clock,
    synchronise,
    time_steps,
)
from models.face_decoder import FaceDecoder
from models.speech2face import VoiceEncoder
from models.voice2face import (
    DiscriminatorHead,
    FaceEmbedding,
    Generator,
    IdentityHead,
    VoiceEmbedding,
)
from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import read_feature_width, read_index
from tasks.data.streams import Batch, Stream
from tasks.params import Speech2FaceParams
from tasks.train_speech2face import Frozen, compute_losses
from tasks.training.distributed import Ranks
from tasks.training.encoders import open_windows
from tasks.training.gan import (
    GanBatch,
    GanNetworks,
    GanRecipe,
    build_gan_state,
    take_gan_step,
)
from tasks.training.optimisers import build_adam
from tasks.training.precision import (
    Precision,
    choose_precision,
    move_batch,
    place_network,
)

FEATURE_DIM, NUM_PEOPLE, NUM_FRAMES = 4096, 924, 598
S2F_PAIRS, S2F_EPOCHS, GAN_STEPS = 1_700_000, 3, 100_000  # SPEC 4.1, 4.2
GAN_FRAMES = 550  # the mean crop
MATRIX, COPY_MB = 4096, 512


@dataclass(frozen=True)
class Size:
    """`width` scales the encoder; `batch` is of its pairs, `gan_batch` of the GAN."""

    width: float
    batch: int
    gan_batch: int
    steps: int
    matrix: int = MATRIX
    copy_mb: int = COPY_MB


PAPER = Size(1.0, 8, 128, 50)
SMALL = Size(1 / 16, 4, 16, 3, matrix=512, copy_mb=64)


@dataclass(frozen=True)
class Trainer:
    """Speech2Face's encoder with what a step of its stage needs."""

    network: nn.Module
    adam: Optimizer
    frozen: Frozen
    precision: Precision

    def take_step(self, batch: Batch) -> None:
        moved = move_batch(batch, self.precision)
        params = Speech2FaceParams()
        losses = compute_losses(
            self.network, moved, frozen=self.frozen, precision=self.precision, params=params
        )
        self.adam.zero_grad(set_to_none=True)
        torch.stack(list(losses.terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        self.adam.step()


def build_trainer(size: Size, precision: Precision, *, dimension: int) -> Trainer:
    torch.manual_seed(0)
    network = VoiceEncoder(feature_dim=dimension, width=size.width)
    place_network(network, precision)
    decoder = FaceDecoder(torch.rand(68, 2).tolist(), feature_dim=dimension, texture_widths=(1,))
    frozen = Frozen(decoder.to(precision.device).requires_grad_(False), None)
    adam = build_adam(network.parameters(), rate=1e-3, epsilon=1e-4)
    return Trainer(network, adam, frozen, precision)


def build_encoder_step(size: Size, precision: Precision) -> tuple[Step, list[nn.Module]]:
    """A step on pairs that lie on the device as they are stored."""
    trainer = build_trainer(size, precision, dimension=FEATURE_DIM)
    spectrograms = torch.randn(size.batch, 2, NUM_FRAMES, 257).half()
    features = torch.randn(size.batch, FEATURE_DIM)
    batch = move_batch({"spectrogram": spectrograms, "face_feature": features}, precision)
    return partial(trainer.take_step, batch), [trainer.network]


def build_gan_step(size: Size, precision: Precision) -> tuple[Step, list[nn.Module]]:
    """The papers' GAN, all of it, at any width: it is small."""
    torch.manual_seed(0)
    networks = GanNetworks(
        VoiceEmbedding().eval().requires_grad_(False),
        Generator(),
        FaceEmbedding(),
        DiscriminatorHead(),
        IdentityHead(NUM_PEOPLE),
    )
    parts = list(vars(networks).values())
    for network in parts:
        place_network(network, precision)
    recipe = GanRecipe(0, size.gan_batch)
    trained = build_gan_state(networks, recipe)
    device = precision.device
    labels = torch.randint(NUM_PEOPLE, (size.gan_batch,), device=device)
    batch = GanBatch(
        torch.randn(size.gan_batch, 64, GAN_FRAMES, device=device),
        labels,
        torch.rand(size.gan_batch, 3, 64, 64, device=device),
        labels,
    )
    noise = torch.Generator(device).manual_seed(0)

    def step() -> None:
        take_gan_step(
            networks,
            batch,
            optimisers=trained.optimisers,
            noise=noise,
            recipe=recipe,
            precision=precision,
            ranks=Ranks(),
        )

    return step, parts


def compare(name: str, build: Any, *, size: Size, batch: int, ours: Precision) -> float:
    """Prints a row and returns our seconds a step."""
    plain = Precision(ours.device)
    step, networks = build(size, ours)
    ours_s = time_steps(step, ours.device, count=size.steps)
    work = measure_work(step, networks, value_bytes=2 if ours.bf16 else 4)
    limits = measure_limits(ours, matrix=size.matrix, copy_mb=size.copy_mb)
    del step, networks
    torch.set_float32_matmul_precision("highest")
    eager_s = time_steps(build(size, plain)[0], ours.device, count=size.steps)
    torch.set_float32_matmul_precision("high")
    floor_s = work.compute_floor_s(limits)
    share = work.flops / ours_s / limits.flops_per_s
    print(
        f"{name}: {1000 * ours_s:.1f} ms a step of {batch} ({batch / ours_s:.0f} samples/s), "
        f"{eager_s / ours_s:.2f} times as fast as eager float32, {ours_s / floor_s:.2f} times the "
        f"floor of {1000 * floor_s:.1f} ms; {work.flops / 1e9:.1f} GFLOP a step at {share:.0%} of "
        f"the {limits.flops_per_s / 1e9:,.0f} GFLOP/s and {limits.bytes_per_s / 1e9:.0f} GB/s here"
    )
    return ours_s


def train_from_shards(shards: Path, size: Size, *, precision: Precision, workers: int) -> None:
    """Steps on what the stage's loader hands out: rate, and share of the time spent waiting."""
    folder = shards / "pairs/train"
    trainer = build_trainer(size, precision, dimension=read_feature_width(read_index(folder)))
    dataset = build_pairs_dataset(folder, Stream(size.batch, 0))
    batches = open_windows(dataset, num_frames=NUM_FRAMES, start=0, num_workers=workers)
    read_clock = time.perf_counter if workers else pick_clock(precision.device)
    waited_s, start = 0.0, 0.0
    for number in range(WARM_UP + size.steps):
        if number == WARM_UP:
            synchronise(precision.device)
            waited_s, start = 0.0, read_clock()
        asked = read_clock()
        batch = next(batches)
        waited_s += read_clock() - asked
        trainer.take_step(batch)
    synchronise(precision.device)
    elapsed_s = read_clock() - start
    print(
        f"from shards: {size.steps * size.batch / elapsed_s:.1f} samples/s, "
        f"{waited_s / elapsed_s:.1%} of the time waiting for data ({workers} loader processes)"
    )


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--width", type=float)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--gan-batch", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--loader-workers", type=int, default=0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--shards", type=Path, default=Path("data/shards"))
    return parser.parse_args()


def main() -> None:
    arguments = read_arguments()
    precision = choose_precision(arguments.device, compile=arguments.compile)
    on_gpu = precision.device.type == "cuda"
    given = ("width", "batch", "gan_batch", "steps")
    changes = {name: getattr(arguments, name) for name in given if getattr(arguments, name)}
    size = replace(PAPER if on_gpu else SMALL, **changes)
    where = torch.cuda.get_device_name() if on_gpu else f"CPU, {torch.get_num_threads()} threads"
    print(f"{where}; encoder of width {size.width:g}, 6 s of sound")
    # Channels-last is twice as fast for the encoder on a CPU too; the GAN keeps its layout there.
    encoder = replace(precision, channels_last=True)
    encoder_s = compare(
        "Speech2Face encoder", build_encoder_step, size=size, batch=size.batch, ours=encoder
    )
    gan_s = compare("GAN", build_gan_step, size=size, batch=size.gan_batch, ours=precision)
    hours = S2F_PAIRS * S2F_EPOCHS / size.batch * encoder_s / 3600
    print(f"1.7 million pairs, 3 epochs: {hours:,.0f} h at this size")
    print(f"{GAN_STEPS:,} GAN iterations: {GAN_STEPS * gan_s / 3600:,.1f} h at this size")
    if (arguments.shards / "pairs/train").is_dir():
        train_from_shards(
            arguments.shards, size, precision=encoder, workers=arguments.loader_workers
        )


if __name__ == "__main__":
    main()
