"""How far is the data set's pipeline from what its arithmetic must cost?

`python -m benchmarks.pipeline [--data data] [--shard 0] [--clips 32]`: CPU seconds a clip on one
thread, of every stage's own code and of its floor, on clips that are there after `dvc repro`.
Floors: one decode of the wanted seconds, one detection on the chosen frame at the scale of the
face that is in it (with this project's detector, the quicker one), landmarks, one run of the face
encoder, one STFT and one log-mel, the bytes written once. The last line has the same detection by
dlib itself instead.
"""

import argparse
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from models.mmod import WINDOW_PX
from tasks.align_faces import align_face
from tasks.audio.logmel import compute_logmel
from tasks.audio.spectrogram import compute_spectrogram
from tasks.audio.vad import find_voiced_frames, select_voiced
from tasks.compute_features import open_encoder
from tasks.data.rows import join_clips, read_rows
from tasks.data.samples import pair_up
from tasks.data.shards import read_records, shard_path
from tasks.extract_media import extract_clip
from tasks.face.boxes import Box, Picture, frame_box, resize_box
from tasks.face.dlib_models import load_detector
from tasks.face.landmarks import find_landmarks
from tasks.face.mmod import find_windows
from tasks.find_speech import find_speech
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.images import decode_png
from tasks.params import Params, read_params
from tasks.records import AlignedFace, Clip, Download, Extract


@dataclass
class Clock:
    """CPU seconds of this process and its children, by name."""

    spent_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        start = read_cpu_s()
        yield
        self.spent_s[name] = self.spent_s.get(name, 0.0) + read_cpu_s() - start


def read_cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure_clip(
    clip: Clip, download: Download, *, params: Params, clocks: tuple[Clock, Clock]
) -> bool:
    """Runs one clip through the stages and through their floors; False if it is not kept."""
    ours, floor = clocks
    with ours.measure("extract_media"):
        extract = extract_clip((clip, download), params=params.extract_media)
    with ours.measure("find_speech"):
        speech = find_speech(extract, params=params.find_speech)
    with ours.measure("align_faces"):
        face = align_face((clip, extract), params=params.align_faces)
    if speech is None or face is None:
        return False
    encoder = open_encoder(params.compute_features)
    with ours.measure("compute_features"):
        encoder.encode(decode_png(face.face)[None])
    samples = np.frombuffer(extract.audio or b"", "<i2")
    with ours.measure("write_shards"):
        compute_spectrogram(samples).astype("<f2").tobytes()
        compute_logmel(select_voiced(samples, pair_up(speech.voiced))).astype("<f2").tobytes()
    measure_floor(clip, download, extract, face, samples, params=params, floor=floor)
    return True


def measure_floor(
    clip: Clip,
    download: Download,
    extract: Extract,
    face: AlignedFace,
    samples: np.ndarray,
    *,
    params: Params,
    floor: Clock,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "media"
        path.write_bytes(download.media or b"")
        length_s = (clip.end_s or 0.0) - (clip.start_s or 0.0)
        wanted = ["-ss", str(download.offset_s), "-t", str(length_s)] if clip.end_s else []
        with floor.measure("extract_media"):
            run_ffmpeg([*wanted, "-i", str(path), "-f", "null", "-"], timeout_s=120)
    with floor.measure("find_speech"):
        find_voiced_frames(samples)
    frame = decode_png(extract.frames[face.frame_index])
    box = Box(*face.box, face.score)
    with floor.measure("align_faces"):
        find_windows(scale_to_window(frame, box))
    with floor.measure("landmarks"):
        find_landmarks(frame, box)
    with floor.measure("dlib"):
        load_detector()(scale_to_window(frame, box))
    with floor.measure("compute_features"):
        open_encoder(params.compute_features).encode(decode_png(face.face)[None])
    with floor.measure("write_shards"):
        compute_spectrogram(samples).astype("<f2").tobytes()
        compute_logmel(samples).astype("<f2").tobytes()


def scale_to_window(frame: Picture, box: Box) -> Picture:
    """`frame` at the scale at which `box` fills the detector's window."""
    size = [round(side * WINDOW_PX / box.width) for side in frame.shape[1::-1]]
    scaled = resize_box(
        frame,
        frame_box(frame.shape),
        size=(size[0], size[1]),
        resample=Image.Resampling.BILINEAR,
    )
    return np.ascontiguousarray(scaled)


def print_table(ours: Clock, floor: Clock, *, num_clips: int) -> None:
    least = dict(floor.spent_s)
    dlib_s = least.pop("dlib") - least["align_faces"]
    least["align_faces"] += least.pop("landmarks")
    print(f"CPU ms a clip, one thread, {num_clips} clips")
    print(f"{'stage':18}{'ours':>9}{'floor':>9}{'ratio':>8}")
    for name, spent_s in ours.spent_s.items():
        print_row(name, spent_s, least[name], num_clips=num_clips)
    total_s, least_s = sum(ours.spent_s.values()), sum(least.values())
    print_row("all", total_s, least_s, num_clips=num_clips)
    print_row("all, dlib's floor", total_s, least_s + dlib_s, num_clips=num_clips)


def print_row(name: str, ours_s: float, floor_s: float, *, num_clips: int) -> None:
    ours_ms, floor_ms = 1000 * ours_s / num_clips, 1000 * floor_s / num_clips
    print(f"{name:18}{ours_ms:9.1f}{floor_ms:9.1f}{ours_ms / floor_ms:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--clips", type=int, default=32)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    params = read_params()
    clips = read_records(shard_path(given.data / "clips", given.shard), Clip)
    rows = join_clips(clips, read_rows(shard_path(given.data / "media", given.shard), Download))
    clocks, done = (Clock(), Clock()), -1
    for row in rows:
        if done == 0:
            clocks = (Clock(), Clock())  # the first clip loaded the models
        if row.record is None or done == given.clips:
            continue
        done += measure_clip(*row.record, params=params, clocks=clocks)
    print_table(*clocks, num_clips=done)


if __name__ == "__main__":
    main()
