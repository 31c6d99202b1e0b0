"""estimate: disk, time and network volume that building the configured corpus will take."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from tasks.data.schemas import SMALL_FACE_SHAPE, SPECTROGRAM_BINS, SPECTROGRAM_CHANNELS
from tasks.data.shards import list_shards, read_records
from tasks.data.stubs import count_bytes, count_rows
from tasks.estimation.published import CORPORA, build_volume
from tasks.estimation.volume import Volume, count_volume, measure_files
from tasks.lists.corpus import read_corpus
from tasks.lists.labels import SPLITS
from tasks.params import BudgetParams, Params
from tasks.records import Clip, Seconds

HOUR_S, MINUTE_S, GIGABYTE = 3600.0, 60.0, 1e9
PCM_BYTES_PER_S = 32_000  # 16 kHz, int16
LOGMEL_BYTES_PER_S = 100 * 64 * 2  # 10 ms, 64 bins, float16
HOP_S = 0.01


@dataclass(frozen=True)
class Profile:
    """What a clip costs: bytes in its shards, and seconds of one CPU core for each stage.

    Bytes a second of media and bytes of a candidate frame are those at `num_pixels`.
    """

    words: str
    num_pixels: int
    media_bytes_per_s: float
    frame_bytes: float
    face_bytes: float
    extract_s: Seconds
    speech_s: Seconds
    face_s: Seconds
    write_s: Seconds
    request_s: Seconds


# Measured with one thread on 27 clips (103 s) of the embedded corpus, and on the first 6 s of 36
# clips of people who talk to a camera, 224 to 1920 pixels wide.
SAMPLE = Profile(
    words="27 clips of the embedded corpus",
    num_pixels=160**2,
    media_bytes_per_s=7.3e3,
    frame_bytes=34e3,
    face_bytes=69e3,
    extract_s=0.10,
    speech_s=0.001,
    face_s=0.08,
    write_s=0.01,
    request_s=0.05,
)
CAMERA = Profile(
    words="36 clips of people talking to a camera",
    num_pixels=700_000,
    media_bytes_per_s=104e3,
    frame_bytes=455e3,
    face_bytes=76e3,
    extract_s=0.40,
    speech_s=0.001,
    face_s=0.25,
    write_s=0.01,
    request_s=4.0,  # chosen
)
ENCODE_S = {"dlib_resnet": 0.02, "vgg_face": 0.41}  # a face on one core; measured
DIMENSION = {"dlib_resnet": 128, "vgg_face": 4096}
SPEECH_SHARE = 0.83  # of a clip, by the VAD; measured
CROP_SHARE = 0.8  # of an aligned face's bytes, its 224×224 PNG; measured
ROW_BYTES = 100  # ids and outcome; measured
# Chosen: run-up to the key frame before the wanted seconds, a watch page with its scripts, a
# lone picture, the pictures' shape.
KEY_FRAME_S, PAGE_BYTES, PICTURE_BYTES, ASPECT = 2.5, 1.5e6, 100e3, 16 / 9
FOLDERS = {
    "list_clips": ("clips",),
    "download": ("media",),
    "extract_media": ("extracts",),
    "find_speech": ("speech",),
    "align_faces": ("faces",),
    "compute_features": ("features",),
    "write_shards": (
        "shards/outcomes",
        *(f"shards/{name}/{split}" for name in ("pairs", "voices", "faces") for split in SPLITS),
    ),
}


@dataclass(frozen=True)
class StageCost:
    """One stage over the whole corpus; `is_measured` on those of its shards that are there."""

    stage: str
    num_bytes: float
    seconds: Seconds
    is_measured: bool


@dataclass(frozen=True)
class Estimate:
    """The answer, as if every clip came through; `num_runs` are those of `download.budget`."""

    volume: Volume
    profile: Profile
    stages: list[StageCost]
    network_bytes: float
    num_runs: int
    num_bytes_there: int
    num_bytes_free: int
    is_listed: bool

    @property
    def num_bytes(self) -> float:
        return sum(stage.num_bytes for stage in self.stages)

    @property
    def num_bytes_lacking(self) -> float:
        """What the disk is short of; 0 where it is large enough."""
        return max(0.0, self.num_bytes - self.num_bytes_there - self.num_bytes_free)


def estimate_corpus(data: Path, params: Params) -> Estimate:
    """Reads the lists, or the clips below `data` if they are of this source; fetches nothing.

    Raises ValueError for lists that are not right, as listing them would.
    """
    is_listed = _find_source(data / "clips") == params.corpus.source
    clips = _read_listed(data / "clips") if is_listed else _read_lists(params)
    volume = count_volume(clips)
    measure_files(volume)
    profile = SAMPLE if params.corpus.source == "sample" else CAMERA
    measured = measure_shards(data, volume.num_clips) if is_listed else {}
    there = sum(sum(_list_sizes(data, stage)) for stage in FOLDERS)
    network = compute_network(volume, profile, params)
    stages = compute_stages(volume, profile, params, measured)
    runs = count_runs(volume, params.download.budget, num_bytes=network)
    free = shutil.disk_usage(data if data.is_dir() else Path()).free
    return Estimate(volume, profile, stages, network, runs, there, free, is_listed)


def estimate_published(name: str, data: Path, params: Params) -> Estimate:
    """For a public corpus by its published size, without its lists."""
    volume = build_volume(CORPORA[name])
    network = compute_network(volume, CAMERA, params)
    return Estimate(
        volume,
        CAMERA,
        compute_stages(volume, CAMERA, params, {}),
        network,
        count_runs(volume, params.download.budget, num_bytes=network),
        num_bytes_there=0,
        num_bytes_free=shutil.disk_usage(data if data.is_dir() else Path()).free,
        is_listed=False,
    )


def _find_source(folder: Path) -> str | None:
    for path in list_shards(folder).values():
        for clip in read_records(path, Clip, batch_rows=1):
            return clip.source
    return None


def _read_listed(folder: Path) -> Iterator[Clip]:
    for path in list_shards(folder).values():
        yield from read_records(path, Clip, batch_rows=1024)


def _read_lists(params: Params) -> Iterator[Clip]:
    def skip(error: ValueError) -> None:
        """The stage list_clips counts and shows it."""

    return read_corpus(params.corpus, on_bad_row=skip if params.corpus.skip_bad_rows else None)


def compute_network(volume: Volume, profile: Profile, params: Params) -> float:
    """Bytes to fetch: the wanted seconds with their run-up, a page a video, lone pictures."""
    run_up_s = volume.num_remote_clips * (params.download.preroll_s + KEY_FRAME_S)
    rate = profile.media_bytes_per_s * _scale_pixels(profile, params)
    pictures = volume.num_remote_pictures * PICTURE_BYTES
    pages = len(volume.remote_videos) * (PAGE_BYTES if profile is CAMERA else 0.0)
    return (volume.remote_s + run_up_s) * rate + pages + pictures


def _scale_pixels(profile: Profile, params: Params) -> float:
    """How many times the profile's pixels a picture may have."""
    if profile is SAMPLE:
        return 1.0
    return params.download.max_height_px**2 * ASPECT / profile.num_pixels


def compute_stages(
    volume: Volume, profile: Profile, params: Params, measured: dict[str, float]
) -> list[StageCost]:
    """Every stage's bytes and its time on `run.workers` processes."""
    sizes = compute_sizes(volume, profile, params) | measured
    core_s = {
        "extract_media": volume.num_clips * profile.extract_s,
        "find_speech": volume.num_voices * profile.speech_s,
        "align_faces": volume.num_faces * profile.face_s,
        "compute_features": volume.num_faces * ENCODE_S[params.compute_features.encoder],
        "write_shards": volume.num_clips * profile.write_s,
    }
    seconds = {stage: total / params.run.workers for stage, total in core_s.items()}
    seconds["download"] = compute_download_s(volume, profile, params)
    return [
        StageCost(stage, size, seconds.get(stage, 0.0), stage in measured)
        for stage, size in sizes.items()
    ]


def compute_sizes(volume: Volume, profile: Profile, params: Params) -> dict[str, float]:
    """Bytes of each stage's shards, if every clip came through."""
    rows = volume.num_clips * ROW_BYTES
    rate, scale = profile.media_bytes_per_s, _scale_pixels(profile, params)
    num_frames = volume.num_videos_with_face * params.extract_media.num_frames + volume.num_pictures
    cut_s = volume.remote_s + volume.num_remote_clips * params.download.preroll_s + volume.local_s
    feature_bytes = 4 * DIMENSION[params.compute_features.encoder]
    num_frames_stft = params.write_shards.spectrogram_s / HOP_S
    pair_bytes = SPECTROGRAM_CHANNELS * SPECTROGRAM_BINS * 2 * num_frames_stft
    pair_bytes += CROP_SHARE * profile.face_bytes + feature_bytes
    small_face_bytes = SMALL_FACE_SHAPE[0] * SMALL_FACE_SHAPE[1] * SMALL_FACE_SHAPE[2]
    return {
        "list_clips": rows,
        "download": rows
        + cut_s * rate * scale
        + volume.local_bytes
        + volume.num_pictures * PICTURE_BYTES,
        "extract_media": rows
        + volume.voice_s * PCM_BYTES_PER_S
        + num_frames * profile.frame_bytes * scale,
        "find_speech": rows,
        "align_faces": rows + volume.num_faces * profile.face_bytes,
        "compute_features": rows + volume.num_faces * feature_bytes,
        "write_shards": rows
        + volume.num_pairs * pair_bytes
        + volume.voice_s * SPEECH_SHARE * LOGMEL_BYTES_PER_S
        + volume.num_faces * small_face_bytes,
    }


def measure_shards(data: Path, num_clips: int) -> dict[str, float]:
    """Bytes that stages with shards come to, by their bytes a listed clip."""
    measured = {}
    for stage, (first, *_) in FOLDERS.items():
        paths = list_shards(data / first).values()
        num_rows = sum(map(count_rows, paths))
        if num_rows:
            measured[stage] = sum(_list_sizes(data, stage)) / num_rows * num_clips
    return measured


def _list_sizes(data: Path, stage: str) -> list[int]:
    folders = (data / folder for folder in FOLDERS[stage])
    return [count_bytes(path) for folder in folders for path in list_shards(folder).values()]


def compute_download_s(volume: Volume, profile: Profile, params: Params) -> Seconds:
    """By the limit that binds; the embedded corpus's own server has none but the workers."""
    total_s = volume.num_requests * profile.request_s
    if profile is SAMPLE:
        return total_s / params.run.workers
    by_rate_s = volume.num_requests * MINUTE_S / params.download.requests_per_minute
    return max(by_rate_s, total_s / params.download.concurrency)


def count_runs(volume: Volume, budget: BudgetParams, *, num_bytes: float) -> int:
    """How many runs (nights) `download.budget` makes of it; 1 without a budget."""
    needs = (
        (volume.remote_s / HOUR_S, budget.hours),
        (volume.num_remote_clips + volume.num_remote_pictures, budget.clips),
        (num_bytes / GIGABYTE, budget.gigabytes),
    )
    return max([1, *(ceil(need / limit) for need, limit in needs if limit is not None)])
