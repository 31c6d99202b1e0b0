"""A list as long as AVSpeech's, listed and sharded in a process whose memory is measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tasks.data.shards import list_shards

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[1]
NUM_ROWS, NUM_VIDEOS = 2_621_845, 270_000  # AVSpeech's training list (SPEC 1.3), about ten a video
SHARD_SIZE = 1024
MAX_BYTES = 1.5e9
ALPHABET = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype="S1"
)
LIST_ALL = """
import json, resource, sys, time
from pathlib import Path
from tasks.list_clips import list_corpus
from tasks.params import CorpusParams
table, out, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
start = time.monotonic()
corpus = CorpusParams(source="avspeech", watch=table, lists=[table], shard_size=size,
                      exclusions=table.with_name("exclusions.txt"))
report = vars(list_corpus.fn(out, corpus))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({**report, "bytes": peak, "seconds": time.monotonic() - start}))
"""


def write_list(path: Path) -> None:
    """Segments of 3 to 10 s, those of one video apart from each other in the list."""
    random = np.random.default_rng(0)
    letters = random.integers(0, len(ALPHABET), (NUM_VIDEOS, 11))
    names = ALPHABET[letters].view("S11").ravel().astype(str)
    videos = random.integers(0, NUM_VIDEOS, NUM_ROWS)
    # Every row has a start of its own, so that none repeats another.
    starts = np.arange(NUM_ROWS) % 400_000 / 1000
    ends = starts + random.uniform(3, 10, NUM_ROWS)
    points = random.uniform(0, 1, (NUM_ROWS, 2))
    with path.open("w") as file:
        for row in zip(names[videos], starts, ends, points[:, 0], points[:, 1], strict=True):
            file.write("{},{:.6f},{:.6f},{:.6f},{:.6f}\n".format(*row))


def list_all(table: Path, out: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", LIST_ALL, str(table), str(out), str(SHARD_SIZE)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=3000,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_avspeech_in_full(tmp_path: Path) -> None:
    table, out = tmp_path / "avspeech_train.csv", tmp_path / "clips"
    write_list(table)
    first = list_all(table, out)
    assert first["num_clips"] == NUM_ROWS
    assert first["num_repeated"] == 0
    assert first["num_shards"] == first["num_written"] == len(list_shards(out))
    assert first["bytes"] < MAX_BYTES, first
    check_shards(out)
    before = read_states(out)

    second = list_all(table, out)
    assert second["num_written"] == 0
    assert second["bytes"] < MAX_BYTES, second
    assert read_states(out) == before


def read_states(out: Path) -> dict[int, tuple[int, int]]:
    """Inode and time of each shard: another one of either means that it was written again."""
    return {
        index: (path.stat().st_ino, path.stat().st_mtime_ns)
        for index, path in list_shards(out).items()
    }


def check_shards(out: Path) -> None:
    """Full but for what a whole video needs, each video in one shard, every clip once."""
    video_shards: dict[str, int] = {}
    num_rows = 0
    shards = list_shards(out)
    for index, path in shards.items():
        videos = pq.read_table(path, columns=["video_id"])["video_id"].to_pylist()
        num_rows += len(videos)
        assert len(videos) <= SHARD_SIZE
        assert index == max(shards) or len(videos) > SHARD_SIZE - 64
        for video in set(videos):
            assert video_shards.setdefault(video, index) == index
    assert num_rows == NUM_ROWS
