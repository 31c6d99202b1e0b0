import hashlib

from tasks.lists.checksum import add_checksums


def test_local_files_are_hashed(write, make_clip):
    voice, face = write("a.wav", "voice").as_posix(), write("a.jpg", "face").as_posix()
    clips = [
        make_clip(media=voice),
        make_clip(media=voice, picture=face),
        make_clip(picture="http://host/a.jpg"),
        make_clip(media="absent.wav"),
        make_clip(),
    ]
    hashes = [hashlib.sha256(text).hexdigest() for text in (b"voice", b"face")]
    both = hashlib.sha256("".join(hashes).encode()).hexdigest()
    assert [clip.checksum for clip in add_checksums(clips)] == [hashes[0], both, None, None, None]
