from collections import Counter

import pytest

from tasks.lists.corpus import read_corpus
from tasks.lists.exclusions import add_exclusion
from tasks.lists.splits import assign_split
from tasks.params import CorpusParams, SplitParams
from tasks.records import Kind


def make_params(tmp_path, **values):
    return CorpusParams(**{"watch": tmp_path, "exclusions": tmp_path / "out.txt", **values})


@pytest.fixture
def voxceleb(write, tmp_path):
    meta = write(
        "meta.csv",
        "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"
        "id1\tAnn_A\tf\tUK\tdev\nid2\tCher\tf\tUSA\tdev\nid3\tZoe_Z\tf\tUSA\tdev\n",
    )
    for person in ("id1", "id2", "id3"):
        write(f"wav/{person}/AAAAAAAAAA{person[-1]}/00001.wav", "x")
    for name in ("Ann_A", "Cher", "Zoe_Z", "Nobody"):
        write(f"faces/{name}/00000001.jpg", "x")
    return make_params(
        tmp_path,
        source="voxceleb1",
        audio=tmp_path / "wav",
        faces=tmp_path / "faces",
        meta=meta,
    )


def test_voxceleb_joins_voices_and_faces(voxceleb):
    clips = list(read_corpus(voxceleb))
    assert Counter(clip.kind for clip in clips) == {Kind.voice: 3, Kind.face: 3}
    splits = {(clip.identity, assign_split(clip, SplitParams())) for clip in clips}
    assert splits == {("Ann_A", "val"), ("Cher", "test"), ("Zoe_Z", "train")}


def test_identities_and_exclusions(voxceleb, write, tmp_path):
    names = write("names.txt", "Ann_A\nCher\n")
    add_exclusion(tmp_path / "out.txt", "identity", name="Cher")
    params = make_params(tmp_path, **{**vars(voxceleb), "identities": names})
    assert {clip.identity for clip in read_corpus(params)} == {"Ann_A"}
    add_exclusion(tmp_path / "out.txt", "video", name="AAAAAAAAAA1")
    assert [clip.kind for clip in read_corpus(params)] == [Kind.face]


@pytest.mark.parametrize("key", ["lists", "meta", "identities", "table", "audio", "faces", "path"])
def test_missing_paths_name_their_key(voxceleb, tmp_path, key):
    absent = tmp_path / "absent"
    params = make_params(
        tmp_path, **{**vars(voxceleb), key: [absent] if key == "lists" else absent}
    )
    with pytest.raises(ValueError, match=rf"corpus\.{key}: value '.*absent': no such"):
        read_corpus(params)


def test_tracks_and_audio_are_the_same_voices(voxceleb, tmp_path):
    params = make_params(tmp_path, **{**vars(voxceleb), "tracks": tmp_path})
    with pytest.raises(ValueError, match=r"corpus\.tracks: .*give one"):
        read_corpus(params)


def test_avspeech_and_folder(write, tmp_path):
    train = write("avspeech_train.csv", "AAAAAAAAAAA,0,3,0.5,0.5\nbad\n")
    write("m/a.mp4", "x")
    bad: list[ValueError] = []
    params = make_params(tmp_path, source="avspeech", lists=[train])
    assert len(list(read_corpus(params, on_bad_row=bad.append))) == len(bad) == 1
    (clip,) = read_corpus(make_params(tmp_path, source="folder", path=tmp_path / "m"))
    assert (clip.source, clip.video_id) == ("folder", "a.mp4")
