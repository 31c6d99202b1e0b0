import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tasks.media.images import decode_png, encode_png, read_picture
from tasks.outcomes import Reason, Rejected

RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (10, 50, 220)


def draw_corners() -> NDArray[np.uint8]:
    """[24, 40, 3]: red top left, green top right, blue below."""
    picture = np.zeros((24, 40, 3), np.uint8)
    picture[:12, :20], picture[:12, 20:], picture[12:] = RED, GREEN, BLUE
    return picture


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", [(1, 1, 3), (33, 21, 3), (48, 64, 3)])
def test_png_is_lossless_and_the_same_each_time(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    png = encode_png(picture)
    assert png == encode_png(picture.copy())
    np.testing.assert_array_equal(decode_png(png), picture)
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(png))), picture)


def test_what_is_no_png_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a picture"):
        decode_png(b"GIF89a")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    # As the EXIF standard has it: how the stored rows and columns lie for each orientation.
    upright = draw_corners()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright[::-1, ::-1].transpose(1, 0, 2), 0),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    png = save(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif)
    np.testing.assert_array_equal(read_picture(png), upright)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "1", "YCbCr"])
def test_any_mode_becomes_rgb(mode: str) -> None:
    image = Image.fromarray(draw_corners()).convert(mode)
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    picture = read_picture(save(image, kind))
    assert picture.shape == (24, 40, 3)
    assert picture.dtype == np.uint8
    if mode == "CMYK":
        np.testing.assert_allclose(picture[4, 4], RED, atol=12)


def test_sixteen_bits_keep_the_upper_byte() -> None:
    grey = np.array([[0, 257 * 100, 65535]], np.uint16)
    picture = read_picture(save(Image.fromarray(grey), "PNG"))
    np.testing.assert_array_equal(picture[0, :, 0], [0, 100, 255])


def test_what_is_transparent_is_white() -> None:
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0] = (200, 0, 0, 255)
    picture = read_picture(save(Image.fromarray(layer), "PNG"))
    np.testing.assert_array_equal(picture[:, 0], [(200, 0, 0), (255, 255, 255)])


def test_of_an_animation_the_first_frame() -> None:
    first, second = (Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE))
    picture = read_picture(save(first, "GIF", save_all=True, append_images=[second]))
    np.testing.assert_allclose(picture[0, 0], RED, atol=2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_half_a_picture_is_unreadable(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = save(Image.fromarray(noise), kind)
    with pytest.raises(Rejected) as refusal:
        read_picture(data[: len(data) // 2])
    assert refusal.value.reason is Reason.unreadable_media


@pytest.mark.parametrize("data", [b"", b"<html>", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_picture_is_unreadable(data: bytes) -> None:
    with pytest.raises(Rejected, match="not a picture"):
        read_picture(data)


def test_a_small_file_cannot_become_gigabytes() -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    empty = b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(Rejected, match="pixels"):
        read_picture(b"\x89PNG\r\n\x1a\n" + chunk + empty)


def test_the_limit_can_be_set() -> None:
    png = save(Image.new("RGB", (20, 10)), "PNG")
    assert read_picture(png, max_pixels=200).shape == (10, 20, 3)
    with pytest.raises(Rejected, match="20x10: more than 199 pixels"):
        read_picture(png, max_pixels=199)
