import shutil
import wave
from collections import namedtuple
from pathlib import Path

import pytest

from flows import estimate as command
from tasks.estimate import CAMERA, count_runs, estimate_corpus
from tasks.estimation.volume import Volume, count_volume, measure_files
from tasks.params import BudgetParams, CorpusParams, DownloadParams, Params, RunParams
from tasks.records import Clip, Kind
from tests.fake_corpus import make_clips, write_fake_corpus

ROWS = (
    "aaaaaaaaaaa,0,4,0.5,0.5\n"
    "aaaaaaaaaaa,10,13,0.5,0.5\n"
    "-bbbbbbbbbb,5,8,0.5,0.5\n"
    "ccccccccccc,1,2.5,0.5,0.5\n"
)
TOTAL_S = 4 + 3 + 3 + 1.5
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def params(tmp_path: Path) -> Params:
    lists = tmp_path / "avspeech_train.csv"
    lists.write_text(ROWS)
    corpus = CorpusParams(source="avspeech", watch=lists, lists=[lists])
    download = DownloadParams(requests_per_minute=7, concurrency=4, preroll_s=2)
    return Params(corpus=corpus, download=download, run=RunParams(workers=4))


def test_lists_are_counted_before_anything_is_there(params: Params, tmp_path: Path) -> None:
    estimate = estimate_corpus(tmp_path / "data", params)
    volume = estimate.volume
    assert (volume.num_clips, len(volume.videos), volume.num_requests) == (4, 3, 4 + 3)
    assert volume.voice_s == volume.remote_s == pytest.approx(TOTAL_S)
    assert not estimate.is_listed
    assert not any(stage.is_measured for stage in estimate.stages)
    assert not (tmp_path / "data").exists()


def test_time_is_that_of_the_limit_that_binds(params: Params, tmp_path: Path) -> None:
    times = {stage.stage: stage.seconds for stage in estimate_corpus(tmp_path, params).stages}
    assert times["download"] == pytest.approx(60)  # 7 requests at 7 a minute
    assert times["align_faces"] == pytest.approx(4 * CAMERA.face_s / 4)


def test_network_volume_by_hand(params: Params, tmp_path: Path) -> None:
    bytes_per_s = 104e3 * (720 * 720 * 16 / 9) / 700e3
    wanted_s = TOTAL_S + 4 * (2 + 2.5)
    expected = wanted_s * bytes_per_s + 3 * 1.5e6
    assert estimate_corpus(tmp_path, params).network_bytes == pytest.approx(expected)


def test_final_shards_are_as_large_as_their_arrays(params: Params, tmp_path: Path) -> None:
    sizes = {stage.stage: stage.num_bytes for stage in estimate_corpus(tmp_path, params).stages}
    spectrograms = 4 * 2 * 598 * 257 * 2
    assert spectrograms < sizes["write_shards"] < 1.25 * spectrograms
    assert sizes["compute_features"] == pytest.approx(4 * (128 * 4 + 100))


def test_shards_that_are_there_are_measured(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_fake_corpus(data, make_clips(100), shard_size=50)
    for path in data.glob("media/shard-00001.parquet"):
        path.unlink()  # half of the downloads are there
    params = Params(corpus=CorpusParams(source="sample", watch=tmp_path))
    estimate = estimate_corpus(data, params)
    stages = {stage.stage: stage for stage in estimate.stages}
    assert estimate.is_listed
    assert all(stage.is_measured for stage in stages.values())
    (media,) = (data / "media").iterdir()
    assert stages["download"].num_bytes == pytest.approx(2 * media.stat().st_size)
    files = [path for path in data.rglob("*.parquet") if path.is_file()]
    assert estimate.num_bytes_there == sum(path.stat().st_size for path in files)


def test_shards_of_another_corpus_count_for_nothing(params: Params, tmp_path: Path) -> None:
    write_fake_corpus(tmp_path / "data", make_clips(30))
    estimate = estimate_corpus(tmp_path / "data", params)
    assert not estimate.is_listed
    assert estimate.volume.num_clips == 4


@pytest.mark.parametrize(
    ("budget", "runs"),
    [
        (BudgetParams(), 1),
        (BudgetParams(hours=10), 3),
        (BudgetParams(clips=100), 10),
        (BudgetParams(gigabytes=2.5, hours=1000), 4),
        (BudgetParams(hours=10, clips=100), 10),
    ],
)
def test_runs_follow_the_tightest_budget(budget: BudgetParams, runs: int) -> None:
    volume = Volume(num_remote_clips=1000, remote_s=25 * 3600)
    assert count_runs(volume, budget, num_bytes=10e9) == runs


def test_files_without_a_listed_length_are_probed(tmp_path: Path) -> None:
    for number, length_s in enumerate((1, 3)):
        with wave.open(str(tmp_path / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(bytes(2 * 16000 * length_s))
    (tmp_path / "2.wav").write_bytes(b"")
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    volume = count_volume(
        Clip(path.name, "folder", Kind.voice, path.name, media=str(path)) for path in paths
    )
    measure_files(volume)
    assert volume.voice_s == pytest.approx(3 * 2, abs=0.01)
    assert volume.num_requests == 0
    mean = sum(path.stat().st_size for path in paths[:2]) / 2
    assert volume.local_bytes == pytest.approx(3 * mean)


def test_pictures_by_address_are_one_request_each() -> None:
    faces = [
        Clip(f"f{i}", "voxceleb1", Kind.face, f"v{i}", picture=place)
        for i, place in enumerate(("https://example.org/a.jpg", "faces/b.jpg"))
    ]
    volume = count_volume(faces)
    assert (volume.num_faces, volume.num_requests, volume.voice_s) == (2, 1, 0)


def run_command(monkeypatch: pytest.MonkeyPatch, params: Params, *, free: int, folder: Path) -> int:
    monkeypatch.setattr(command, "read_params", lambda: params)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free))
    monkeypatch.setattr("sys.argv", ["estimate", "--data", str(folder)])
    return command.main()


def test_the_command_warns_of_a_small_disk(
    params: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(monkeypatch, params, free=10**12, folder=tmp_path) == 0
    printed = capsys.readouterr().out
    assert "4 clips of 3 videos" in printed
    assert "The disk is large enough" in printed
    assert run_command(monkeypatch, params, free=1000, folder=tmp_path) == 1
    assert "The disk is too small by" in capsys.readouterr().out


def test_a_bad_list_ends_it_with_its_line(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params.corpus.lists[0].write_text("aaaaaaaaaaa,4,1,0.5,0.5\n")
    with pytest.raises(SystemExit, match=r"avspeech_train.csv:1: value"):
        run_command(monkeypatch, params, free=1, folder=tmp_path)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "< 1 s"), (12, "12 s"), (3600, "1 h"), (90_061, "1 d 1 h"), (8_640_000, "100 d")],
)
def test_durations_have_two_units(seconds: float, words: str) -> None:
    assert command.format_duration(seconds) == words
