from pathlib import Path

import pytest

from flows import _versions

STAGE = "schema: '2.0'\nstages:\n  a:\n    cmd: b\n"


@pytest.mark.parametrize(
    ("name", "text", "stays"),
    [
        (".dvc/tmp/rwlock", '{"read": {}, "write": {}}', True),
        (".dvc/tmp/rwlock", "", False),
        (".dvc/tmp/rwlock", '{"re', False),
        ("dvc.lock", STAGE, True),
        ("dvc.lock", "", False),
        ("dvc.lock", "stages: {}\n", False),
        ("dvc.lock", STAGE + "  'b", False),
    ],
)
def test_only_what_is_half_written_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, stays: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_versions, "LOCK_WAIT_S", 0.0)
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    _versions.remove_broken_locks()
    assert path.exists() == stays
    _versions.remove_broken_locks()
