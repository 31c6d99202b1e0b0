import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.records import Clip, Kind

WriteFile = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    """Writes a file below tmp_path as it is given, folders included."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def make_clip() -> Callable[..., Clip]:
    def make(**values: object) -> Clip:
        given = {"clip_id": "c", "source": "folder", "kind": Kind.clip, "video_id": "v", **values}
        return Clip(**given)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def real_lists() -> Path:
    folder = Path(os.environ.get("SPEECH_PORTRAITS_DATA", "../shared/data")).parent / "lists"
    if not folder.is_dir():
        pytest.skip("real data absent: no lists beside SPEECH_PORTRAITS_DATA")
    return folder
