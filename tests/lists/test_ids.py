from itertools import product

from tasks.lists.ids import make_clip_id, make_safe_id


def test_clip_ids():
    assert make_clip_id("-a", 282.5823, 285.5855) == "-a_282582-285586"
    assert make_clip_id("a", None, None) == "a_0-end"
    assert make_clip_id("a", 1.5, None) == "a_1500-end"


def test_safe_ids_keep_names_apart():
    texts = {"".join(letters) for letters in product("a/~%.2F ", repeat=4)} - {""}
    safe = {make_safe_id(text) for text in texts}
    assert len(safe) == len(texts)
    assert not any("/" in name or name.startswith(".") or " " in name for name in safe)


def test_long_names_stay_short_and_apart():
    first, second = make_safe_id("ä" * 200 + "1"), make_safe_id("ä" * 200 + "2")
    assert first != second
    assert len(first) == len(second) == 120
