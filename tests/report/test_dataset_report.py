"""The parts of the data set's report, counted again from the made-up clips."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tasks.lists.splits import find_leaks as find_leaks_one_by_one
from tasks.outcomes import Reason
from tasks.report.dataset import attrition, people, provenance
from tasks.report.dataset.census import CENSUS_SCHEMA, check_final_shards, read_census, select_used
from tasks.report.dataset.published import build_wen_table
from tasks.report.dataset.quality import Quantity, build_quantiles
from tasks.report.dataset.reasons import REASON_WORDS, STAGE_WORDS, classify_reason
from tests.fake_corpus import FakeClip, make_clips, write_fake_corpus

CLIPS = make_clips(90, leak=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_fake_corpus(folder, CLIPS, shard_size=32)
    return folder


@pytest.fixture(scope="module")
def census(data: Path) -> pa.Table:
    return read_census(data)


def list_used() -> list[FakeClip]:
    return [item for item in CLIPS if any(item.flags.values())]


def test_every_listed_clip_is_in_the_census(census: pa.Table) -> None:
    assert census.schema == CENSUS_SCHEMA
    assert census["video_id"].to_pylist() == [item.clip.video_id for item in CLIPS]
    assert census["in_pairs"].to_pylist() == [item.flags["pairs"] for item in CLIPS]
    assert len(select_used(census)) == len(list_used())


def test_losses_add_up(census: pa.Table, data: Path) -> None:
    counted = attrition.count_attrition(census)
    lost = Counter((item.loss[0], str(item.loss[1])) for item in CLIPS if item.loss)
    assert counted.lost == lost
    assert counted.num_kept == sum(item.loss is None for item in CLIPS)
    assert counted.num_kept + lost.total() == counted.num_listed == len(CLIPS)
    assert counted.num_may_come == sum(n for (_, r), n in lost.items() if Reason(r).may_pass)
    assert attrition.build_funnel(counted).rows[-1][3] == counted.num_kept
    rejected = list(attrition.read_rejected(data))
    assert [row[0] for row in rejected] == [item.clip.clip_id for item in CLIPS if item.loss]
    assert attrition.count_seen(data) == lost
    assert attrition.find_examples(data).keys() == lost.keys()


def test_shards_on_their_way_are_listed_only(tmp_path: Path) -> None:
    write_fake_corpus(tmp_path, CLIPS, shard_size=32)
    for folder in ("outcomes", "pairs", "voices", "faces"):
        for path in (tmp_path / "shards" / folder).rglob("shard-00001.parquet"):
            path.unlink()
    counted = attrition.count_attrition(read_census(tmp_path))
    assert (counted.num_listed, counted.num_waiting) == (90, 32)
    assert "32 clips" in attrition.build_funnel(counted).note


def test_splits_are_counted(census: pa.Table) -> None:
    voices = [item for item in CLIPS if item.flags["voices"]]
    speech_s = {
        split: np.array([item.speech_s for item in voices if item.split == split])
        for split in ("train", "val", "test")
    }
    rows = {row[0]: row[1:] for row in people.build_splits(select_used(census), speech_s).rows}
    for split, row in rows.items():
        part = [item for item in list_used() if split in (item.split, "all")]
        flags = [sum(item.flags[name] for item in part) for name in ("pairs", "voices", "faces")]
        names = {item.clip.identity for item in part} - {None}
        assert row[:5] == (*flags, len(names), len({item.clip.video_id for item in part}))
        hours = sum(item.speech_s for item in part if item.flags["voices"]) / 3600
        assert row[5] == pytest.approx(hours)


@pytest.mark.parametrize("attribute", ["gender", "ethnicity", "nationality"])
def test_labels_are_counted_by_split(census: pa.Table, attribute: people.Attribute) -> None:
    table = people.build_demographics(select_used(census), attribute)
    wanted = Counter(
        (getattr(item.clip, attribute) or "unknown", item.split) for item in list_used()
    )
    for name, train, val, test, total, share, _ in table.rows:
        assert [train, val, test] == [wanted[name, split] for split in ("train", "val", "test")]
        assert total == sum(n for (value, _), n in wanted.items() if value == name)
        assert share == pytest.approx(float(total or 0) / len(list_used()))
    assert table.rows[-1][0] == "unknown"


def test_ages_stand_in_decades() -> None:
    ages = pa.chunked_array([pa.array([0, 9.9, 10, 35.5, None, 102], pa.float32())])
    assert people.group_ages(ages).to_pylist() == [
        *("0–9", "0–9", "10–19", "30–39"),
        None,
        "100–109",
    ]


def test_leaks_are_those_found_one_by_one(census: pa.Table) -> None:
    leaks = people.find_leaks(select_used(census))
    assigned = [(item.clip, item.split) for item in list_used()]
    assert {(leak.kind.removesuffix("_id"), leak.name) for leak in leaks} == {
        (leak.kind, leak.name) for leak in find_leaks_one_by_one(assigned)
    }
    assert [leak.name for leak in leaks] == ["person 001"]
    assert people.build_leaks(leaks).rows == (("identity", "person 001", 1, 0, 1),)


def test_a_video_in_two_splits_is_found(census: pa.Table) -> None:
    used = select_used(census)
    index = used.schema.get_field_index("video_id")
    same = pa.array(["one"] * len(used)).dictionary_encode()
    leaks = people.find_leaks(used.set_column(index, "video_id", pa.chunked_array([same])))
    counts = Counter(used["split"].to_pylist())
    assert [(leak.kind, leak.counts) for leak in leaks if leak.kind == "video_id"] == [
        ("video_id", counts)
    ]


def test_quantiles_are_exact() -> None:
    values = np.random.default_rng(0).uniform(1, 9, 1001)
    row = build_quantiles("t", "T", [Quantity("x", "x", "s", values, 4)]).rows[0]
    ordered = sorted(values.tolist())
    assert row[2:4] == (1001, 4)
    assert row[4] == pytest.approx(sum(ordered) / 1001)
    assert row[5:] == pytest.approx([ordered[i] for i in (0, 50, 250, 500, 750, 950, 1000)])


def test_nothing_measured_leaves_cells_empty() -> None:
    row = build_quantiles("t", "T", [Quantity("x", "x", "", np.empty(0))]).rows[0]
    assert set(row[4:]) == {None}


def test_wen_table_stands_beside_ours(census: pa.Table) -> None:
    rows = {row[0]: row for row in build_wen_table(select_used(census)).rows}
    train = [item for item in list_used() if item.split == "train"]
    assert rows["speech segments"][1:3] == (113_322, sum(item.flags["voices"] for item in train))
    # Sums as printed in Table 1.
    assert [rows[name][7] for name in ("speech segments", "face images", "subjects")] == [
        149_354,
        139_572,
        1_225,
    ]
    assert rows["men"][7] == 667
    assert rows["women"][7] == 558


def test_encoder_and_sizes_come_from_the_shards(data: Path) -> None:
    assert provenance.read_encoders(data) == [provenance.Encoder("dlib_resnet", "ab" * 32, "128")]
    folders = {folder.name: folder for folder in provenance.read_folders(data)}
    files = list((data / "media").glob("*.parquet"))
    assert folders["download"].num_bytes == sum(path.stat().st_size for path in files)
    assert folders["pairs"].num_rows == sum(item.flags["pairs"] for item in CLIPS)


def test_shards_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    write_fake_corpus(tmp_path, CLIPS, shard_size=32)
    next((tmp_path / "shards" / "pairs" / "train").iterdir()).unlink()
    with pytest.raises(ValueError, match=r"pairs.train: \d+ rows, but the outcomes put"):
        check_final_shards(tmp_path, read_census(tmp_path))
    write_fake_corpus(tmp_path, make_clips(32, source="other")[::-1], shard_size=32)
    other = tmp_path / "shards" / "outcomes" / "shard-00000.parquet"
    other.rename(other.with_name("shard-00001.parquet"))
    with pytest.raises(ValueError, match="not the clips of"):
        read_census(tmp_path)
    with pytest.raises(ValueError, match="no shards"):
        read_census(tmp_path / "nowhere")


def test_every_reason_and_stage_has_words() -> None:
    assert REASON_WORDS.keys() == set(Reason)
    assert classify_reason(Reason.timeout) == "may still come"
    assert classify_reason(Reason.unreadable_media) == "failed"
    assert classify_reason(Reason.no_face) == "rejected"
    assert next(iter(STAGE_WORDS)) == "list_clips"


def test_counts_of_names_leave_out_null(census: pa.Table) -> None:
    rows = people.build_people(people.count_clips_per_person(select_used(census))).rows
    assert sum(int(row[2] or 0) for row in rows) == sum(
        item.clip.identity is not None for item in list_used()
    )
    assert pc.sum(census["in_faces"]).as_py() == sum(item.flags["faces"] for item in CLIPS)
