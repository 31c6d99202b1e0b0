import pytest

from tasks.lists.people import read_meta
from tasks.lists.voxceleb import read_audio, read_tracks
from tasks.records import Kind

META = (
    "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"
    "id10001\tA.J._Buckley\tm\tIreland\tdev\nid10002\tZoe_Saldana\tf\tUSA\tdev\n"
)
VIDEO = "5hHu6Nuhj_4"
VOX1_ROWS = (
    "000050 \t257 \t54 \t109 \t110 \n000051 \t250 \t54 \t109 \t110 \n000100 \t2 \t5 \t9 \t9 \n"
)
VOX2_ROWS = "000349 \t0.319 \t0.067 \t0.424 \t0.753 \n000350 \t0.3 \t0.0 \t0.4 \t0.7 \n"


def make_track(rows=VOX1_ROWS, identity="id10001", video=VIDEO):
    return (
        f"Identity  : \t{identity}\nReference : \t{video}\nOffset    : \t-2\n"
        f"FV Conf   : \t20.230\t(1)\nASD Conf  : \t8.145\n\nFRAME \tX \tY \tW \tH \n{rows}"
    )


@pytest.fixture
def people(write):
    return read_meta(write("meta.csv", META))


@pytest.mark.parametrize("top", ["id10001", "A.J._Buckley", "dev/txt/id10001"])
def test_track_counts_frames_at_25_fps(write, tmp_path, people, top):
    write(f"t/{top}/{VIDEO}/00001.txt", make_track())
    write("t/readme.txt", "not a track")
    (clip,) = read_tracks(tmp_path / "t", people, source="voxceleb1")
    assert (clip.start_s, clip.end_s) == (2.0, 4.0)
    assert clip.clip_id == f"{VIDEO}_2000-4000"
    assert (clip.x, clip.y, clip.width, clip.height) == (311.5, 109, 109, 110)
    assert (clip.unit, clip.kind, clip.video_id) == ("pixel", Kind.clip, VIDEO)
    assert (clip.identity, clip.gender, clip.nationality) == ("A.J._Buckley", "m", "Ireland")


def test_vox2_boxes_are_fractions(write, tmp_path, people):
    write(f"t/id10001/{VIDEO}/00001.txt", make_track(VOX2_ROWS))
    (clip,) = read_tracks(tmp_path / "t", people, source="voxceleb2")
    assert clip.unit == "fraction"
    assert clip.x == pytest.approx(0.319 + 0.212)
    assert (clip.start_s, clip.end_s) == (349 / 25, 350 / 25)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (make_track(VOX2_ROWS), "8: value .*pixels: is this VoxCeleb2"),
        (make_track(rows=""), "7: value .*no frame"),
        (make_track(rows="000050 \t1 \t2 \t3 \t4 \n"), "8: value 50: the last frame is not after"),
        (make_track(rows="000060 1 2 3 4\n000050 1 2 3 4\n"), "9: value 50: .* not after 60"),
        (make_track(rows="x 1 2 3 4\n"), "8: value 'x 1 2 3 4': not a row"),
        (make_track(rows="000050 1 2 0 4\n000060 1 2 3 4\n"), "8: .*without width"),
        (make_track(identity="id10002"), "1: value 'id10002': lies in the folder of A.J."),
        (make_track(video="AAAAAAAAAAA"), "2: value 'AAAAAAAAAAA': lies in the folder 5hHu"),
        ("", "1: value '': no line FRAME"),
        ("FRAME X Y W H\n1 1 1 1 1", "no line `Identity"),
    ],
)
def test_bad_tracks(write, tmp_path, people, text, why):
    write(f"t/id10001/{VIDEO}/00001.txt", text)
    with pytest.raises(ValueError, match=rf"00001\.txt:{why}|00001\.txt:1: .*{why}"):
        list(read_tracks(tmp_path / "t", people, source="voxceleb1"))
    bad: list[ValueError] = []
    assert not list(read_tracks(tmp_path / "t", people, source="voxceleb1", on_bad_row=bad.append))
    assert len(bad) == 1


def test_vox1_tracks_are_not_taken_for_vox2(write, tmp_path, people):
    write(f"t/id10001/{VIDEO}/00001.txt", make_track())
    with pytest.raises(ValueError, match="fractions: is this VoxCeleb1"):
        list(read_tracks(tmp_path / "t", people, source="voxceleb2"))


def test_strangers_and_other_folders(write, tmp_path, people):
    write(f"t/id99999/{VIDEO}/00001.txt", make_track())
    write("t/id10001/short/00001.txt", make_track(video="short"))
    bad: list[ValueError] = []
    assert not list(read_tracks(tmp_path / "t", people, source="voxceleb1", on_bad_row=bad.append))
    assert "value 'short'" in str(bad[0])
    assert f"value 'id99999': no such person in {tmp_path / 'meta.csv'}" in str(bad[1])


@pytest.mark.parametrize("top", ["wav/id10001", "dev/wav/A.J._Buckley"])
def test_audio_files_of_one_video_have_names_of_their_own(write, tmp_path, people, top):
    files = [write(f"a/{top}/{VIDEO}/{name}", "x") for name in ("00001.wav", "00002.wav")]
    other = write(f"a/wav/id10002/{VIDEO}/00001.wav", "x")
    clips = list(read_audio(tmp_path / "a", people, source="voxceleb1"))
    assert {clip.media for clip in clips} == {path.as_posix() for path in [*files, other]}
    assert len({clip.clip_id for clip in clips}) == 3
    assert {clip.video_id for clip in clips} == {VIDEO}
    assert {clip.kind for clip in clips} == {Kind.voice}
    assert {clip.identity for clip in clips} == {"A.J._Buckley", "Zoe_Saldana"}
    assert f"{VIDEO}_id10001_00001_0-end" in {clip.clip_id for clip in clips}


def test_talking_face_files_are_clips(write, tmp_path, people):
    write(f"a/mp4/id10001/{VIDEO}/00001.mp4", "x")
    (clip,) = read_audio(tmp_path / "a", people, source="voxceleb2")
    assert clip.kind is Kind.clip


@pytest.mark.parametrize("folder", ["voxceleb1_txt", "voxceleb1_txt_tracks"])
def test_real_tracks(real_lists, folder):
    people = read_meta(real_lists / "vox1_meta.csv")
    clips = list(read_tracks(real_lists / folder, people, source="voxceleb1"))
    files = sorted((real_lists / folder).rglob("*.txt"))
    assert len(clips) == len(files) == {"voxceleb1_txt": 4, "voxceleb1_txt_tracks": 92}[folder]
    assert len({clip.clip_id for clip in clips}) == len(files)
    spans = set()
    for path in files:
        frames = [int(row.split()[0]) for row in path.read_text().splitlines() if row[:1] == "0"]
        spans.add((path.parts[-2], min(frames) / 25, max(frames) / 25))
    assert {(clip.video_id, clip.start_s, clip.end_s) for clip in clips} == spans


def test_real_vox2_excerpt(real_lists, write, tmp_path):
    text = (real_lists / "voxceleb2_txt_format_excerpt.txt").read_text()
    reference = text.splitlines()[1].split()[-1]
    people = read_meta(real_lists / "voxceleb_enrichment" / "vox2_meta.csv")
    write(f"t/id00012/{reference}/00001.txt", text)
    (clip,) = read_tracks(tmp_path / "t", people, source="voxceleb2")
    assert (clip.identity, clip.video_id) == ("Aaron_Ashmore", "_raOc3-IRsw")
    assert (clip.start_s, clip.end_s) == (13.96, 14.0)
    assert (clip.x, clip.y) == pytest.approx((0.319 + 0.424 / 2, 0.067 + 0.753 / 2))
