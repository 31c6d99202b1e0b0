from pathlib import Path

import pytest

from flows import _versions


@pytest.mark.parametrize(("text", "stays"), [('{"read": {}}', True), ("", False), ('{"re', False)])
def test_only_a_broken_lock_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, stays: bool
) -> None:
    path = tmp_path / "rwlock"
    path.write_text(text)
    monkeypatch.setattr(_versions, "RWLOCK", path)
    monkeypatch.setattr(_versions, "RWLOCK_WAIT_S", 0.0)
    _versions.remove_broken_lock()
    assert path.exists() == stays
    _versions.remove_broken_lock()
