"""What do Prefect, DVC and Parquet cost beside the stages' own functions?

`python -m benchmarks.orchestration [--few 24] [--many 96] [--videos tasks/sample/videos]`: the
chain from list_clips to write_shards by `dvc repro` over few and over many videos of a folder, with
one worker and with two, and the bare stage functions over the same videos in one process. From the
two numbers of videos come a slope (seconds a clip) and a fixed part (seconds a stage). Wants a
quiet machine of two cores. Peak memory is that of the largest process of a run.
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

from tests.small_project import make_environment, run_dvc, write_project

NUM_STAGES = 7
VIDEOS = Path("tasks/sample/videos")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
BARE = """
import sys, time
from pathlib import Path
import cv2, torch
from tasks.params import CorpusParams
from tests.verb_chain import run_verbs
videos, out = Path(sys.argv[1]), Path(sys.argv[2])
cv2.setNumThreads(1)
excluded = out / "exclusions.txt"
run_verbs(out, CorpusParams(source="folder", watch=videos, path=videos, exclusions=excluded))
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


def measure_bare(root: Path, videos: Path) -> Cost:
    root.mkdir()
    environment = {**os.environ, **ONE_THREAD}
    command = [sys.executable, "-c", BARE, str(videos), str(root)]
    return measure(command, root=Path.cwd(), environment=environment)


def print_results(chain: dict[tuple[int, int], Cost], bare: dict[int, Cost]) -> None:
    few, many = sorted(bare)

    def slope(costs: dict[int, float]) -> float:
        return (costs[many] - costs[few]) / (many - few)

    walls = {w: slope({n: chain[w, n].wall_s for n in bare}) for w in (1, 2)}
    cpu_s = slope({n: chain[1, n].cpu_s for n in bare})
    bare_wall_s = slope({n: cost.wall_s for n, cost in bare.items()})
    bare_cpu_s = slope({n: cost.cpu_s for n, cost in bare.items()})
    fixed_s = (chain[1, few].wall_s - few * walls[1]) / NUM_STAGES
    fixed_cpu_s = (chain[1, few].cpu_s - few * cpu_s) / NUM_STAGES
    print(f"a clip, one worker: {1000 * walls[1]:.0f} ms wall, {1000 * cpu_s:.0f} ms CPU")
    print(f"a clip, bare: {1000 * bare_wall_s:.0f} ms wall, {1000 * bare_cpu_s:.0f} ms CPU")
    print(f"slope over bare: {walls[1] / bare_wall_s:.3f} of wall, {cpu_s / bare_cpu_s:.3f} of CPU")
    print(f"fixed a stage: {fixed_s:.1f} s wall, {fixed_cpu_s:.1f} s CPU (aim: 4)")
    print(f"two workers over one: {walls[1] / walls[2]:.2f} times (aim: 1.8)")
    peak_mb = max(cost.peak_mb for cost in chain.values())
    print(f"largest process: {peak_mb:.0f} MB (aim: 2000)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=24)
    parser.add_argument("--many", type=int, default=96)
    parser.add_argument("--videos", type=Path, default=VIDEOS)
    given = parser.parse_args()
    chain: dict[tuple[int, int], Cost] = {}
    bare: dict[int, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="orchestration-") as folder:
        for number in (given.few, given.many):
            videos = copy_videos(given.videos, Path(folder) / f"videos-{number}", number=number)
            bare[number] = measure_bare(Path(folder) / f"bare-{number}", videos)
            for workers in (1, 2):
                root = Path(folder) / f"project-{number}-{workers}"
                cost = measure_chain(root, videos, workers=workers, shard_size=given.few // 2)
                chain[workers, number] = cost
    print_results(chain, bare)


if __name__ == "__main__":
    main()
