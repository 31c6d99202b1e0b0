from collections import Counter

import pytest

from tasks.lists.people import read_identities, read_meta
from tasks.lists.splits import split_by_letter

VOX1 = (
    "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\nid10001\tA.J._Buckley\tm\tIreland\tdev\n"
)


@pytest.mark.parametrize(
    "text",
    [
        VOX1,
        "\ufeff" + VOX1,
        VOX1.replace("\t", " \t "),
        VOX1.replace("\t", ",").replace(" ID", "_ID").replace("\n", "\r\n"),
    ],
    ids=["official", "bom", "blanks", "comma"],
)
def test_vox1_meta(write, text):
    people = read_meta(write("meta.csv", text))
    assert people["id10001"] == people["A.J._Buckley"]
    person = people["id10001"]
    assert (person.name, person.gender, person.nationality) == ("A.J._Buckley", "m", "Ireland")


def test_vox2_meta_is_found_by_face_id_and_accented_name(write):
    text = "Name \tVoxCeleb2 ID \tVGGFace2 ID \tGender \tSet \nÉric_Zemmour \tid1 \tn1 \tm \tdev \n"
    people = read_meta(write("meta.csv", text))
    assert people["n1"].name == people["E\u0301ric_Zemmour"].name == "Éric_Zemmour"
    assert people["n1"].nationality is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("id2\tX\tq\tUSA\tdev", "gender"),
        ("id2\t\tm\tUSA\tdev", "name"),
        ("id2\tX\tm\tUSA", "4 cells under a header of 5"),
        ("id10001\tOther\tm\tUSA\tdev", "id10001 is already another person"),
    ],
)
def test_bad_rows(write, row, why):
    path = write("meta.csv", f"{VOX1}{row}\n")
    with pytest.raises(ValueError, match=rf"meta\.csv:3: value .*{why}"):
        read_meta(path)
    bad: list[ValueError] = []
    assert len(read_meta(path, on_bad_row=bad.append).persons) == len(bad) == 1


def test_file_without_the_columns_is_refused(write):
    with pytest.raises(ValueError, match=r"meta\.csv:1: value 'a,b': no column called voxceleb1id"):
        read_meta(write("meta.csv", "a,b\n1,2\n"))


def test_identities_by_line_or_by_column(write):
    lines = write("names.txt", "Catherine,_Duchess_of_Cambridge\nP!nk\n\n")
    assert read_identities(lines) == {"Catherine,_Duchess_of_Cambridge", "P!nk"}
    assert read_identities(write("meta.tsv", VOX1)) == {"A.J._Buckley"}
    with pytest.raises(ValueError, match="no name"):
        read_identities(write("empty.txt", "\n"))


def test_published_counts(real_lists):
    """SPEC 1.1: the letters' counts in the meta file, and WEN Table 1 for the 1,225."""
    persons = read_meta(real_lists / "vox1_meta.csv").persons
    names = read_identities(real_lists / "wen2019_identities_1225.csv")
    kept = [person for person in persons if person.name in names]
    assert Counter(p.gender for p in persons) == {"m": 690, "f": 561}
    assert len({p.nationality for p in persons}) == 36
    assert count_splits(persons) == {"train": 942, "val": 116, "test": 193}
    assert count_splits(kept) == {"train": 924, "val": 112, "test": 189}
    by_gender = Counter((split_by_letter(p.name), p.gender) for p in kept)
    expected = {"train": (485, 439), "val": (67, 45), "test": (115, 74)}
    assert {split: (by_gender[split, "m"], by_gender[split, "f"]) for split in expected} == expected


def count_splits(persons):
    return Counter(split_by_letter(person.name) for person in persons)


@pytest.mark.parametrize(
    "name", ["voxceleb_enrichment/vox2_meta.csv", "hq_voxceleb_meta/full_vox2_meta.csv"]
)
def test_real_vox2_metas_agree(real_lists, name):
    people = read_meta(real_lists / name)
    assert len(people.persons) == 6114
    assert people["n000012"].name == people["id00012"].name == "Aaron_Ashmore"
    assert people["n000012"].gender == "m"
