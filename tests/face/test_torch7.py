import struct
from pathlib import Path

import numpy as np
import pytest

from tasks.face.torch7 import Torch7Object, read_torch7


def save(folder: Path, content: bytes) -> Path:
    path = folder / "file.t7"
    path.write_bytes(content)
    return path


def test_plain_values_tables_and_tensors(tmp_path, lua):
    matrix = np.arange(12, dtype="<f4").reshape(3, 4)
    value = {"a": 1.5, "b": True, "c": None, 1: "text", 2: {"deep": matrix.T}, "m": matrix}
    found = read_torch7(save(tmp_path, lua.dump(value)))
    assert (found["a"], found["b"], found["c"], found[1]) == (1.5, True, None, "text")
    np.testing.assert_array_equal(found["m"], matrix)
    np.testing.assert_array_equal(found[2]["deep"], matrix.T)
    assert not found["m"].flags.writeable


@pytest.mark.parametrize("kind", ["<f4", "<f8", "<i8", "u1"])
def test_element_types(tmp_path, lua, kind):
    values = np.array([[1, 2, 250]], dtype=kind)
    found = read_torch7(save(tmp_path, lua.dump(values)))
    assert found.dtype == np.dtype(kind)
    np.testing.assert_array_equal(found, values)


def test_objects_and_references(tmp_path, lua):
    shared = np.ones(3, "<f4")
    layer = lua.Object("nn.Linear", {"weight": shared, "copy": shared})
    found = read_torch7(save(tmp_path, lua.dump({1: layer, 2: layer})))
    assert isinstance(found[1], Torch7Object)
    assert found[1] is found[2]
    assert found[1].class_name == "nn.Linear"
    assert found[1].fields["weight"] is found[1].fields["copy"]


def test_a_table_that_holds_itself(tmp_path, lua):
    loop: dict = {}
    loop["me"] = loop
    found = read_torch7(save(tmp_path, lua.dump(loop)))
    assert found["me"] is found


def test_every_cut_is_refused_with_the_files_name(tmp_path, lua):
    content = lua.dump({"w": np.ones((2, 2), "<f4"), "s": "text"})
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r"file\.t7"):
            read_torch7(save(tmp_path, content[:length]))


@pytest.mark.parametrize(
    ("size", "stride", "offset"), [(5, 1, 1), (2, 4, 1), (4, 1, 2), (4, 1, 0), (2, -1, 2)]
)
def test_a_tensor_outside_its_storage_is_refused(tmp_path, lua, size, stride, offset):
    content = lua.dump(np.arange(4, dtype="<f4"))
    good = struct.pack("<qqq", 4, 1, 1)
    assert content.count(good) == 1
    bad = content.replace(good, struct.pack("<qqq", size, stride, offset))
    with pytest.raises(ValueError, match="outside its storage"):
        read_torch7(save(tmp_path, bad))


def test_functions_and_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Lua function"):
        read_torch7(save(tmp_path, struct.pack("<iii", 6, 1, 0)))
    for content in (b"", b"PK\x03\x04 zip", b"\xff" * 64, struct.pack("<ii", 3, 1) + b"\xff" * 4):
        with pytest.raises(ValueError, match="torch7"):
            read_torch7(save(tmp_path, content))
