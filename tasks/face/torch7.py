"""Reader for torch7's binary files (`torch.save` of Lua Torch), as the first VGG-Face weights are.

It makes numbers, strings, tables and arrays only: nothing in a file is run, every read stays inside
the file and every tensor inside its storage. (The package `torchfile` checks neither, and was last
released in 2017.) Layout after torch7's File.lua: 4-byte integers, 8-byte longs, little-endian.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN = range(6)
FUNCTIONS = (6, 7, 8)
MAX_DIMENSIONS = 16
ELEMENTS: dict[str, np.dtype[Any]] = {
    "Float": np.dtype("<f4"),
    "Cuda": np.dtype("<f4"),
    "Double": np.dtype("<f8"),
    "Long": np.dtype("<i8"),
    "CudaLong": np.dtype("<i8"),
    "Int": np.dtype("<i4"),
    "Short": np.dtype("<i2"),
    "Byte": np.dtype("u1"),
    "Char": np.dtype("i1"),
}


@dataclass(eq=False)
class Torch7Object:
    """An object of a Lua class, such as `nn.SpatialConvolution`, with its fields."""

    class_name: str
    fields: dict[Any, Any] = field(default_factory=dict)


def read_torch7(path: Path) -> Any:
    """None, float, bool, str, dict, numpy array (read-only) or Torch7Object, nested.

    Raises ValueError, which names the file, for anything that is not such a file.
    """
    reader = _Reader(np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else None)
    try:
        return reader.read_object()
    except (ValueError, struct.error, RecursionError) as error:
        raise ValueError(f"{path}: not a torch7 binary file: {error}") from error


class _Reader:
    """Position in the file, and what was read already: objects are written once and referred to."""

    def __init__(self, content: NDArray[np.uint8] | None) -> None:
        self._bytes = memoryview(b"" if content is None else content)  # type: ignore[arg-type]
        self._position = 0
        self._known: dict[int, Any] = {}

    def read_object(self) -> Any:
        kind = self._read_int()
        if kind == NIL:
            return None
        if kind == NUMBER:
            return self._unpack("<d", 8)
        if kind == STRING:
            return self._read_string()
        if kind == BOOLEAN:
            return self._read_int() == 1
        if kind == TABLE:
            return self._read_table()
        if kind == TORCH:
            return self._read_torch()
        if kind in FUNCTIONS:
            raise ValueError("it holds a Lua function")
        raise ValueError(f"type {kind} at byte {self._position - 4}")

    def _read_table(self) -> Any:
        index = self._read_int()
        if index not in self._known:
            table: dict[Any, Any] = {}
            self._known[index] = table
            for _ in range(self._read_size()):
                key = self.read_object()
                if not isinstance(key, str | float | bool):
                    raise ValueError(f"table key of type {type(key).__name__}")
                table[key] = self.read_object()
        return self._known[index]

    def _read_torch(self) -> Any:
        index = self._read_int()
        if index not in self._known:
            name = self._read_string()
            # Old files have no version before the class's name.
            name = self._read_string() if name.startswith("V ") else name
            self._known[index] = self._read_class(name, index)
        return self._known[index]

    def _read_class(self, name: str, index: int) -> Any:
        element = ELEMENTS.get(name.removeprefix("torch.").removesuffix("Tensor"))
        if name.endswith("Tensor") and element is not None:
            return self._read_tensor(element)
        element = ELEMENTS.get(name.removeprefix("torch.").removesuffix("Storage"))
        if name.endswith("Storage") and element is not None:
            return self._read_storage(element)
        found = Torch7Object(name)
        self._known[index] = found
        fields = self.read_object()
        found.fields = fields if isinstance(fields, dict) else {}
        return found

    def _read_tensor(self, element: np.dtype[Any]) -> NDArray[Any]:
        num_dimensions = self._read_int()
        if not 0 <= num_dimensions <= MAX_DIMENSIONS:
            raise ValueError(f"tensor of {num_dimensions} dimensions")
        shape = [self._read_long() for _ in range(num_dimensions)]
        strides = [self._read_long() for _ in range(num_dimensions)]
        offset = self._read_long() - 1
        storage = self.read_object()
        if not shape or 0 in shape:
            return np.zeros(shape or 0, element)
        if not isinstance(storage, np.ndarray) or storage.ndim != 1 or storage.dtype != element:
            raise ValueError("tensor without its storage")
        steps = list(zip(shape, strides, strict=True))
        last = offset + sum((size - 1) * stride for size, stride in steps)
        if offset < 0 or min(shape) < 0 or min(strides) < 0 or last >= len(storage):
            raise ValueError(f"tensor {shape} lies outside its storage of {len(storage)}")
        byte_strides = [stride * element.itemsize for stride in strides]
        return np.lib.stride_tricks.as_strided(
            storage[offset:], shape, byte_strides, writeable=False
        )

    def _read_storage(self, element: np.dtype[Any]) -> NDArray[Any]:
        size = self._read_long()
        return np.frombuffer(self._take(size * element.itemsize), dtype=element)  # [size]

    def _read_string(self) -> str:
        return bytes(self._take(self._read_int())).decode("latin-1")

    def _read_size(self) -> int:
        size = self._read_int()
        if size < 0:
            raise ValueError(f"table of {size} entries")
        return size

    def _read_int(self) -> int:
        return int(self._unpack("<i", 4))

    def _read_long(self) -> int:
        return int(self._unpack("<q", 8))

    def _unpack(self, code: str, size: int) -> Any:
        return struct.unpack(code, self._take(size))[0]

    def _take(self, size: int) -> memoryview:
        start, self._position = self._position, self._position + size
        if size < 0 or self._position > len(self._bytes):
            raise ValueError(f"it ends at byte {len(self._bytes)}, {size} wanted from {start}")
        return self._bytes[start : self._position]
