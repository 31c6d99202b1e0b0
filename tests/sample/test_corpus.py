"""The shipped lists and videos belong together."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import av
import pytest

from tasks.sample import plan
from tasks.sample.plan import plan_corpus

SAMPLE = Path(plan.__file__).parent
VIDEOS = SAMPLE / "videos"
MAX_BYTES = 12_000_000
LISTS = {
    name: list(csv.reader((SAMPLE / f"avspeech_{name}.csv").open(encoding="utf-8")))
    for name in ("train", "test")
}
PEOPLE = {
    row["video_id"]: row for row in csv.DictReader((SAMPLE / "people.csv").open(encoding="utf-8"))
}


def find_ids(expected: str) -> set[str]:
    return {video_id for video_id, row in PEOPLE.items() if row["expected"] == expected}


def measure_duration_s(path: Path) -> float:
    with av.open(str(path)) as container:
        assert container.duration is not None
        return container.duration / av.time_base


def test_the_media_are_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in VIDEOS.iterdir()) <= MAX_BYTES


def test_the_lists_are_what_the_plan_says() -> None:
    planned = {r.video_id: r for r in plan_corpus(128, seed=0)}
    assert {video_id: r.expected for video_id, r in planned.items()} == {
        video_id: row["expected"] for video_id, row in PEOPLE.items()
    }
    for name, rows in LISTS.items():
        expected = {i: r.num_segments for i, r in planned.items() if r.list_name == name}
        assert Counter(row[0] for row in rows) == expected


def test_rows_have_the_official_shape() -> None:
    for row in LISTS["train"] + LISTS["test"]:
        assert re.fullmatch(r"[A-Za-z0-9_-]{11}(,\d+\.\d{6}){4}", ",".join(row))
        start_s, end_s, x, y = map(float, row[1:])
        assert start_s > 0
        assert 3 <= end_s - start_s <= 5
        assert 0 < x < 1
        assert 0 < y < 1


def test_the_lists_share_no_person() -> None:
    people = {name: {PEOPLE[row[0]]["identity"] for row in rows} for name, rows in LISTS.items()}
    assert not people["train"] & people["test"]
    kept = Counter(row["identity"] for row in PEOPLE.values() if row["expected"] == "kept")
    assert len(kept) == 128
    assert set(kept.values()) == {3}


def test_every_listed_video_is_there_unless_it_is_to_be_missing() -> None:
    there = {path.stem for path in VIDEOS.glob("*.mp4")}
    assert there == set(PEOPLE) - find_ids("not_found") - find_ids("no_format")
    assert {path.stem for path in VIDEOS.glob("*.html")} == find_ids("no_format")


@pytest.mark.parametrize("part", range(4))
def test_videos_cover_their_segments(part: int) -> None:
    ends_s: dict[str, float] = defaultdict(float)
    for video_id, _, end_s, *_ in LISTS["train"] + LISTS["test"]:
        ends_s[video_id] = max(ends_s[video_id], float(end_s))
    readable = sorted(find_ids("kept"))[part::64]
    for video_id in readable:
        assert measure_duration_s(VIDEOS / f"{video_id}.mp4") >= ends_s[video_id]
    for video_id in find_ids("outside_video"):
        assert measure_duration_s(VIDEOS / f"{video_id}.mp4") < ends_s[video_id]
