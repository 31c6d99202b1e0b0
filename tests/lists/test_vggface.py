import pytest

from tasks.lists.people import read_meta
from tasks.lists.vggface import read_faces
from tasks.records import Kind

META = "VoxCeleb2 ID,Name,VGGFace2 ID,Gender,Set\nid1,Aamir_Khan,n1,m,dev\n"
ROW = "00000001 http://host/a b.jpg 10.00 20.00 50.00 100.00 2.00 2.97 1"


def test_url_lists(write, tmp_path):
    write("v/files/A.J._Buckley.txt", f"{ROW}\n{ROW.replace('00000001', '00000002')}\n")
    write("v/licence.txt", "read me")
    first, second = read_faces(tmp_path / "v", source="voxceleb1")
    assert (first.kind, first.identity, first.media) == (Kind.face, "A.J._Buckley", None)
    assert first.picture == "http://host/a b.jpg"
    assert (first.x, first.y, first.width, first.height) == (30, 60, 40, 80)
    assert (first.unit, first.video_id) == ("pixel", "A.J._Buckley~00000001")
    assert first.clip_id == "A.J._Buckley~00000001_0-end"
    assert second.video_id == "A.J._Buckley~00000002"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("00000001 ftp://h/a.jpg 10 20 50 100 2 3 1", "a row is"),
        ("00000001 http://h/a.jpg 10 20 50 100 2 3", "a row is"),
        ("00000001 http://h/a.jpg 50 20 10 100 2 3 1", "in no order"),
        ("-o /etc/passwd 10 20 50 100 2 3 1", "a row is"),
    ],
)
def test_bad_rows(write, tmp_path, row, why):
    write("v/A.txt", f"{ROW}\n{row}\n")
    bad: list[ValueError] = []
    assert len(list(read_faces(tmp_path / "v", source="x", on_bad_row=bad.append))) == 1
    assert "A.txt:2: value" in str(bad[0])
    assert why in str(bad[0])


@pytest.mark.parametrize("folder", ["Aamir_Khan", "id1", "n1", "train/n1"])
def test_pictures_by_name_or_id(write, tmp_path, folder):
    people = read_meta(write("meta.csv", META))
    path = write(f"f/{folder}/00000298.jpg", "x")
    write("f/Somebody_Else/00000001.jpg", "x")
    write("f/licence.txt", "x")
    (clip,) = read_faces(tmp_path / "f", people, source="voxceleb2")
    assert (clip.picture, clip.identity, clip.gender) == (path.as_posix(), "Aamir_Khan", "m")
    assert (clip.x, clip.width) == (None, None)
    assert clip.clip_id == "Aamir_Khan~00000298_0-end"


def test_nobody_of_the_meta_file_is_an_error(write, tmp_path):
    people = read_meta(write("meta.csv", META))
    write("f/Somebody_Else/00000001.jpg", "x")
    with pytest.raises(ValueError, match=r"no face picture or URL list of the persons in .*meta"):
        list(read_faces(tmp_path / "f", people, source="voxceleb1"))
