import pytest

from tasks.evaluation.labelled_faces import read_labelled_folder

FAIRFACE = """file,age,gender,race,service_test
train/1.jpg,50-59,Male,East Asian,True
train/2.jpg,more than 70,Female,Middle Eastern,False
"""


def test_utkface_names(tmp_path):
    for name in ("26_1_2_20170116.jpg", "1_0_4_20161219.jpg.chip.jpg", "61_3_20170109.jpg", "x"):
        (tmp_path / name).touch()
    child, woman = read_labelled_folder(tmp_path)
    assert (woman.age, woman.gender, woman.ethnicity) == (26.0, "f", "Asian")
    assert (child.age, child.gender, child.ethnicity) == (1.0, "m", None)


def test_fairface_lists(tmp_path):
    (tmp_path / "fairface_label_train.csv").write_text(FAIRFACE, encoding="utf-8")
    first, second = read_labelled_folder(tmp_path)
    assert first.path == tmp_path / "train/1.jpg"
    assert (first.age, first.gender, first.ethnicity) == (54.5, "m", "Asian")
    assert (second.age, second.gender, second.ethnicity) == (75.0, "f", None)


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(ValueError, match="no labelled faces"):
        read_labelled_folder(tmp_path)
    path = tmp_path / "fairface_label_val.csv"
    path.write_text(FAIRFACE.replace("50-59", "fifty"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"val.csv: line 2: age 'fifty'"):
        read_labelled_folder(tmp_path)
    path.write_text("file,age\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: no column gender, race"):
        read_labelled_folder(tmp_path)
