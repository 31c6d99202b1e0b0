"""Second-stage VAD: keeps of WebRTC's voiced ranges what Silero's network also calls speech.

WebRTC's VAD takes music for speech; Silero's does not. The network file comes with the package
silero-vad and is run by onnxruntime alone; importing that package would bring in torch.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

Range = tuple[int, int]

# The 16 kHz network that takes all windows in one call: the same probabilities, to the bit, as
# `silero_vad.onnx` window by window, in half the time.
MODEL_FILE = "data/silero_vad_16k_sequence.onnx"
WINDOW = 512  # samples at 16 kHz, the only size the network takes
CONTEXT = 64  # samples of the previous window put before each
HIDDEN = 128
BLOCK = 512  # windows in one call (16 s), to bound memory

# Defaults of silero-vad 6.2.3's get_speech_timestamps, in samples at 16 kHz.
EXIT_MARGIN = 0.15
MIN_EXIT_THRESHOLD = 0.01
MIN_SPEECH = 4000  # 250 ms
MIN_SILENCE = 1600  # 100 ms
PADDING = 480  # 30 ms


def compute_speech_probability(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """Probability of speech [ceil(N/512)] in each window of 512 of `samples` [N] at 16 kHz.

    The last window is filled with zeros. The network's state starts at zero and is carried along.
    """
    inputs = _build_inputs(samples)
    hidden = cell = np.zeros((1, 1, HIDDEN), dtype=np.float32)
    blocks = [np.empty(0, dtype=np.float32)]
    for first in range(0, len(inputs), BLOCK):
        feed = {"input": inputs[first : first + BLOCK], "h": hidden, "c": cell}
        probability, hidden, cell = _open_session().run(["speech_probs", "hn", "cn"], feed)
        blocks.append(probability)
    return np.concatenate(blocks)


def measure_speech_share(samples: npt.NDArray[np.int16], *, threshold: float = 0.5) -> float:
    """Share of the windows of `samples` [N] with at least `threshold`, 0 to 1; 0 without any."""
    probability = compute_speech_probability(samples)
    return float(np.mean(probability >= threshold)) if len(probability) else 0.0


def filter_voiced(
    samples: npt.NDArray[np.int16], ranges: list[Range], *, threshold: float = 0.5
) -> list[Range]:
    """The parts of `ranges` (of `samples` [N]) that lie inside one of Silero's speech segments.

    Silero hears the whole recording, not the ranges joined together. Ranges are cut at the
    segments' ends, so what is left can begin and end anywhere in a WebRTC frame.
    """
    probability = compute_speech_probability(samples)
    segments = find_segments(probability, num_samples=len(samples), threshold=threshold)
    return intersect_ranges(ranges, segments)


def find_segments(
    probability: npt.NDArray[np.float32], *, num_samples: int, threshold: float = 0.5
) -> list[Range]:
    """Speech segments as silero-vad's get_speech_timestamps gives them with its defaults.

    A segment opens at `threshold`, closes where the probability falls below `threshold` - 0.15
    and does not come back to `threshold` within 100 ms, is dropped unless longer than 250 ms, and
    grows by 30 ms on both sides.
    """
    exit_threshold = max(threshold - EXIT_MARGIN, MIN_EXIT_THRESHOLD)
    segments: list[Range] = []
    start: int | None = None
    silence: int | None = None
    for position, value in zip(range(0, num_samples, WINDOW), probability, strict=True):
        if value >= threshold:
            start = position if start is None else start
            silence = None
        elif start is not None and value < exit_threshold:
            silence = position if silence is None else silence
            if position - silence >= MIN_SILENCE:
                segments.append((start, silence))
                start = silence = None
    if start is not None:
        segments.append((start, num_samples))
    long = [(start, end) for start, end in segments if end - start > MIN_SPEECH]
    # Silences are longer than two paddings, so no two segments meet.
    return [(max(0, start - PADDING), min(num_samples, end + PADDING)) for start, end in long]


def intersect_ranges(first: list[Range], second: list[Range]) -> list[Range]:
    """What lies in both; each list is half-open, in order and disjoint, and so is the result."""
    both: list[Range] = []
    i = j = 0
    while i < len(first) and j < len(second):
        start, end = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if start < end:
            both.append((start, end))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return both


def _build_inputs(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """Windows with their context [num_windows, 576], float32 in [-1, 1]."""
    num_windows = -(-len(samples) // WINDOW)
    padded = np.zeros(CONTEXT + num_windows * WINDOW, dtype=np.float32)
    padded[CONTEXT : CONTEXT + len(samples)] = samples.astype(np.float32) / 32768
    if num_windows == 0:
        return np.empty((0, CONTEXT + WINDOW), dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + WINDOW)[::WINDOW]
    return np.ascontiguousarray(windows)  # [num_windows, 576]


@lru_cache(maxsize=1)
def _open_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors: the file has initializers that are never used
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(str(_find_model()), options, providers=providers)


def _find_model() -> Path:
    spec = find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise ValueError("find_speech.silero is on, but the package silero-vad is not installed")
    path = Path(spec.origin).parent / MODEL_FILE
    if not path.is_file():
        raise ValueError(f"the installed silero-vad has no {MODEL_FILE}: version 6.2.3 has")
    return path
