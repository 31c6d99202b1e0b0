from pathlib import Path

import pytest

from tasks.data.sources import hash_sources, list_sources


def write_project(root: Path) -> None:
    for folder in ("tasks/audio", "models", "flows"):
        (root / folder).mkdir(parents=True)
    (root / "tasks/one.py").write_text("import numpy\nfrom tasks.audio import vad\n")
    (root / "tasks/audio/vad.py").write_text("from tasks.audio.mel import bank as b\n")
    (root / "tasks/audio/mel.py").write_text("def bank(): ...\n")
    (root / "tasks/other.py").write_text("")
    (root / "tasks/params.py").write_text("")


def test_sources_are_followed_through_imports(tmp_path: Path) -> None:
    write_project(tmp_path)
    found = [
        path.relative_to(tmp_path).as_posix() for path in list_sources("tasks.one", root=tmp_path)
    ]
    assert found == ["tasks/audio/mel.py", "tasks/audio/vad.py", "tasks/one.py"]


def test_the_hash_changes_with_a_source_and_with_nothing_else(tmp_path: Path) -> None:
    write_project(tmp_path)
    before = hash_sources("tasks.one", root=tmp_path)
    (tmp_path / "tasks/other.py").write_text("x = 1\n")
    assert hash_sources("tasks.one", root=tmp_path) == before
    (tmp_path / "tasks/audio/mel.py").write_text("def bank(): return 1\n")
    assert hash_sources("tasks.one", root=tmp_path) != before


def test_how_parameters_are_read_is_no_part_of_it(tmp_path: Path) -> None:
    write_project(tmp_path)
    (tmp_path / "tasks/one.py").write_text("from tasks.params import Params\n")
    before = hash_sources("tasks.one", root=tmp_path)
    (tmp_path / "tasks/params.py").write_text("class Params: ...\n")
    assert hash_sources("tasks.one", root=tmp_path) == before


@pytest.mark.parametrize(
    "statement",
    [
        "import tasks.audio.mel",
        "import os, tasks.audio.mel as mel",
        "from tasks.audio import mel",
        "from tasks.audio import (\n    vad,  # a comment\n    mel,\n)",
        "from tasks.audio.mel import bank as b",
        "def late():\n    from tasks.audio.mel import bank\n",
    ],
)
def test_every_form_of_import_is_seen(tmp_path: Path, statement: str) -> None:
    write_project(tmp_path)
    (tmp_path / "tasks/one.py").write_text(f'"""from tasks import other"""\n{statement}\n')
    names = {path.name for path in list_sources("tasks.one", root=tmp_path)}
    assert "mel.py" in names
    assert "other.py" not in names
