import hashlib
import logging
from dataclasses import replace

import pytest

from tasks.data.left_out import LeftOut, read_left_out
from tasks.data.shards import list_shards, read_key, read_records, shard_path
from tasks.list_clips import assign_shards, list_corpus
from tasks.params import CorpusParams
from tasks.records import CLIP_SCHEMA, Clip, Kind


def make_clips(*names, **values):
    """`names` are "<video>:<start>"; each clip lasts 3 s."""
    clips = []
    for name in names:
        video, start = name.split(":")
        span = (float(start), float(start) + 3)
        clip_id = f"{video}_{int(span[0] * 1000)}-{int(span[1] * 1000)}"
        clips.append(
            Clip(clip_id, "avspeech", Kind.clip, video, start_s=span[0], end_s=span[1], **values)
        )
    return clips


def read_ids(out):
    return {
        index: [clip.clip_id.split("-")[0] for clip in read_records(path, Clip)]
        for index, path in list_shards(out).items()
    }


def hash_files(out):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()}


FIRST = make_clips("a:0", "b:0", "a:5", "c:0", "c:5", "b:9")


def test_clips_come_back_as_listed(tmp_path):
    clips = [replace(FIRST[0], x=0.25, y=0.5, age=31.0, gender="f", media="m.mp4", checksum="0")]
    report = assign_shards(clips, out=tmp_path, shard_size=4)
    assert (report.num_clips, report.num_shards, report.num_written) == (1, 1, 1)
    assert list(read_records(shard_path(tmp_path, 0), Clip, columns=CLIP_SCHEMA.names)) == clips


def test_videos_stay_whole_and_shards_repeatable(tmp_path):
    assign_shards(iter(FIRST), out=tmp_path / "one", shard_size=4)
    assert read_ids(tmp_path / "one") == {
        0: ["a_0", "a_5000", "b_0", "b_9000"],
        1: ["c_0", "c_5000"],
    }
    assign_shards(FIRST, out=tmp_path / "two", shard_size=4)
    assert hash_files(tmp_path / "one") == hash_files(tmp_path / "two")


def test_second_listing_is_append_only(tmp_path):
    assign_shards(FIRST, out=tmp_path, shard_size=4)
    before = hash_files(tmp_path)
    stamps = {path: path.stat().st_ino for path in tmp_path.iterdir()}
    more = make_clips("d:0", "c:5", "c:0", "a:8", "b:9", "b:0", "a:5", "a:0")
    report = assign_shards(more, out=tmp_path, shard_size=4)
    assert read_ids(tmp_path)[2] == ["d_0", "a_8000"]
    assert report.num_written == 1
    assert {name: hash_files(tmp_path)[name] for name in before} == before
    assert all(path.stat().st_ino == stamp for path, stamp in stamps.items())


def test_gone_clips_leave_holes_and_numbers_stay(tmp_path):
    assign_shards(FIRST, out=tmp_path, shard_size=4)
    kept = [clip for clip in FIRST if clip.video_id not in ("a", "c")]
    report = assign_shards([*kept, *make_clips("e:0")], out=tmp_path, shard_size=4)
    assert read_ids(tmp_path) == {0: ["b_0", "b_9000"], 1: [], 2: ["e_0"]}
    assert (report.num_shards, report.num_written) == (3, 3)


def test_an_interrupted_listing_is_completed_alike(tmp_path):
    assign_shards(FIRST, out=tmp_path, shard_size=2)
    whole = hash_files(tmp_path)
    shard_path(tmp_path, 2).unlink()
    report = assign_shards(FIRST, out=tmp_path, shard_size=2)
    assert (hash_files(tmp_path), report.num_written) == (whole, 1)


def test_another_corpus_replaces_the_shards(tmp_path):
    assign_shards(FIRST, out=tmp_path, shard_size=2)
    assign_shards(make_clips("z:0"), out=tmp_path, shard_size=2)
    assert read_ids(tmp_path) == {0: ["z_0"]}


def test_labels_change_only_the_labels_key(tmp_path):
    path = shard_path(tmp_path, 0)
    assign_shards(FIRST, out=tmp_path, shard_size=9)
    keys = read_key(path), read_key(path, "labels_key")
    labelled = [replace(clip, gender="f") for clip in FIRST]
    assert assign_shards(labelled, out=tmp_path, shard_size=9).num_written == 1
    assert (read_key(path) == keys[0], read_key(path, "labels_key") == keys[1]) == (True, False)
    moved = [replace(clip, x=0.5, y=0.5) for clip in labelled]
    assign_shards(moved, out=tmp_path, shard_size=9)
    assert read_key(path) != keys[0]


def test_exact_repeats_are_kept_once_and_counted(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        report = assign_shards([*FIRST, *FIRST[:2]], out=tmp_path, shard_size=9)
    assert (report.num_clips, report.num_repeated) == (6, 2)
    assert "2 rows repeat" in caplog.text


def test_two_rows_that_disagree_about_a_clip_are_bad(tmp_path):
    clips = [*FIRST, replace(FIRST[1], x=0.5, y=0.5)]
    with pytest.raises(ValueError, match=r"value 'b_0-3000': listed twice, with x 0\.5 and None"):
        assign_shards(clips, out=tmp_path, shard_size=9)
    assert not list_shards(tmp_path)
    bad: list[ValueError] = []
    report = assign_shards(clips, out=tmp_path, shard_size=9, on_bad_row=bad.append)
    assert (report.num_clips, report.num_repeated, len(bad)) == (6, 0, 1)


def test_an_empty_corpus_empties_no_shard(tmp_path):
    assign_shards(FIRST, out=tmp_path, shard_size=9)
    with pytest.raises(ValueError, match="no clip"):
        assign_shards([], out=tmp_path, shard_size=9)
    assert len(read_ids(tmp_path)[0]) == 6


def test_bad_rows_are_skipped_where_the_corpus_says_so(tmp_path):
    path = tmp_path / "avspeech_train.csv"
    path.write_text("AAAAAAAAAAA,0,3,0.5,0.5\nBBBBBBBBBBB,9,3,0.5,0.5\n")
    params = CorpusParams(
        source="avspeech",
        watch=path,
        lists=[path],
        exclusions=tmp_path / "none",
        skip_bad_rows=True,
    )
    report = list_corpus.fn(tmp_path / "out", params)
    assert (report.num_clips, report.num_bad_rows) == (1, 1)
    left_out = read_left_out(tmp_path / "out")
    assert (left_out.num_repeated, left_out.num_bad_rows) == (0, 1)
    assert ":2: value '9,3'" in left_out.first_errors[0]
    assert read_left_out(tmp_path) == LeftOut()
    with pytest.raises(ValueError, match=":2: value '9,3'"):
        list_corpus.fn(tmp_path / "out", replace(params, skip_bad_rows=False))
