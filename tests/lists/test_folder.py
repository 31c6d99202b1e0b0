import os

import pytest

from tasks.lists.folder import read_folder
from tasks.records import Kind


def test_every_media_file_without_a_table(write, tmp_path):
    for name in ("b.MP4", "a/x.wav", "a/-3R.jpg", ".hidden.mp4", "._b.mp4", "notes.txt", "ä b.mkv"):
        write(f"m/{name}", "x")
    clips = list(read_folder(tmp_path / "m"))
    assert [(clip.video_id, clip.kind) for clip in clips] == [
        ("b.MP4", Kind.clip),
        ("%C3%A4%20b.mkv", Kind.clip),
        ("a~-3R.jpg", Kind.face),
        ("a~x.wav", Kind.clip),
    ]
    assert clips[0].clip_id == "b.MP4_0-end"
    assert clips[0].media == (tmp_path / "m" / "b.MP4").as_posix()
    assert (clips[2].media, clips[2].picture) == (None, (tmp_path / "m/a/-3R.jpg").as_posix())


def test_links_must_stay_inside(write, tmp_path):
    inside, outside = write("m/a.mp4", "x"), write("other/b.mp4", "x")
    (tmp_path / "m/in.mp4").symlink_to(inside)
    (tmp_path / "m/out.mp4").symlink_to(outside)
    (tmp_path / "m/folder").symlink_to(outside.parent)
    bad: list[ValueError] = []
    clips = list(read_folder(tmp_path / "m", on_bad_row=bad.append))
    assert [clip.video_id for clip in clips] == ["a.mp4", "in.mp4"]
    assert ["'folder'" in str(bad[0]), "'out.mp4'" in str(bad[1])] == [True, True]


def test_a_linked_corpus_path_is_read(write, tmp_path):
    write("m/a.mp4", "x")
    (tmp_path / "link").symlink_to(tmp_path / "m")
    (clip,) = read_folder(tmp_path / "link")
    assert clip.media == (tmp_path / "link/a.mp4").as_posix()


def test_name_that_is_not_utf8_is_a_bad_row(tmp_path):
    (tmp_path / "m").mkdir()
    with open(os.fsencode(tmp_path / "m") + b"/\xff.mp4", "wb"):
        pass
    bad: list[ValueError] = []
    assert not list(read_folder(tmp_path / "m", on_bad_row=bad.append))
    assert "UTF-8" in str(bad[0])


def test_table(write, tmp_path):
    table = write(
        "t.csv",
        "\ufefffile,identity,gender,age,ethnicity,nationality,split,start_s,end_s,x,y,extra\r\n"
        'a.mp4 ,"Ann, B.",Female,33.5,white,UK,Val,1.5,4,0.25,0.75,?\r\n'
        "-b.mp4,,,,,,,,,,,\r\n"
        "a.mp4,,,,,,,5,,,,\r\n",
    )
    first, second, third = read_folder(tmp_path, table=table)
    assert (first.clip_id, first.identity, first.gender) == ("a.mp4_1500-4000", "Ann, B.", "f")
    assert (first.age, first.ethnicity, first.nationality) == (33.5, "white", "UK")
    assert (first.listed_split, first.x, first.y) == ("val", 0.25, 0.75)
    assert (second.clip_id, second.start_s, second.gender) == ("-b.mp4_0-end", None, None)
    assert (third.clip_id, third.end_s) == ("a.mp4_5000-end", None)


def test_pairs_and_other_column_names(write, tmp_path):
    table = write("t.tsv", "sound\tface\twho\nv/a.ogg\tf/a.jpg\tann\nv/a.ogg\tf/b.jpg\tann\n")
    columns = {"voice": "sound", "identity": "who"}
    first, second = read_folder(tmp_path, table=table, columns=columns)
    assert (first.kind, first.identity) == (Kind.pair, "ann")
    assert first.media == (tmp_path / "v/a.ogg").as_posix()
    assert first.picture == (tmp_path / "f/a.jpg").as_posix()
    assert first.video_id == second.video_id
    assert first.clip_id != second.clip_id


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("../a.mp4,,,,,", r"must not hold `\.\.`"),
        ("/etc/a.mp4,,,,,", "outside"),
        ("out/b.mp4,,,,,", "outside"),
        ("a.xyz,,,,,", "known media extension"),
        (",,,,,", None),
        ("a.mp4,x,,,,", "gender"),
        ("a.mp4,,200,,,", "age"),
        ("a.mp4,,,dev,,", "split"),
        ("a.mp4,,,,4,1", "start_s must lie before"),
        ("a.mp4,,,,-1,1", "before the file's start"),
        ("a.mp4,,,,1,inf", "plain number"),
        ("a.mp4,,,", "cells under"),
    ],
)
def test_bad_rows(write, tmp_path, row, why):
    write("other/b.mp4", "x")
    (tmp_path / "m").mkdir()
    (tmp_path / "m/out").symlink_to(tmp_path / "other")
    table = write("t.csv", f"file,gender,age,split,start_s,end_s\na.mp4,,,,,\n{row}\n")
    bad: list[ValueError] = []
    clips = list(read_folder(tmp_path / "m", table=table, on_bad_row=bad.append))
    assert len(clips) == 1
    if why is not None:
        with pytest.raises(ValueError, match=rf"t\.csv:3: value .*{why}"):
            raise bad[0]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a.mp4,a.wav,,,", "`file`, or `voice`"),
        (",a.wav,a.wav,,", "must be a picture"),
        (",a.jpg,,,", "must not be a picture"),
        (",,a.jpg,0.5,", "x and y go together"),
        (",,a.jpg,200,100", "fractions"),
    ],
)
def test_bad_pairs(write, tmp_path, row, why):
    table = write("t.csv", f"file,voice,face,x,y\n{row}\n")
    with pytest.raises(ValueError, match=rf"t\.csv:2: value .*{why}"):
        list(read_folder(tmp_path, table=table))


def test_columns_must_be_there(write, tmp_path):
    table = write("t.csv", "name,who\na.mp4,ann\n")
    with pytest.raises(ValueError, match=r"t\.csv:1: value 'name,who': no column `file`"):
        list(read_folder(tmp_path, table=table))
    with pytest.raises(ValueError, match=r"t\.csv:1: value 'nom': corpus.columns"):
        list(read_folder(tmp_path, table=table, columns={"file": "nom"}))
    with pytest.raises(ValueError, match=r"corpus\.columns: value 'fil'"):
        list(read_folder(tmp_path, table=table, columns={"fil": "name"}))


def test_real_pairs(real_lists):
    folder = real_lists.parent / "data" / "pairs"
    clips = list(read_folder(folder, table=folder / "pairs.csv"))
    assert len(clips) == len({clip.clip_id for clip in clips}) == 876
    assert {clip.kind for clip in clips} == {Kind.pair}
    assert sum(clip.video_id.startswith("voice~-") for clip in clips) > 0
