"""A purge, and what the stages then make again, on the first clips of the embedded corpus."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.data.rows import Row, write_rows
from tasks.data.shards import list_shards, name_shard, read_key, read_records, shard_path
from tasks.download import compute_content_key
from tasks.list_clips import list_corpus
from tasks.lists.exclusions import add_exclusion
from tasks.outcomes import Outcome, Status
from tasks.params import CorpusParams
from tasks.purge import PurgeReport, purge_shards
from tasks.records import DOWNLOAD_SCHEMA, Clip, Download
from tests.fake_corpus import make_clips, write_fake_corpus
from tests.verb_chain import FETCHED_BY, FOLDERS, run_verbs

SAMPLE = Path(__file__).parents[1] / "tasks" / "sample"
NUM_SHARDS = 3  # of two clips: the first person's, one of each, the second person's
UNREACHABLE = "http://127.0.0.1:1/{video_id}"  # shows that nothing is asked for


@pytest.fixture
def corpus(tmp_path: Path) -> CorpusParams:
    folder = tmp_path / "lists"
    folder.mkdir()
    lines = (SAMPLE / "avspeech_train.csv").read_text().splitlines(keepends=True)
    (folder / "avspeech_train.csv").write_text("".join(lines[: 2 * NUM_SHARDS]))
    (folder / "avspeech_test.csv").write_text("")
    (folder / "people.csv").write_bytes((SAMPLE / "people.csv").read_bytes())
    return CorpusParams(
        source="sample",
        watch=folder,
        path=folder,
        shard_size=2,
        exclusions=tmp_path / "exclusions.txt",
    )


def write_media(data: Path) -> None:
    """As the stage leaves it, without its network."""
    for index, path in list_shards(data / "clips").items():
        rows = [
            Row(
                Outcome(clip.clip_id, Status.kept, "download"),
                Download(
                    (SAMPLE / "videos" / f"{clip.video_id}.mp4").read_bytes(),
                    "mp4",
                    clip.start_s or 0.0,
                    None,
                ),
            )
            for clip in read_records(path, Clip)
        ]
        metadata = {
            "stage": "download",
            "made_from": str(read_key(path)),
            "fetched_by": FETCHED_BY,
            "key": compute_content_key(rows),
        }
        write_rows(
            shard_path(data / "media", index), rows, DOWNLOAD_SCHEMA, index=index, metadata=metadata
        )


def run_stages(data: Path, corpus: CorpusParams) -> list[tuple[str, int]]:
    return run_verbs(data, corpus, url_template=UNREACHABLE)


def read_files(data: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file's bytes, compressed columns in plain."""
    for path in filter(Path.is_file, data.rglob("*")):
        columns = pq.read_table(path).to_pylist() if path.suffix == ".parquet" else []
        yield path, path.read_bytes() + repr(columns).encode()


def find_name(data: Path, name: str) -> list[Path]:
    return [path for path, content in read_files(data) if name.encode() in content]


def list_inodes(data: Path, index: int) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in data.rglob(f"{name_shard(index)}.parquet")}


def purge(data: Path, corpus: CorpusParams, **who: str) -> PurgeReport:
    ((kind, name),) = who.items()
    add_exclusion(corpus.exclusions, kind, name=name)  # type: ignore[arg-type]
    return purge_shards(data, kind, name=name)  # type: ignore[arg-type]


def test_only_the_shards_concerned_are_made_again(tmp_path: Path, corpus: CorpusParams) -> None:
    data = tmp_path / "data"
    list_corpus.fn(data / "clips", corpus)
    write_media(data)
    assert len(run_stages(data, corpus)) == NUM_SHARDS * len(FOLDERS)
    clips = list(read_records(shard_path(data / "clips", 1), Clip))
    videos = [clip.video_id for clip in clips]
    untouched = list_inodes(data, 0)
    gone = list((data / "shards").rglob("shard-00001.parquet"))
    assert find_name(data, videos[0])
    (data / "faces" / ".shard-00001.parquet.1-aa.tmp").write_text(videos[0])
    unfinished = data / "partial" / "download" / "shard-00001"
    unfinished.mkdir(parents=True)
    outcome = {"clip_id": clips[0].clip_id}
    (unfinished / "000000.json").write_text(json.dumps({"outcome": outcome}))

    report = purge(data, corpus, video=videos[0])
    assert (report.clip_ids, report.shards) == ((clips[0].clip_id,), (1,))
    assert (report.num_rewritten, report.num_removed) == (2, len(gone) + 5)
    assert not find_name(data, videos[0])
    assert not any(path.exists() for path in gone)
    assert find_name(data / "media", videos[1])

    person = next(read_records(shard_path(data / "clips", 2), Clip)).identity
    assert purge(data, corpus, identity=str(person)).shards == (1, 2)
    made = run_stages(data, corpus)
    assert made == [(out, index) for out in ("media", *FOLDERS) for index in (1, 2)]
    assert not find_name(data, videos[0])
    assert not find_name(data, str(person))
    assert list_inodes(data, 0) == untouched
    outcomes = pq.read_table(data / "shards" / "outcomes")
    assert outcomes["status"].to_pylist() == ["kept"] * 2
    assert not run_stages(data, corpus)


def test_a_stopped_purge_is_completed(
    tmp_path: Path, corpus: CorpusParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    list_corpus.fn(data / "clips", corpus)
    write_media(data)
    video = next(read_records(shard_path(data / "clips", 1), Clip)).video_id

    def stop(path: Path, clip_ids: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tasks.purge._rewrite_clips", stop)
        with pytest.raises(KeyboardInterrupt):
            purge(data, corpus, video=video)
    assert purge(data, corpus, video=video).shards == (1,)
    assert not find_name(data, video)


def test_a_clip_that_is_listed_no_more_is_still_found(tmp_path: Path, corpus: CorpusParams) -> None:
    data = tmp_path / "data"
    list_corpus.fn(data / "clips", corpus)
    write_media(data)
    video = next(read_records(shard_path(data / "clips", 1), Clip)).video_id
    add_exclusion(corpus.exclusions, "video", name=video)
    list_corpus.fn(data / "clips", corpus)
    assert [path.parent.name for path in find_name(data, video)] == ["media"]
    assert purge(data, corpus, video=video).shards == (1,)
    assert not find_name(data, video)


def test_nothing_held_it(tmp_path: Path, corpus: CorpusParams) -> None:
    report = purge(tmp_path / "data", corpus, identity="nobody")
    assert report == PurgeReport((), (), 0, 0)


def test_svhfs_shards_go_too(tmp_path: Path) -> None:
    clips, data = make_clips(6), tmp_path / "data"
    write_fake_corpus(data, clips, shard_size=2)
    for index in range(3):
        rows = [vars(item.clip) for item in clips[2 * index : 2 * index + 2]]
        for folder in ("outcomes", "voices/train", "faces/test"):
            path = shard_path(data / "svhf" / folder, index)
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(rows).drop(["kind"]), path)
    purge_shards(data, "video", name=clips[3].clip.video_id)
    assert not list(data.glob("svhf/**/shard-00001.parquet"))
    assert len(list(data.glob("svhf/**/shard-*.parquet"))) == 6
