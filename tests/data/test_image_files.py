"""Reading single images as model input in every supported format, and errors that name the file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from drumhead.data import DatasetError, find_image_files, open_dataset, read_image

Pixels = npt.NDArray[Any]


def random_pixels(*shape: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def save(pixels: Pixels, file: Path, **options: Any) -> Path:
    if file.suffix == ".npy":
        np.save(file, pixels)
    else:
        Image.fromarray(pixels).save(file, **options)
    return file


def as_float(pixels: Pixels) -> Pixels:
    """Convert uint8 (height, width, channel) to float (channel, height, width) from 0 to 1."""
    scaled: Pixels = pixels.transpose(2, 0, 1) / np.float32(255)
    return scaled


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".npy"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_uint8_pixels_are_divided_by_255(channels: int, suffix: str, tmp_path: Path) -> None:
    pixels = random_pixels(5, 7, channels)
    file = save(pixels if channels > 1 else pixels[..., 0], tmp_path / f"one{suffix}")
    image = read_image(file, channels=channels)
    assert image.dtype == np.float32
    assert image.flags.c_contiguous
    assert image.flags.writeable
    np.testing.assert_array_equal(image, as_float(pixels))


def test_colour_converts_to_grey_and_grey_to_colour(tmp_path: Path) -> None:
    colour, grey = random_pixels(5, 7, 3), random_pixels(5, 7)
    luma = np.asarray(Image.fromarray(colour).convert("L"))[..., None]
    np.testing.assert_array_equal(read_image(save(colour, tmp_path / "colour.png"), channels=1), as_float(luma))
    np.testing.assert_array_equal(
        read_image(save(grey, tmp_path / "grey.png"), channels=3), as_float(np.stack([grey] * 3, axis=-1))
    )


def test_transparency_is_dropped_or_added(tmp_path: Path) -> None:
    pixels = random_pixels(5, 7, 4)
    file = save(pixels, tmp_path / "transparent.png")
    np.testing.assert_array_equal(read_image(file, channels=3), as_float(pixels[..., :3]))
    opaque = read_image(save(pixels[..., :3], tmp_path / "opaque.png"), channels=4)
    np.testing.assert_array_equal(opaque[3], np.ones((5, 7)))


def test_a_palette_gives_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8)).convert("P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(tmp_path / "palette.png")
    colours = read_image(tmp_path / "palette.png", channels=3)
    np.testing.assert_array_equal(colours[:, 0, 0], [1, 0, 0])
    np.testing.assert_array_equal(colours[:, 0, 1], [0, 0, 1])


def test_jpeg_is_nearly_what_was_saved(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 32).astype(np.uint8)[:, None], (32, 16))
    for suffix in (".jpg", ".jpeg", ".JPG"):
        file = save(np.ascontiguousarray(ramp), tmp_path / f"ramp{suffix}", quality=95, format="JPEG")
        np.testing.assert_allclose(read_image(file, channels=1)[0], ramp / 255, atol=0.02)


def test_16_bit_grey_is_scaled_as_in_training_data(tmp_path: Path) -> None:
    """It is not clipped at 255, as Pillow's conversion to 8 bits would do."""
    pixels: Pixels = np.linspace(0, 65535, 48).astype(np.uint16).reshape(1, 6, 8)
    folder = tmp_path / "dataset"
    for split in ("train", "val", "test"):
        for subfolder in ("images", "masks"):
            (folder / split / subfolder).mkdir(parents=True)
        save(pixels[0], folder / split / "images" / "one.png")
        save(np.eye(6, 8, dtype=np.uint8), folder / split / "masks" / "one.png")
    image = read_image(folder / "test" / "images" / "one.png", channels=1)
    np.testing.assert_allclose(image, pixels / 65535, rtol=1e-6)
    np.testing.assert_array_equal(image[..., None], open_dataset(folder).splits["test"].images)


def test_16_bit_grey_is_refused_for_a_colour_model(tmp_path: Path) -> None:
    file = save(np.full((4, 4), 60_000, np.uint16), tmp_path / "deep.png")
    with pytest.raises(DatasetError, match=r"deep\.png: a 16-bit greyscale image needs .* one channel, not 3"):
        read_image(file, channels=3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_from_0_to_1_are_unchanged(dtype: type, tmp_path: Path) -> None:
    pixels: Pixels = np.random.default_rng(0).random((5, 7, 3)).astype(dtype)
    image = read_image(save(pixels, tmp_path / "one.npy"), channels=3)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, pixels.transpose(2, 0, 1).astype(np.float32))


def test_an_image_does_not_change_with_its_file(tmp_path: Path) -> None:
    file = save(np.full((4, 4), 0.5, np.float32), tmp_path / "one.npy")
    image = read_image(file, channels=1)
    save(np.zeros((4, 4), np.float32), file)
    assert image.min() == image.max() == 0.5


def test_any_number_of_channels_from_numpy_files(tmp_path: Path) -> None:
    assert read_image(save(random_pixels(5, 7, 6), tmp_path / "six.npy"), channels=6).shape == (6, 5, 7)
    with pytest.raises(DatasetError, match=r"six\.png: a model with 6 channels needs a \.npy or TIFF file"):
        read_image(save(random_pixels(5, 7), tmp_path / "six.png"), channels=6)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (random_pixels(5, 7, 4), r"needs \(height, width, 3\); got \(5, 7, 4\)"),
        (random_pixels(5, 7), r"needs \(height, width, 3\); got \(5, 7, 1\)"),
        (random_pixels(3, 5, 7), r"needs \(height, width, 3\); got \(3, 5, 7\)"),
        (random_pixels(2, 5, 7, 3), r"got \(2, 5, 7, 3\)"),
        (random_pixels(3), r"got \(3,\)"),
        (np.array(0.5), r"got \(\)"),
        (np.full((4, 4, 3), 1.01), "from 1.01 to 1.01. Scale them"),
        (np.full((4, 4, 3), -0.01), "from -0.01 to -0.01. Scale them"),
        (np.full((4, 4, 3), np.nan), "got float64 from nan to nan"),
        (np.full((4, 4, 3), np.inf), "from inf to inf"),
        (np.full((4, 4, 3), 7, np.int64), "uint8 or uint16, or float from 0 to 1; got int64"),
        (np.ones((4, 4, 3), bool), "got bool"),
        (np.ones((4, 4, 3), complex), "got complex128"),
        (np.full((4, 4, 3), "grey"), "got <U4"),
    ],
)
def test_an_array_that_is_not_an_image_is_refused(pixels: Pixels, message: str, tmp_path: Path) -> None:
    file = save(pixels, tmp_path / "wrong.npy")
    with pytest.raises(DatasetError, match=rf"{file}: .*{message}"):
        read_image(file, channels=3)


def test_an_image_without_pixels_is_refused(tmp_path: Path) -> None:
    file = save(np.zeros((0, 5, 3)), tmp_path / "empty.npy")
    with pytest.raises(DatasetError, match=r"empty\.npy"):
        read_image(file, channels=3)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "objects.npy"
    np.save(file, np.array([{"any": "thing"}], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match=r"objects\.npy"):
        read_image(file, channels=1)


def npz_archive() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, image=np.zeros((4, 4)))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["one.png", "one.jpg", "one.npy"])
@pytest.mark.parametrize("content", [b"", b"not an image", npz_archive()], ids=["empty", "text", "archive"])
def test_a_file_that_is_not_an_image_is_named(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=str(tmp_path / name)):
        read_image(tmp_path / name, channels=1)


@pytest.mark.parametrize("name", ["one.png", "one.npy"])
def test_a_truncated_file_is_named(name: str, tmp_path: Path) -> None:
    file = save(random_pixels(40, 40), tmp_path / name)
    file.write_bytes(file.read_bytes()[:700])
    with pytest.raises(DatasetError, match=str(file)):
        read_image(file, channels=1)


def test_image_files_are_found_in_paths_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("b.png", "a.JPG", "c.npy", "notes.txt"):
        (folder / name).touch()
    (tmp_path / "single.jpeg").touch()
    files = find_image_files([tmp_path / "single.jpeg", folder])
    assert files == [tmp_path / "single.jpeg", folder / "a.JPG", folder / "b.png", folder / "c.npy"]
    assert find_image_files([]) == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["nowhere.png"], r"nowhere\.png: there is no such file"),
        (["notes.txt"], r"notes\.txt: images must end in \.png, \.jpg, \.jpeg, \.tif, \.tiff, \.npy; got '\.txt'"),
        (["plain"], r"got 'no suffix'"),
        (["empty"], r"empty: this folder has no image"),
        (["a.png", "a.jpg"], r"a\.jpg and .*a\.png: images must have different names"),
        (["a.png", "folder"], r"folder.a\.png and .*a\.png: images must have different names"),
    ],
)
def test_paths_that_are_not_image_files_are_refused(names: list[str], message: str, tmp_path: Path) -> None:
    for name in ("notes.txt", "plain", "a.png", "a.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.png").touch()
    with pytest.raises(DatasetError, match=message):
        find_image_files([tmp_path / name for name in names])
