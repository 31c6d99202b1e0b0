import pytest

from tasks.evaluation.picture_table import parse_age_group, place_age, read_picture_table

COLUMNS = {"original": "own", "from_face": "f2f", "from_voice": "s2f"}


def test_rows_with_and_without_labels(write_table):
    table = write_table(
        [
            {"id": "-a", "identity": "ann", "gender": "f", "age_group": "20-39"},
            {"id": "b", "identity": "", "gender": "", "age_group": ""},
        ]
    )
    first, second = read_picture_table(table, columns=COLUMNS)
    assert (first.name, first.person, first.gender) == ("-a", "ann", "f")
    assert first.paths["from_voice"] == table.parent / "-a_s2f.jpg"
    assert (second.person, second.gender, second.ethnicity) == ("b", None, None)
    assert second.groups == {"gender": None, "age_group": None}


def test_bad_tables_are_named(write_table, tmp_path):
    table = write_table([{"id": "a", "identity": "", "gender": "", "age_group": ""}])
    with pytest.raises(ValueError, match=r"pairs.csv: line 1: no column voice"):
        read_picture_table(table, columns={**COLUMNS, "from_voice": "voice"})
    (tmp_path / "a_own.jpg").unlink()
    with pytest.raises(ValueError, match=r"pairs.csv: line 2: own 'a_own.jpg': no such file"):
        read_picture_table(table, columns=COLUMNS)
    table.write_text("own,f2f,s2f\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no rows"):
        read_picture_table(table, columns=COLUMNS)
    with pytest.raises(ValueError, match="cannot be read"):
        read_picture_table(tmp_path / "none.csv", columns=COLUMNS)


def test_age_groups_as_people_write_them():
    assert parse_age_group("20-39") == (20, 39)
    assert parse_age_group("20–39") == (20, 39)
    assert parse_age_group(">=60") == parse_age_group("60+") == (60, 150)
    assert parse_age_group("<20") == (0, 19)
    assert parse_age_group("old") is parse_age_group(None) is None
    groups = ["20-39", "40-59", "<20", ">=60"]
    assert [place_age(age, groups) for age in (19.9, 39.5, 40, 61, None)] == [
        *("<20", "20-39", "40-59", ">=60"),
        None,
    ]
