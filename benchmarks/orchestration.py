"""What do Prefect, DVC and Parquet cost beside the stages' own functions?

`python -m benchmarks.orchestration [--few 128] [--many 384] [--shard-size 64] [--small-shards 8]
[--videos tasks/sample/videos]`: the chain from list_clips to write_shards by `dvc repro` over few
and over many videos of a folder, and the bare stage functions over the same videos and shards in
one process. From the two numbers of videos come a slope (seconds a clip) and a fixed part (seconds
a stage); from few videos in small shards what each shard costs by itself, which the slope holds,
too, divided by the shard's clips. With --two-workers the chain runs on two processes, too; few and
many should then be full shards for both. Wants a quiet machine of two cores; on a busy one CPU
seconds say more than wall. Peak memory is that of the largest process of a run.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows._process import ONE_THREAD
from tests.small_project import make_environment, run_dvc, write_project

NUM_STAGES, NUM_SHARD_STAGES = 7, 6  # list_clips has no tasks by shard
VIDEOS = Path("tasks/sample/videos")
RunName = tuple[str, int]  # "bare", "chain", "small" shards or "two" workers; number of clips
BARE = """
import sys, time
from pathlib import Path
import cv2, torch
from tasks.params import CorpusParams
from tests.verb_chain import run_verbs
videos, out, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
cv2.setNumThreads(1)
torch.set_num_threads(1)
excluded = out / "exclusions.txt"
corpus = CorpusParams(
    source="folder", watch=videos, path=videos, exclusions=excluded, shard_size=size
)
run_verbs(out, corpus)
"""


@dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(command: Sequence[str], *, root: Path, environment: dict[str, str]) -> Cost:
    """Of a command and all that it waits for."""
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command}: {output.decode()}")
    return Cost(
        time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    )


def copy_videos(source: Path, folder: Path, *, number: int) -> Path:
    """The first videos, or all of them over and over under new names."""
    paths = sorted(path for path in source.iterdir() if path.suffix != ".csv")
    folder.mkdir(parents=True)
    for index in range(number):
        path = paths[index % len(paths)]
        shutil.copy(path, folder / f"{index:05d}{path.suffix}")
    return folder


def measure_chain(root: Path, videos: Path, *, workers: int, shard_size: int) -> Cost:
    corpus = {"source": "folder", "path": str(videos), "watch": str(videos)}
    write_project(root, corpus={**corpus, "shard_size": shard_size}, run={"workers": workers})
    run_dvc(root, "repro", "list_clips")  # starts the server, which the stages share
    command = [sys.executable, "-m", "dvc", "repro", "--force", "write_shards"]
    return measure(command, root=root, environment=make_environment())


def measure_bare(root: Path, videos: Path, *, shard_size: int) -> Cost:
    root.mkdir()
    command = [sys.executable, "-c", BARE, str(videos), str(root), str(shard_size)]
    return measure(command, root=Path.cwd(), environment={**os.environ, **ONE_THREAD})


def measure_all(given: argparse.Namespace, folder: Path) -> dict[RunName, Cost]:
    size, costs = given.shard_size, dict[RunName, Cost]()

    def keep(name: str, number: int, cost: Cost) -> None:
        costs[name, number] = cost
        print(f"{name}, {number} clips: {cost}", flush=True)

    for number in (given.few, given.many):
        videos = copy_videos(given.videos, folder / f"videos-{number}", number=number)
        keep("bare", number, measure_bare(folder / f"bare-{number}", videos, shard_size=size))
        for workers, name in enumerate(("chain", "two") if given.two_workers else ("chain",), 1):
            root = folder / f"{name}-{number}"
            keep(name, number, measure_chain(root, videos, workers=workers, shard_size=size))
    videos = folder / f"videos-{given.few}"
    small = measure_chain(folder / "small", videos, workers=1, shard_size=given.small_shards)
    keep("small", given.few, small)
    return costs


def print_results(costs: dict[RunName, Cost], given: argparse.Namespace) -> None:
    few, many = given.few, given.many

    def slope(name: str, kind: str) -> float:
        return float(getattr(costs[name, many], kind) - getattr(costs[name, few], kind)) / (
            many - few
        )

    shards = -(-few // given.small_shards) - -(-few // given.shard_size)
    for kind, word in (("wall_s", "wall"), ("cpu_s", "CPU")):
        ours, bare = slope("chain", kind), slope("bare", kind)
        fixed = (getattr(costs["chain", few], kind) - few * ours) / NUM_STAGES
        extra = getattr(costs["small", few], kind) - getattr(costs["chain", few], kind)
        print(f"a clip: {1000 * ours:.0f} ms {word}, bare {1000 * bare:.0f} ms")
        print(f"slope over bare, shards of {given.shard_size}: {ours / bare:.3f} of {word}")
        print(f"a shard and stage: {1000 * extra / shards / NUM_SHARD_STAGES:.0f} ms {word}")
        print(f"fixed a stage: {fixed:.1f} s {word} (aim: 4)")
    if given.two_workers:
        gain = slope("chain", "wall_s") / slope("two", "wall_s")
        print(f"two workers over one: {gain:.2f} times (aim: 1.8)")
    peak_mb = max(cost.peak_mb for cost in costs.values())
    print(f"largest process: {peak_mb:.0f} MB (aim: 2000)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=128)
    parser.add_argument("--many", type=int, default=384)
    parser.add_argument("--shard-size", type=int, default=64)
    parser.add_argument("--small-shards", type=int, default=8)
    parser.add_argument("--two-workers", action="store_true")
    parser.add_argument("--videos", type=Path, default=VIDEOS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orchestration-") as folder:
        costs = measure_all(given, Path(folder))
    print_results(costs, given)


if __name__ == "__main__":
    main()
