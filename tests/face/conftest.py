import os
import struct
from collections.abc import Callable
from functools import lru_cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.sample.draw import SUPERSAMPLING, Pose, Sitter, View, draw_frame
from tasks.sample.head import compute_head_shape, read_head_basis
from tasks.sample.paint import paint_head
from tasks.sample.people import draw_person

Picture = NDArray[np.uint8]
GREY = (120, 130, 140)


@lru_cache(maxsize=4)
def seat_person(number: int) -> Sitter:
    basis, face = read_head_basis(), draw_person(number).face
    paint = paint_head(basis, face, shirt=(20, 20, 200))
    return Sitter(basis, compute_head_shape(basis, face), paint)


def draw_picture(
    number: int = 5, *, size: int = 240, eye_distance_px: float = 50.0, yaw: float = 0.0
) -> Picture:
    """A drawn head, [size, size, 3], the point between its eyes in the middle."""
    view = View(size, size, (0.5, 0.5), eye_distance_px)
    background = np.empty((size * SUPERSAMPLING, size * SUPERSAMPLING, 3), np.uint8)
    background[:] = GREY
    return draw_frame(seat_person(number), Pose(yaw=yaw), view=view, background=background)


@pytest.fixture(scope="session")
def draw() -> Callable[..., Picture]:
    return draw_picture


@pytest.fixture(scope="session")
def face_picture() -> Picture:
    return draw_picture()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    folder = Path(os.environ.get("SPEECH_PORTRAITS_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip("real data absent: SPEECH_PORTRAITS_DATA names no folder")
    return folder


NAMES = {"f4": "Float", "f8": "Double", "i8": "Long", "u1": "Byte"}


class LuaObject:
    def __init__(self, name: str, fields: dict[Any, Any]) -> None:
        self.name, self.fields = name, fields


class LuaWriter:
    """torch7's binary format, after its File.lua and the C of its tensors."""

    def __init__(self) -> None:
        self.content = b""
        self._indices: dict[int, int] = {}
        self._kept: list[Any] = []
        self._count = count(1)

    def write(self, value: Any) -> "LuaWriter":
        if value is None:
            self._pack("i", 0)
        elif isinstance(value, bool):
            self._pack("ii", 5, value)
        elif isinstance(value, int | float):
            self._pack("id", 1, value)
        elif isinstance(value, str):
            self._pack("i", 2)
            self._string(value)
        elif isinstance(value, dict):
            if self._begin(3, value):
                self._table(value)
        elif isinstance(value, np.ndarray):
            if self._begin(4, value):
                self._tensor(value)
        elif self._begin(4, value):
            self._string("V 1")
            self._string(value.name)
            self.write(value.fields)
        return self

    def _begin(self, kind: int, value: Any) -> bool:
        """Kind and index; True if the object itself has to follow."""
        known = id(value) in self._indices
        if not known:
            self._indices[id(value)] = next(self._count)
            self._kept.append(value)
        self._pack("ii", kind, self._indices[id(value)])
        return not known

    def _table(self, value: dict[Any, Any]) -> None:
        self._pack("i", len(value))
        for key, item in value.items():
            self.write(key).write(item)

    def _tensor(self, value: np.ndarray) -> None:
        kind = NAMES[value.dtype.str[1:]]
        self._string("V 1")
        self._string(f"torch.{kind}Tensor")
        strides = [stride // value.itemsize for stride in value.strides]
        self._pack(f"i{value.ndim}q{value.ndim}qq", value.ndim, *value.shape, *strides, 1)
        storage = value.ravel(order="K")
        self._pack("ii", 4, next(self._count))
        self._string("V 1")
        self._string(f"torch.{kind}Storage")
        self._pack("q", storage.size)
        self.content += storage.tobytes()

    def _string(self, value: str) -> None:
        self._pack("i", len(value))
        self.content += value.encode("latin-1")

    def _pack(self, code: str, *values: Any) -> None:
        self.content += struct.pack("<" + code, *values)


def dump_lua(value: Any) -> bytes:
    return LuaWriter().write(value).content


@pytest.fixture(scope="session")
def lua() -> SimpleNamespace:
    """`dump(value)` to a torch7 file's bytes; `Object(class name, fields)`."""
    return SimpleNamespace(dump=dump_lua, Object=LuaObject)
