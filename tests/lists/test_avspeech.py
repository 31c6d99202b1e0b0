import csv
from pathlib import Path

import pytest

from tasks.lists.avspeech import infer_split, read_avspeech
from tasks.records import Kind

GOOD = "AAAAAAAAAAA,1.5,4.25,0.5,0.25"


def test_reads_official_rows(write):
    path = write("avspeech_train.csv", f"{GOOD}\n-wuxbgMRIWs,87,90,0,1\n")
    first, second = read_avspeech([path])
    assert (first.clip_id, first.video_id) == ("AAAAAAAAAAA_1500-4250", "AAAAAAAAAAA")
    assert (first.start_s, first.end_s, first.x, first.y) == (1.5, 4.25, 0.5, 0.25)
    assert (first.kind, first.source, first.unit) == (Kind.clip, "avspeech", "fraction")
    assert first.listed_split == "train"
    assert (second.clip_id, second.x, second.y) == ("-wuxbgMRIWs_87000-90000", 0, 1)


def test_segments_of_one_video_are_clips_of_their_own(write):
    path = write("avspeech_test.csv", f"{GOOD}\nAAAAAAAAAAA,5,8,0.5,0.5")
    clips = list(read_avspeech([path]))
    assert [clip.clip_id for clip in clips] == ["AAAAAAAAAAA_1500-4250", "AAAAAAAAAAA_5000-8000"]
    assert {clip.listed_split for clip in clips} == {"test"}


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{GOOD}\r\n",
        f"{GOOD}",
        f"\n\n{GOOD}\n\n",
        "AAAAAAAAAAA, 1.5 ,4.25\t,0.5,2.5e-1 \n",
    ],
    ids=["bom_crlf", "no_final_newline", "blank_lines", "blanks"],
)
def test_same_row_in_other_bytes(write, text):
    (clip,) = read_avspeech([write("a_train.csv", text)])
    (official,) = read_avspeech([write("b_train.csv", GOOD)])
    assert clip == official


@pytest.mark.parametrize(
    ("row", "value", "why"),
    [
        ("AAAAAAAAAA,1,4,0.5,0.5", "'AAAAAAAAAA'", "11 characters"),
        ("AAAAAAAAAA!,1,4,0.5,0.5", "'AAAAAAAAAA!'", "11 characters"),
        ("AAAAAAAAAAA,4,1,0.5,0.5", "'4,1'", "before the end"),
        ("AAAAAAAAAAA,1,1.0001,0.5,0.5", "'1,1.0001'", "1 ms"),
        ("AAAAAAAAAAA,-1,4,0.5,0.5", "'-1'", "between 0 and 86400"),
        ("AAAAAAAAAAA,1,1e9,0.5,0.5", "'1e9'", "between 0 and 86400"),
        ("AAAAAAAAAAA,1,nan,0.5,0.5", "'nan'", "plain number"),
        ("AAAAAAAAAAA,1,1_0,0.5,0.5", "'1_0'", "plain number"),
        ("AAAAAAAAAAA,1,4,1.01,0.5", "'1.01'", "fractions"),
        ("AAAAAAAAAAA,1,4,0.5,-0.1", "'-0.1'", "fractions"),
        ("AAAAAAAAAAA,1,4,0.5", "'AAAAAAAAAAA,1,4,0.5'", "4 fields"),
        ("AAAAAAAAAAA,+1,4,0.5,0.5", "'AAAAAAAAAAA,+1", "without a sign"),
    ],
)
def test_bad_row_names_file_line_value_and_reason(write, row, value, why):
    path = write("avspeech_train.csv", f"{GOOD}\n{row}\n{GOOD}\n")
    with pytest.raises(ValueError, match=why) as error:
        list(read_avspeech([path]))
    assert str(error.value).startswith(f"{path}:2: value {value}")
    bad: list[ValueError] = []
    assert len(list(read_avspeech([path], on_bad_row=bad.append))) == 2
    assert str(bad[0]) == str(error.value)


def test_bytes_that_are_no_text_are_a_bad_row(write):
    path = write("avspeech_train.csv", f"{GOOD}\n".encode() + b"AAAAAAAA\xff\xfeA,1,4,0.5,0.5\n")
    bad: list[ValueError] = []
    assert len(list(read_avspeech([path], on_bad_row=bad.append))) == 1
    assert len(bad) == 1


@pytest.mark.parametrize(
    "text",
    [",id,start,end,x,y\n", "id,start,end,x,y\n", f"0,{GOOD}\n", GOOD.replace(",", "\t")],
    ids=["pandas", "header", "index", "tabs"],
)
def test_user_copies_are_refused_whole(write, text):
    with pytest.raises(ValueError, match=r":1: value .*no header, no index column"):
        list(read_avspeech([write("avspeech_train.csv", text)], on_bad_row=lambda error: None))


def test_utf16_is_refused(write):
    with pytest.raises(ValueError, match=r":1: value .*UTF-8"):
        list(read_avspeech([write("avspeech_train.csv", GOOD.encode("utf-16"))]))


def test_split_is_a_word_of_the_file_name():
    names = ["avspeech_train.csv", "avspeech-TEST.csv", "trainer.csv", "list.csv"]
    assert [infer_split(Path(name)) for name in names] == ["train", "test", None, None]


@pytest.mark.parametrize(
    ("name", "num_rows", "split"),
    [
        ("avspeech_train_slice_mitali72.csv", 130, "train"),
        ("avspeech_train_31_mitali72.csv", 45, "train"),
        ("avspeech_test_panchomb.csv", 4, "test"),
    ],
)
def test_real_slices(real_lists, name, num_rows, split):
    clips = list(read_avspeech([real_lists / name]))
    with (real_lists / name).open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    assert len(clips) == len(rows) == num_rows
    assert [clip.video_id for clip in clips] == [row[0] for row in rows]
    assert [clip.y for clip in clips] == [float(row[4]) for row in rows]
    assert {clip.listed_split for clip in clips} == {split}


def test_real_user_copy_is_refused(real_lists):
    with pytest.raises(ValueError, match=r"avspeech_test\.csv:1: .*official AVSpeech form"):
        list(read_avspeech([real_lists / "avspeech_slice_mayurnewase" / "avspeech_test.csv"]))
