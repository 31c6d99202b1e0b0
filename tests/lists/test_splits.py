from collections import Counter

import pytest

from tasks.lists.splits import Leak, assign_split, compute_share, find_leaks, split_by_letter
from tasks.params import SplitParams

AUTO = SplitParams()


@pytest.mark.parametrize(
    ("names", "split"),
    [
        (["A.J._Buckley", "Aamir_Khan", "Bob", "Àlex_Corretja"], "val"),
        (["Cher", "Danica", "Eva_Green", "Éric", "Çağla", "Čedomir"], "test"),
        (["F", "Zulay_Henao", "P!nk", "Łukasz", "İlber", "Željko"], "train"),
    ],
)
def test_letters(names, split):
    assert {split_by_letter(name) for name in names} == {split}


def test_voxceleb_goes_by_letter_and_needs_a_name(make_clip):
    for source in ("voxceleb1", "voxceleb2"):
        assert assign_split(make_clip(source=source, identity="Cher"), AUTO) == "test"
        assert assign_split(make_clip(source=source), AUTO) is None


def test_avspeech_keeps_its_test_list_and_carves_val_by_video(make_clip):
    test = {
        assign_split(make_clip(source="avspeech", video_id=f"v{n}", listed_split="test"), AUTO)
        for n in range(100)
    }
    assert test == {"test"}
    train = [
        make_clip(source="avspeech", video_id=f"v{n}", listed_split="train") for n in range(4000)
    ]
    counts = Counter(assign_split(clip, AUTO) for clip in train)
    assert counts.keys() == {"train", "val"}
    # Binomial(4000, 0.1): standard deviation 19.
    assert abs(counts["val"] - 400) < 4 * 19


def test_sample_is_carved_by_identity(make_clip):
    splits = {
        assign_split(
            make_clip(source="sample", identity="ann", video_id=f"v{n}", listed_split="train"),
            SplitParams(val_share=0.5),
        )
        for n in range(50)
    }
    assert len(splits) == 1


def test_folder_takes_the_table_s_split_else_a_hash_of_who_else_of_what(make_clip):
    assert (
        assign_split(make_clip(listed_split="train"), SplitParams(val_share=1, test_share=0))
        == "train"
    )
    assert assign_split(make_clip(), SplitParams(val_share=1, test_share=0)) == "val"
    persons = [make_clip(identity=f"p{n}") for n in range(4000)]
    counts = Counter(assign_split(clip, AUTO) for clip in persons)
    assert abs(counts["val"] - 400) < 80
    assert abs(counts["test"] - 400) < 80
    same = {assign_split(make_clip(identity="p1", video_id=f"v{n}"), AUTO) for n in range(50)}
    assert len(same) == 1


def test_rules_overrule_the_source(make_clip):
    clip = make_clip(source="folder", identity="Cher", listed_split="train")
    assert assign_split(clip, SplitParams(rule="letters")) == "test"
    assert assign_split(clip, SplitParams(rule="hash", val_share=1, test_share=0)) == "val"


def test_the_hash_is_sha256_and_depends_on_the_seed():
    # First 8 bytes of `printf '0:video:abc' | sha256sum`, over 2**64.
    assert compute_share("video:abc", seed=0) == 0x98DE1665D9D8459F / 2**64
    assert compute_share("video:abc", seed=0) != compute_share("video:abc", seed=1)


def test_leaks_are_found_once(make_clip):
    rows = [
        (make_clip(identity="ann", video_id="v1"), "train"),
        (make_clip(identity="ann", video_id="v2"), "test"),
        (make_clip(identity="ann", video_id="v3"), "val"),
        (make_clip(video_id="v3"), "train"),
        (make_clip(video_id="ann"), "test"),
        (make_clip(video_id="v1"), None),
    ]
    leaks = list(find_leaks(rows))
    assert leaks == [
        Leak("identity", "ann", ("train", "test")),
        Leak("video", "v3", ("val", "train")),
    ]
