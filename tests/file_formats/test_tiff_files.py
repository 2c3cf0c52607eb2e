from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from drumhead.data import DatasetError, read_image
from drumhead.data.pictures import read_image_pixels, read_mask_labels
from drumhead.file_formats.tiff_files import read_tiff

Pixels = npt.NDArray[Any]


def numbers(dtype: str, *shape: int) -> Pixels:
    return (np.random.default_rng(0).random(shape) * (1 if dtype[0] == "f" else 250)).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_grey(dtype: str, byteorder: Any, compression: str | None, tmp_path: Path) -> None:
    pixels = numbers(dtype, 9, 7)
    tifffile.imwrite(tmp_path / "a.tif", pixels, byteorder=byteorder, compression=compression)
    np.testing.assert_array_equal(read_image_pixels(tmp_path / "a.tif"), pixels)
    largest = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    np.testing.assert_allclose(read_image(tmp_path / "a.tif", channels=1)[0], pixels / largest, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("options", [{}, {"imagej": True}, {"ome": True}], ids=str)
def test_pages_are_channels(dtype: str, options: dict[str, Any], tmp_path: Path) -> None:
    pixels = numbers(dtype, 5, 9, 7)
    axes: dict[str, Any] = {"metadata": {"axes": "CYX"}} if options else {}
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", **options, **axes)
    np.testing.assert_array_equal(read_image_pixels(tmp_path / "a.tif"), pixels.transpose(1, 2, 0))
    assert read_image(tmp_path / "a.tif", channels=5).shape == (5, 9, 7)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours(planar: Any, dtype: str, tmp_path: Path) -> None:
    pixels = numbers(dtype, 9, 7, 3)
    stored = pixels if planar == "contig" else pixels.transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar)
    np.testing.assert_array_equal(read_image_pixels(tmp_path / "a.tif"), pixels)


def test_8_bit_grey_and_colour_are_converted_as_the_model_needs(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", numbers("uint8", 9, 7))
    assert read_image(tmp_path / "a.tif", channels=3).shape == (3, 9, 7)
    tifffile.imwrite(tmp_path / "b.tif", numbers("uint16", 9, 7))
    with pytest.raises(DatasetError, match=r"b\.tif: the model needs \(height, width, 3\); got \(9, 7, 1\)"):
        read_image(tmp_path / "b.tif", channels=3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_lzw(dtype: str, tmp_path: Path) -> None:
    pixels = numbers(dtype, 9, 7)
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_image_pixels(tmp_path / "a.tif"), pixels)


def test_masks(tmp_path: Path) -> None:
    labels = numbers("uint16", 9, 7)
    tifffile.imwrite(tmp_path / "a.tif", labels)
    np.testing.assert_array_equal(read_mask_labels(tmp_path / "a.tif").labels, labels)
    Image.fromarray(labels > 100).save(tmp_path / "b.tif")
    np.testing.assert_array_equal(read_mask_labels(tmp_path / "b.tif").labels, labels > 100)
    tifffile.imwrite(tmp_path / "c.tif", labels.astype("float32"))
    with pytest.raises(DatasetError, match=r"c\.tif: masks must be .* integer"):
        read_mask_labels(tmp_path / "c.tif")


def test_palettes(tmp_path: Path) -> None:
    picture = Image.frombytes("P", (2, 1), bytes([0, 1]))
    picture.putpalette([0, 0, 0, 3, 3, 3])
    picture.save(tmp_path / "grey.tif")
    assert read_mask_labels(tmp_path / "grey.tif").labels.tolist() == [[0, 3]]
    picture.putpalette([0, 0, 0, 200, 0, 0])
    picture.save(tmp_path / "red.tif")
    assert read_mask_labels(tmp_path / "red.tif").labels.tolist() == [[0, 1]]
    with pytest.raises(DatasetError, match=r"red\.tif: images must be greyscale"):
        read_image_pixels(tmp_path / "red.tif")


def test_what_is_no_single_image_is_refused(tmp_path: Path) -> None:
    stack = numbers("uint8", 4, 9, 7)
    tifffile.imwrite(tmp_path / "z.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(tmp_path / "t.tif", stack, ome=True, metadata={"axes": "TYX"})
    for name in ("z.tif", "t.tif"):
        with pytest.raises(DatasetError, match=rf"{name}: must hold one image; its description says .*4.*, a stack"):
            read_tiff(tmp_path / name)
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as writer:
        writer.write(stack[0])
        writer.write(stack[0, ::2, ::2])
    with pytest.raises(DatasetError, match=r"pyramid\.tif: .*one grey page for each; got pages of"):
        read_tiff(tmp_path / "pyramid.tif")
    tifffile.imwrite(tmp_path / "white.tif", stack[0], photometric="miniswhite")
    with pytest.raises(DatasetError, match=r"white\.tif: its stored 0 is white"):
        read_tiff(tmp_path / "white.tif")


def test_compressed_pixels_are_as_many_as_declared(tmp_path: Path) -> None:
    """zlib unpacks a thousandfold: a small file could fill the memory."""
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((900, 900), np.uint8), compression="zlib")
    content = (tmp_path / "a.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        tag = tiff.pages.first.tags["ImageLength"]
    changed = bytearray(content)
    changed[tag.valueoffset : tag.valueoffset + tag.valuebytecount] = (8).to_bytes(tag.valuebytecount, "little")
    (tmp_path / "b.tif").write_bytes(changed)
    with pytest.raises(DatasetError, match=r"b\.tif: .*larger than declared"):
        read_tiff(tmp_path / "b.tif")
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((9, 9), np.uint8), compression="lzma")
    with pytest.raises(DatasetError, match=r"c\.tif: the compression must be none, deflate, LZW, JPEG or PackBits"):
        read_tiff(tmp_path / "c.tif")


def test_damaged_and_hostile_files_are_named(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", numbers("uint8", 90, 70))
    content = (tmp_path / "a.tif").read_bytes()
    for damaged in (b"", b"II*\0", content[:100], content[:3000], b"no picture"):
        (tmp_path / "b.tif").write_bytes(damaged)
        with pytest.raises(DatasetError, match=r"b\.tif: must be a readable TIFF file"):
            read_tiff(tmp_path / "b.tif")
    width, height = struct.pack("<HHII", 256, 4, 1, 2**20), struct.pack("<HHII", 257, 4, 1, 2**20)
    (tmp_path / "c.tif").write_bytes(b"II*\0" + struct.pack("<IH", 8, 2) + width + height + bytes(4))
    with pytest.raises(DatasetError, match=r"c\.tif: must have at most 89,478,485 pixels"):
        read_tiff(tmp_path / "c.tif")
    with pytest.raises(DatasetError, match="missing"):
        read_tiff(tmp_path / "nowhere.tif")
