import hashlib

import pytest

from tasks.lists.exclusions import add_exclusion, hash_id, is_excluded, read_exclusions


def test_hashes_hide_names_and_keep_kinds_apart():
    assert hash_id("video", "x") == hashlib.sha256(b"video:x").hexdigest()
    assert hash_id("video", "x") != hash_id("identity", "x")


def test_missing_file_excludes_nothing(tmp_path, make_clip):
    exclusions = read_exclusions(tmp_path / "none.txt")
    assert exclusions == frozenset()
    assert not is_excluded(make_clip(), exclusions)


def test_added_rows_are_kept_out(write, make_clip):
    path = write("exclusions.txt", "# kept by hand")
    add_exclusion(path, "video", name="-dash")
    add_exclusion(path, "identity", name="ann")
    add_exclusion(path, "identity", name="ann")
    assert path.read_text().splitlines() == [
        "# kept by hand",
        f"video {hash_id('video', '-dash')}",
        f"identity {hash_id('identity', 'ann')}",
    ]
    exclusions = read_exclusions(path)
    assert is_excluded(make_clip(video_id="-dash"), exclusions)
    assert is_excluded(make_clip(identity="ann"), exclusions)
    assert not is_excluded(make_clip(video_id="ann", identity="-dash"), exclusions)
    assert [file.name for file in path.parent.iterdir()] == ["exclusions.txt"]


def test_plain_names_are_refused(write):
    path = write("exclusions.txt", "\nvideo abc\n")
    with pytest.raises(ValueError, match=r"exclusions\.txt:2: value 'video abc'"):
        read_exclusions(path)
