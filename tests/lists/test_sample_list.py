import pytest

from tasks.lists.sample import read_sample

PEOPLE = "video_id,identity,gender,age,ethnicity,nationality,expected\n"


def test_labels_are_joined_by_video(write, tmp_path):
    write("avspeech_train.csv", "AAAAAAAAAAA,0,3,0.5,0.5\nAAAAAAAAAAA,4,8,0.5,0.5\n")
    write("avspeech_test.csv", "BBBBBBBBBBB,0,3,0.5,0.5\n")
    write("people.csv", f"{PEOPLE}AAAAAAAAAAA,p1,f,31,,UK,kept\nBBBBBBBBBBB,p2,m,,,,no_face\n")
    clips = list(read_sample(tmp_path))
    assert [clip.identity for clip in clips] == ["p1", "p1", "p2"]
    assert [clip.listed_split for clip in clips] == ["train", "train", "test"]
    assert (clips[0].gender, clips[0].age, clips[0].ethnicity) == ("f", 31, None)
    assert (clips[2].age, clips[2].nationality, clips[2].source) == (None, None, "sample")


def test_every_video_is_described(write, tmp_path):
    write("avspeech_train.csv", "AAAAAAAAAAA,0,3,0.5,0.5\n")
    write("people.csv", f"{PEOPLE}BBBBBBBBBBB,p2,m,,,,kept\n")
    with pytest.raises(ValueError, match=r"people\.csv: value 'AAAAAAAAAAA': no row"):
        list(read_sample(tmp_path))
