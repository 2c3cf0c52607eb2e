"""What a file says is what is read: stored numbers, bit depths, palettes and orientations."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps
from tests.data.png_files import GREY, PALETTE, RGB, RGBA, chunk, write_png

from drumhead.data import DatasetError, read_image
from drumhead.data.pictures import read_image_pixels, read_mask_labels

Pixels = npt.NDArray[Any]


def numbers(high: int, *shape: int) -> Pixels:
    return np.random.default_rng(0).integers(0, high, shape)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey_masks_hold_their_stored_numbers(depth: int, tmp_path: Path) -> None:
    """Pillow scales those of 2 and 4 bits: class 1 of 16 would be read as 17."""
    stored = numbers(min(2**depth, 300), 9, 7)
    file = write_png(tmp_path / "mask.png", stored, depth=depth, colour_type=GREY)
    np.testing.assert_array_equal(read_mask_labels(file).labels, stored)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palette_masks_hold_their_stored_numbers(depth: int, tmp_path: Path) -> None:
    stored = numbers(2**depth, 9, 40)
    colours = [*numbers(256, 2**depth * 3).tolist()[:-1], 7]
    file = write_png(tmp_path / "mask.png", stored, depth=depth, colour_type=PALETTE, palette=colours)
    read = read_mask_labels(file)
    np.testing.assert_array_equal(read.labels, stored)
    assert read.colours[1] == tuple(colours[3:6])


def test_a_grey_palette_in_another_order_is_resolved(tmp_path: Path) -> None:
    """Image tools write the grey mask {0, 3} so."""
    picture = Image.frombytes("P", (2, 1), bytes([0, 1]))
    picture.putpalette([0, 0, 0, 3, 3, 3])
    picture.save(tmp_path / "mask.png")
    assert read_mask_labels(tmp_path / "mask.png").labels.tolist() == [[0, 3]]
    stored = np.array([[0, 1, 2]])
    file = write_png(tmp_path / "b.png", stored, depth=8, colour_type=PALETTE, palette=[2, 2, 2, 0, 0, 0, 1, 1, 1])
    assert read_mask_labels(file).labels.tolist() == [[2, 0, 1]]
    file = write_png(tmp_path / "c.png", stored, depth=8, colour_type=PALETTE, palette=[0, 0, 0, 5, 5, 5, 5, 5, 5])
    with pytest.raises(DatasetError, match=r"c\.png: its palette shows several numbers in the same shade"):
        read_mask_labels(file)
    file = write_png(tmp_path / "d.png", stored, depth=8, colour_type=PALETTE, palette=[0, 0, 0, 5, 0, 5])
    with pytest.raises(DatasetError, match=r"d\.png: .*0 to 1; got 2"):
        read_mask_labels(file)


@pytest.mark.parametrize(("colour_type", "channels"), [(RGB, 3), (RGBA, 4)])
def test_16_bit_colours_keep_their_bits(colour_type: int, channels: int, tmp_path: Path) -> None:
    stored = numbers(2**16, 9, 7, channels)
    file = write_png(tmp_path / "image.png", stored, depth=16, colour_type=colour_type)
    np.testing.assert_array_equal(read_image_pixels(file), stored)
    image = read_image(file, channels=channels)
    np.testing.assert_array_equal(image, (stored / 65535).astype(np.float32).transpose(2, 0, 1))
    np.testing.assert_array_equal(read_image(file, channels=3), image[:3])
    with pytest.raises(DatasetError, match=r"image\.png: a 16-bit colour image needs a model with"):
        read_image(file, channels=1)


@pytest.mark.parametrize("depth", [2, 4])
def test_grey_images_of_few_bits_are_scaled_to_their_full_range(depth: int, tmp_path: Path) -> None:
    stored = numbers(2**depth, 9, 7)
    file = write_png(tmp_path / "image.png", stored, depth=depth, colour_type=GREY)
    expected = (stored / (2**depth - 1)).astype(np.float32)
    np.testing.assert_allclose(read_image(file, channels=1)[0], expected, rtol=1e-6)


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_pictures_are_upright(kind: str, orientation: int, tmp_path: Path) -> None:
    pixels = np.zeros((16, 24, 3), np.uint8)
    pixels[:8, :8] = 250
    file = tmp_path / f"image.{kind}"
    picture = Image.fromarray(pixels)
    picture.save(file, exif=exif(orientation), quality=100)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(file)))
    for shown in (read_image_pixels(file) / 255, read_image(file, channels=3).transpose(1, 2, 0)):
        np.testing.assert_allclose(shown, expected / 255, atol=1e-6)


def test_masks_are_upright_and_16_bit_images_too(tmp_path: Path) -> None:
    stored = numbers(2**16, 5, 8)
    turned = chunk(b"eXIf", exif(6)[6:])
    expected = np.rot90(stored, -1)
    file = write_png(tmp_path / "a.png", stored, depth=16, colour_type=GREY, more=turned)
    np.testing.assert_array_equal(read_mask_labels(file).labels, expected)
    np.testing.assert_array_equal(read_image_pixels(file), expected)
    np.testing.assert_array_equal(read_image(file, channels=1)[0], (expected / 65535).astype(np.float32))


def test_masks_that_are_not_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 4), np.float32))
    np.save(tmp_path / "b.npy", np.zeros((4, 4, 3), np.uint8))
    Image.new("L", (8, 8)).save(tmp_path / "c.jpg")
    for name, message in (("a.npy", "an integer label"), ("b.npy", "not a colour"), ("c.jpg", "JPEG changes")):
        with pytest.raises(DatasetError, match=rf"{name}: masks must be .*{message}"):
            read_mask_labels(tmp_path / name)


def test_a_truncated_jpeg_is_named(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.fromarray(numbers(256, 64, 64).astype(np.uint8)).save(content, "JPEG")
    (tmp_path / "a.jpg").write_bytes(content.getvalue()[:-100])
    with pytest.raises(DatasetError, match=r"a\.jpg: must be a readable PNG or JPEG file"):
        read_image_pixels(tmp_path / "a.jpg")
