"""The folder corpus on real recordings, lent and never part of the project."""

import csv
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tasks.data.rows import read_outcomes, read_rows
from tasks.data.shards import read_records, shard_path
from tasks.lists.corpus import read_corpus
from tasks.media.images import decode_png
from tasks.outcomes import Outcome
from tasks.params import CorpusParams, SpeechParams
from tasks.records import AlignedFace, Clip, Extract, Kind
from tests.verb_chain import run_verbs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

# The table in the data's README; several words where it leaves the outcome to the parameters.
MUSIC = {"face_music_s18.mp4", "lipsync_to_music_lp_d10.mp4", "music_dance_nospeech.mp4"}
EXPECTED = {
    "-3R472tj_34.wav": {"no_video_stream"},
    "audio_only.mov": {"no_video_stream"},
    "no_audio_track.mp4": {"no_audio_stream"},
    "noaudio_oddfps.mp4": {"no_audio_stream"},
    "derived_empty.mp4": {"unreadable_media"},
    "derived_truncated.mp4": {"unreadable_media"},
    "digital_silence_face.mp4": {"too_little_speech"},
    **{name: {"kept", "too_little_speech"} for name in MUSIC},
    "noface_dog.mp4": {"no_face"},
    "slides_speech_noface.mp4": {"no_face"},
    "four_faces_cnn.mp4": {"ambiguous_faces"},
    "two_faces_interview.mp4": {"ambiguous_faces"},
    "overlap_two_speakers_002.avi": {"ambiguous_faces"},
    "six_tiles_same_face.mp4": {"ambiguous_faces"},
    "tiny_face_ted.mp4": {"face_too_small"},
    "derived_rotate90_tag.mp4": {"kept"},
    "oddfps_phone_advr_sample1.mp4": {"kept"},
    "oddfps_generated_face.mp4": {"kept", "ambiguous_faces"},
    "derived_short2s.mp4": {"kept"},
}
# Faces in files with several, by eye: the centre as fractions of the frame.
POINTS = {
    "four_faces_cnn.mp4": [(0.69, 0.19), (0.32, 0.54)],
    "two_faces_interview.mp4": [(0.29, 0.35), (0.69, 0.30)],
    "overlap_two_speakers_002.avi": [(0.26, 0.30), (0.72, 0.30)],
    "six_tiles_same_face.mp4": [(0.41, 0.44), (0.91, 0.51)],
}
RIGHT_EYE, LEFT_EYE, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)


@pytest.fixture(scope="module")
def data_folder() -> Path:
    folder = Path(os.environ.get("SPEECH_PORTRAITS_DATA", "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip("real data absent: SPEECH_PORTRAITS_DATA names no folder")
    return folder


def make_corpus(path: Path, out: Path, **values: object) -> CorpusParams:
    exclusions = out / "exclusions.txt"
    return CorpusParams(source="folder", watch=path, path=path, exclusions=exclusions, **values)  # type: ignore[arg-type]


def read_final(data: Path) -> list[tuple[Clip, Outcome]]:
    clips = read_records(shard_path(data / "clips", 0), Clip)
    outcomes = read_outcomes(shard_path(data / "shards" / "outcomes", 0))
    return list(zip(clips, outcomes, strict=True))


def word(outcome: Outcome) -> str:
    return str(outcome.reason or outcome.status)


def check_upright(face: AlignedFace) -> None:
    """Eyes above the mouth, the person's right eye at the left, all three within the crop."""
    points = np.reshape(face.landmarks, (68, 2))
    features = np.stack([points[part].mean(0) for part in (RIGHT_EYE, LEFT_EYE, MOUTH)])
    right, left, mouth = features
    assert right[0] < left[0]
    assert max(right[1], left[1]) + 20 < mouth[1]
    assert ((features > 0) & (features < 224)).all()
    assert decode_png(face.face).shape == (224, 224, 3)


def read_faces(data: Path) -> dict[str, AlignedFace]:
    rows = read_rows(shard_path(data / "faces", 0), AlignedFace)
    return {row.outcome.clip_id: row.record for row in rows if row.record is not None}


def test_all_talking_faces_are_kept(data_folder: Path, tmp_path: Path) -> None:
    files = sorted(p.name for p in (data_folder / "clips").iterdir() if p.suffix != ".csv")
    data = tmp_path / "data"
    corpus = make_corpus(data_folder / "clips", tmp_path)
    run_verbs(data, corpus)
    final = read_final(data)
    assert sorted(Path(str(clip.media)).name for clip, _ in final) == files
    lost = {clip.media: word(outcome) for clip, outcome in final if not outcome.is_kept}
    # 0.92 s of speech in a clip of 1.1 s
    shortest = str(data_folder / "clips" / "lrs3_OzA6jRYjVQs.mp4")
    assert lost.items() <= {shortest: "too_little_speech"}.items()
    run_verbs(data, corpus, speech=SpeechParams(min_speech_s=0.5))
    lost = {clip.media: word(outcome) for clip, outcome in read_final(data) if not outcome.is_kept}
    assert not lost
    for face in read_faces(data).values():
        check_upright(face)
    pairs = pq.read_table(data / "shards" / "pairs")
    assert len(pairs) == len(files) == 36
    assert set(pairs["split"].to_pylist()) <= {"train", "val", "test"}
    for values in pairs.select(["spectrogram", "face_feature"]).to_pylist():
        spectrogram = np.frombuffer(values["spectrogram"], "<f2").reshape(2, 598, 257).astype("f4")
        assert np.isfinite(spectrogram).all()
        assert spectrogram.std() > 0.01
        assert 0.5 < np.linalg.norm(values["face_feature"]) < 3


def test_hard_files_come_out_as_expected(data_folder: Path, tmp_path: Path) -> None:
    data, corpus = tmp_path / "data", make_corpus(data_folder / "hard", tmp_path)
    run_verbs(data, corpus)
    final = {Path(str(clip.media)).name: outcome for clip, outcome in read_final(data)}
    files = {path.name for path in (data_folder / "hard").iterdir() if path.suffix != ".csv"}
    assert final.keys() == files
    wrong = {
        name: final[name] for name, words in EXPECTED.items() if word(final[name]) not in words
    }
    assert not wrong
    assert all(outcome.message for outcome in final.values() if not outcome.is_kept)
    check_upright(read_faces(data)[final["derived_rotate90_tag.mp4"].clip_id])

    made = run_verbs(data, corpus, speech=SpeechParams(silero=True))
    assert {folder for folder, _ in made} == {"speech", "shards/outcomes"}
    final = {Path(str(clip.media)).name: outcome for clip, outcome in read_final(data)}
    assert {word(final[name]) for name in MUSIC} == {"too_little_speech"}
    assert word(final["derived_short2s.mp4"]) == "kept"


def test_a_point_says_which_of_several_faces(data_folder: Path, tmp_path: Path) -> None:
    rows = [(name, x, y, start) for name in POINTS for start, (x, y) in enumerate(POINTS[name])]
    table = tmp_path / "points.csv"
    write_table(table, ("file", "x", "y", "start_s", "end_s"), [(*row, row[3] + 4) for row in rows])
    data = tmp_path / "data"
    run_verbs(data, make_corpus(data_folder / "hard", tmp_path, table=table))
    assert Counter(word(outcome) for _, outcome in read_final(data)) == {"kept": len(rows)}
    faces = read_faces(data)
    for clip, extract in zip(
        read_records(shard_path(data / "clips", 0), Clip),
        read_rows(shard_path(data / "extracts", 0), Extract, columns=["frames"]),
        strict=True,
    ):
        face = faces[clip.clip_id]
        assert extract.record is not None
        height, width = decode_png(extract.record.frames[face.frame_index]).shape[:2]
        left, top, right, bottom = face.box
        assert left < (clip.x or 0) * width < right, clip
        assert top < (clip.y or 0) * height < bottom, clip
        check_upright(face)


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def test_all_pairs_are_listed(data_folder: Path, tmp_path: Path) -> None:
    folder = data_folder / "pairs"
    corpus = make_corpus(
        folder, tmp_path, table=folder / "pairs.csv", columns={"nationality": "native"}
    )
    clips = list(read_corpus(corpus))
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(clips) == len({clip.clip_id for clip in clips}) == len(rows) == 876
    for clip, row in zip(clips, rows, strict=True):
        assert clip.kind is Kind.pair
        assert (Path(str(clip.media)), Path(str(clip.picture))) == (
            folder / row["voice"],
            folder / row["face"],
        )
        assert (clip.identity, clip.gender) == (row["identity"] or None, row["gender"] or None)
        assert (clip.ethnicity, clip.nationality) == (
            row["ethnicity"] or None,
            row["native"] or None,
        )


def test_pairs_of_voice_and_face_become_shards(data_folder: Path, tmp_path: Path) -> None:
    folder = data_folder / "pairs"
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # Names with `-` in front; people with all labels; assistants, whose pictures show no face.
    chosen = rows[:8] + rows[-16:]
    table = tmp_path / "pairs.csv"
    named = ("sound", "picture", "identity", "gender", "ethnicity")
    columns = {"voice": "sound", "face": "picture"}
    write_table(
        table, named, [[row[columns_of(name, columns)] for name in named] for row in chosen]
    )
    data = tmp_path / "data"
    run_verbs(data, make_corpus(folder, tmp_path, table=table, columns=columns))
    expected = ["no_face" if row["synthetic_voice"] == "1" else "kept" for row in chosen]
    assert [word(outcome) for _, outcome in read_final(data)] == expected
    pairs = pq.read_table(data / "shards" / "pairs")
    assert sorted(pairs["gender"].to_pylist(), key=str) == sorted(
        (row["gender"] or None for row in chosen if row["synthetic_voice"] == "0"), key=str
    )
    for face in read_faces(data).values():
        check_upright(face)


def columns_of(name: str, columns: dict[str, str]) -> str:
    """The name that the published table has for a column of ours."""
    return {theirs: ours for ours, theirs in columns.items()}.get(name, name)
