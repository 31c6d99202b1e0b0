"""How much faster is the pipeline than a plain chain as public scripts have it?

`python -m benchmarks.reference VIDEOS [--clips 4]`: CPU seconds a clip on one thread. The plain
chain decodes to files (sound as WAV, one frame a second as JPEG at 720 lines at most), looks at
every frame with dlib's CNN detector, one picture at a time, cuts out and encodes the first face,
and computes two spectrograms with scipy. Not its models' loading, nor the pipeline's.
"""

import argparse
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from PIL import Image
from scipy.io import wavfile
from scipy.signal import stft

from benchmarks.pipeline import Clock, read_cpu_s
from tasks.align_faces import align_face
from tasks.audio.logmel import compute_logmel
from tasks.audio.spectrogram import compute_spectrogram
from tasks.audio.vad import select_voiced
from tasks.compute_features import open_encoder
from tasks.data.samples import pair_up
from tasks.extract_media import extract_clip
from tasks.face.dlib_models import (
    RESNET_FILE,
    find_model,
    load_detector,
    load_landmark_predictor,
)
from tasks.find_speech import find_speech
from tasks.media.ffmpeg import find_ffmpeg
from tasks.media.images import decode_png
from tasks.outcomes import Rejected
from tasks.params import Params, read_params
from tasks.records import Clip, Download, Kind

MAX_LINES, SECONDS, RATE = 720, 6, 16000


@lru_cache(maxsize=1)
def load_models() -> tuple[Any, Any, Any]:
    encoder = dlib.face_recognition_model_v1(str(find_model(RESNET_FILE)))
    return load_detector(), load_landmark_predictor(), encoder


def run_plain(path: Path, folder: Path) -> int:
    """The number of faces found."""
    quiet = [find_ffmpeg(), "-nostdin", "-v", "error", "-threads", "1", "-i", str(path)]
    wav, frames = folder / "sound.wav", folder / "%04d.jpg"
    subprocess.run([*quiet, "-vn", "-ac", "1", "-ar", str(RATE), str(wav)], check=True)
    scale = f"fps=1,scale=-2:'min({MAX_LINES},ih)'"
    subprocess.run([*quiet, "-an", "-vf", scale, "-q:v", "2", str(frames)], check=True)
    faces = [face for picture in sorted(folder.glob("*.jpg")) for face in find_faces(picture)]
    if faces:
        encode_face(*faces[0], folder / "face.png")
    samples = wavfile.read(wav)[1][: SECONDS * RATE] / 2**15
    for num_bins in (512, 1024):
        _, _, values = stft(samples, RATE, nperseg=400, noverlap=240, nfft=num_bins)
        np.save(folder / f"spectrogram_{num_bins}.npy", values)
    return len(faces)


def find_faces(path: Path) -> list[tuple[Any, Any]]:
    detector, _, _ = load_models()
    picture = np.asarray(Image.open(path).convert("RGB"))
    return [(picture, hit.rect) for hit in detector(picture)]


def encode_face(picture: Any, rectangle: Any, out: Path) -> None:
    _, predictor, resnet = load_models()
    shape = predictor(picture, rectangle)
    chip = dlib.get_face_chip(picture, shape, size=224, padding=0.25)
    Image.fromarray(chip).save(out)
    np.save(out.with_suffix(".npy"), np.array(resnet.compute_face_descriptor(picture, shape)))


def run_ours(path: Path, params: Params, folder: Path) -> bool:
    clip = Clip(path.stem, "folder", Kind.clip, path.stem, media=str(path))
    extract = extract_clip(
        (clip, Download(path.read_bytes(), path.suffix, 0.0, None)), params=params.extract_media
    )
    speech = find_speech(extract, params=params.find_speech)
    try:
        face = align_face((clip, extract), params=params.align_faces)
    except Rejected:
        return False
    assert face is not None
    open_encoder(params.compute_features).encode(decode_png(face.face)[None])
    samples = np.frombuffer(extract.audio or b"", "<i2")
    voiced = pair_up(speech.voiced) if speech is not None else []
    (folder / "spectrogram").write_bytes(compute_spectrogram(samples).astype("<f2").tobytes())
    logmel = compute_logmel(select_voiced(samples, voiced)) if voiced else np.zeros(0)
    (folder / "logmel").write_bytes(logmel.astype("<f2").tobytes())
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path, metavar="VIDEOS")
    parser.add_argument("--clips", type=int, default=4)
    given = parser.parse_args()
    paths = sorted(path for path in given.videos.iterdir() if path.suffix == ".mp4")
    paths = paths[:: max(1, len(paths) // given.clips)][: given.clips]
    params, clock = read_params(), Clock()
    load_models()
    with tempfile.TemporaryDirectory() as folder:
        run_ours(paths[0], params, Path(folder))  # loads the models
    for path in paths:
        start_s = read_cpu_s()
        with tempfile.TemporaryDirectory() as folder, clock.measure("ours"):
            run_ours(path, params, Path(folder))
        middle_s = read_cpu_s()
        with tempfile.TemporaryDirectory() as folder, clock.measure("plain"):
            run_plain(path, Path(folder))
        print(f"{path.name}: {middle_s - start_s:.2f} s, plain {read_cpu_s() - middle_s:.2f} s")
    ours_s, plain_s = clock.spent_s["ours"] / len(paths), clock.spent_s["plain"] / len(paths)
    print(f"a clip: ours {ours_s:.2f} s, plain chain {plain_s:.2f} s, {plain_s / ours_s:.0f} times")


if __name__ == "__main__":
    main()
