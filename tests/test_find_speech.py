from pathlib import Path

import numpy as np
import pytest

from tasks.data.rows import Row, read_rows, write_rows
from tasks.data.shards import shard_path
from tasks.find_speech import find_speech, find_speech_shard
from tasks.outcomes import Outcome, Reason, Rejected, Status
from tasks.params import SpeechParams
from tasks.records import EXTRACT_SCHEMA, Extract, Speech

RATE = 16000


def make_vowel(seconds: float) -> bytes:
    """A buzz at 120 Hz through three resonances: the VAD takes it for a voice."""
    time = np.arange(int(seconds * RATE)) / RATE
    tones = [np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 30)]
    return (6000 * np.sum(tones, axis=0)).clip(-32768, 32767).astype("<i2").tobytes()


def test_speech_is_counted_in_seconds() -> None:
    speech = find_speech(Extract(make_vowel(3.0), [], []), params=SpeechParams())
    assert speech is not None
    bounds = speech.voiced
    assert sum(
        b - a for a, b in zip(bounds[::2], bounds[1::2], strict=True)
    ) / RATE == pytest.approx(speech.speech_s)
    assert 2.5 < speech.speech_s <= 3.0


@pytest.mark.parametrize(
    ("audio", "params"),
    [
        (bytes(2 * RATE * 3), SpeechParams()),
        (b"", SpeechParams(min_speech_s=0)),
        (make_vowel(0.8), SpeechParams()),
        (np.zeros(3 * RATE, "<i2").tobytes(), SpeechParams(silero=True)),
        (make_vowel(3.0), SpeechParams(silero=True)),
    ],
)
def test_too_little_speech(audio: bytes, params: SpeechParams) -> None:
    with pytest.raises(Rejected) as error:
        find_speech(Extract(audio, [], []), params=params)
    assert error.value.reason is Reason.too_little_speech


def test_a_picture_alone_has_no_speech_to_find() -> None:
    assert find_speech(Extract(None, [b"png"], [0.0]), params=SpeechParams()) is None


def test_a_shard_keeps_every_clip(tmp_path: Path) -> None:
    kept = Outcome("a_0-3000", Status.kept, "extract_media")
    silent = Outcome("b_0-3000", Status.kept, "extract_media")
    broken = Outcome(
        "c_0-3000", Status.failed, "extract_media", Reason.unreadable_media, "moov atom not found"
    )
    rows = [
        Row(kept, Extract(make_vowel(3.0), [], [])),
        Row(silent, Extract(bytes(96000), [], [])),
        Row(broken, None),
    ]
    extracts, out = tmp_path / "extracts", tmp_path / "speech"
    write_rows(shard_path(extracts, 0), rows, EXTRACT_SCHEMA, index=0, metadata={"key": "e"})
    result = find_speech_shard.fn(0, "k", extracts, out, SpeechParams())
    made = list(read_rows(shard_path(out, 0), Speech))
    assert [str(row.outcome.reason or row.outcome.status) for row in made] == [
        "kept",
        "too_little_speech",
        "unreadable_media",
    ]
    assert made[2].outcome == broken
    assert result.counts == {"kept": 1, "too_little_speech": 1, "unreadable_media": 1}
