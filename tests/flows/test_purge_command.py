import hashlib
from pathlib import Path

import pytest

from flows._process import lock_stage
from flows.purge import main
from tasks.data.shards import read_records, shard_path
from tasks.list_clips import assign_shards
from tasks.records import Clip, Kind

CLIPS = [Clip(f"{name}_0-3000", "avspeech", Kind.clip, name) for name in ("-a", "b", "c")]


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("corpus: {source: sample, watch: a, exclusions: out.txt}\n")
    assign_shards(CLIPS, out=Path("data/clips"), shard_size=2)


def list_videos(index: int) -> list[str]:
    return [clip.video_id for clip in read_records(shard_path(Path("data/clips"), index), Clip)]


def test_an_id_may_start_with_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--video", "-a"]) == 0
    assert (list_videos(0), list_videos(1)) == (["b"], ["c"])
    assert hashlib.sha256(b"video:-a").hexdigest() in Path("out.txt").read_text()
    said = capsys.readouterr().err
    assert "clips removed: 1 (-a_0-3000)" in said
    assert "dvc gc --workspace --cloud" in said


def test_an_unknown_id_is_kept_out_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--identity=ann"]) == 0
    assert hashlib.sha256(b"identity:ann").hexdigest() in Path("out.txt").read_text()
    assert "nothing held it" in capsys.readouterr().err


def test_a_running_stage_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with lock_stage("align_faces"):
        assert main(["--video", "b"]) == 1
    assert "stage align_faces is already running" in capsys.readouterr().err
    assert list_videos(0) == ["-a", "b"]


@pytest.mark.parametrize("arguments", [[], ["--video", "a", "--identity", "b"], ["--video"]])
def test_one_of_both_is_asked_for(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
