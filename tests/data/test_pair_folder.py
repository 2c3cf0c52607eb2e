"""Users' folders of image and mask files: which files belong together, and what the masks of a folder say together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from drumhead.data import (
    DatasetError,
    ImportOptions,
    Split,
    check_dataset,
    find_image_files,
    open_dataset,
    to_tensors,
)
from drumhead.data.loader import Batch

Pixels = npt.NDArray[Any]
SPLITS = ("train", "val", "test")
RED_GREEN = [0, 0, 0, 255, 0, 0, 0, 255, 0]


def labels(seed: int, height: int = 8, width: int = 6) -> Pixels:
    return np.random.default_rng(seed).integers(0, 3, (height, width), dtype=np.uint8)


def picture(seed: int, height: int = 8, width: int = 6) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def save(file: Path, pixels: Pixels, palette: list[int] | None = None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".npy":
        np.save(file, pixels)
    elif file.suffix.startswith(".tif"):
        tifffile.imwrite(file, pixels)
    else:
        image = Image.fromarray(pixels)
        if palette is not None:
            image.putpalette(palette)
        image.save(file)


def build(folder: Path, place: Callable[[str, str], str] = "{}/{}".format, *, count: int = 2) -> Path:
    """Write pairs 0, 1, ... of each split; ``place`` names the folder of a split's images or masks."""
    for offset, split in enumerate(SPLITS):
        for sample in range(count):
            seed = 10 * offset + sample
            save(folder / place(split, "images") / f"{sample}.png", picture(seed))
            save(folder / place(split, "masks") / f"{sample}.png", labels(seed))
    return folder


def test_splits_inside_and_outside_give_the_same_data(tmp_path: Path) -> None:
    inside = build(tmp_path / "a")
    outside = build(tmp_path / "b", "{1}/{0}".format)
    assert open_dataset(inside).fingerprint == open_dataset(outside).fingerprint


def test_cityscapes(tmp_path: Path) -> None:
    """Other folders, suffixes, subfolders, and further files beside the masks."""
    plain = build(tmp_path / "plain", count=1)
    for offset, split in enumerate(SPLITS):
        town = tmp_path / "city/leftImg8bit" / split / "town" / "0_leftImg8bit.png"
        save(town, picture(10 * offset))
        fine = tmp_path / "city/gtFine" / split / "town"
        save(fine / "0_gtFine_labelIds.png", labels(10 * offset))
        save(fine / "0_gtFine_color.png", picture(0))
        (fine / "0_gtFine_polygons.json").write_text("{}")
    names: dict[str, Any] = {"image_folder": "leftImg8bit", "mask_folder": "gtFine"}
    suffixes: dict[str, Any] = {"image_suffix": "_leftImg8bit", "mask_suffix": "_gtFine_labelIds"}
    dataset = check_dataset(tmp_path / "city", ImportOptions(**names, **suffixes))
    assert dataset.fingerprint == open_dataset(plain).fingerprint
    with pytest.raises(DatasetError, match=r"0_leftImg8bit\.png: every image needs a mask.*--image-suffix"):
        check_dataset(tmp_path / "city", ImportOptions(**names))
    with pytest.raises(DatasetError, match=r"city: no dataset found.*--image-folder"):
        check_dataset(tmp_path / "city")


@pytest.mark.parametrize(("image", "mask"), [("tif", "png"), ("npy", "npy"), ("png", "tiff")])
def test_formats_give_the_same_data(image: str, mask: str, tmp_path: Path) -> None:
    plain = build(tmp_path / "plain")
    for file in sorted(build(tmp_path / "other").glob("*/*/*.png")):
        kind = image if file.parent.name == "images" else mask
        pixels = np.asarray(Image.open(file))
        file.unlink()
        save(file.with_suffix(f".{kind}"), pixels)
    assert open_dataset(tmp_path / "other").fingerprint == open_dataset(plain).fingerprint


def test_jpeg_images(tmp_path: Path) -> None:
    for file in sorted(build(tmp_path / "a").glob("*/images/*.png")):
        Image.open(file).save(file.with_suffix(".jpg"), quality=95)
        file.unlink()
    dataset = open_dataset(tmp_path / "a")
    expected = np.asarray(Image.open(tmp_path / "a/val/images/1.jpg"))
    np.testing.assert_array_equal(dataset.splits["val"].images[1], expected)


def test_images_without_a_mask_are_left_out_if_asked(tmp_path: Path) -> None:
    folder = build(tmp_path / "a")
    before = open_dataset(folder).fingerprint
    save(folder / "train/images/2.png", picture(99))
    with pytest.raises(DatasetError, match=r"2\.png: .*mask is missing \(1 of 3.*--skip-unlabelled"):
        open_dataset(folder)
    assert check_dataset(folder, ImportOptions(skip_unlabelled=True)).fingerprint == before
    (folder / "train/images/1.png").unlink()
    with pytest.raises(DatasetError, match=r"masks/1\.png: .*image is missing"):
        check_dataset(folder, ImportOptions(skip_unlabelled=True))


@pytest.mark.parametrize("second", ["0.PNG", "0.jpg", "0.tif"])
@pytest.mark.parametrize("kind", ["images", "masks"])
def test_two_files_of_one_name_are_refused(kind: str, second: str, tmp_path: Path) -> None:
    folder = build(tmp_path / "a")
    (folder / "val" / kind / second).write_bytes((folder / "val" / kind / "0.png").read_bytes())
    with pytest.raises(DatasetError, match=rf"val/{kind}/0\.\w+ and 0\.\w+: two files have the same name"):
        open_dataset(folder)


def test_hidden_files_are_ignored(tmp_path: Path) -> None:
    folder = build(tmp_path / "a")
    before = open_dataset(folder).fingerprint
    for name in ("._0.png", ".DS_Store", ".thumbnails/0.png", "Thumbs.db"):
        (folder / "train/images" / name).parent.mkdir(exist_ok=True)
        (folder / "train/images" / name).write_bytes(b"resource fork")
    assert open_dataset(folder).fingerprint == before
    assert [file.name for file in find_image_files([folder / "train/images"])] == ["0.png", "1.png"]


def test_links_to_folders_are_named(tmp_path: Path) -> None:
    folder = build(tmp_path / "a")
    before = open_dataset(folder).fingerprint
    (folder / "val").rename(tmp_path / "elsewhere")
    (folder / "val").symlink_to(tmp_path / "elsewhere")
    assert open_dataset(folder).fingerprint == before
    (folder / "train/images/loop").symlink_to(folder)
    with pytest.raises(DatasetError, match=r"train/images/loop: a subfolder must not be a link"):
        open_dataset(folder)


def test_palettes_of_a_folder_must_agree(tmp_path: Path) -> None:
    folder = build(tmp_path / "a")
    for file in sorted(folder.glob("*/masks/*.png")):
        save(file, np.asarray(Image.open(file)), RED_GREEN)
    np.testing.assert_array_equal(open_dataset(folder).splits["train"].masks[0], labels(0))
    swapped = np.array([0, 2, 1], np.uint8)[labels(11)]
    save(folder / "val/masks/1.png", swapped, [0, 0, 0, 0, 255, 0, 255, 0, 0])
    with pytest.raises(
        DatasetError, match=r"val/masks/1\.png: .*the same colour; [12] is #\w+ here and #\w+ in .*train/masks/0\.png"
    ):
        open_dataset(folder)


def test_an_optimised_grey_mask_is_read_as_before(tmp_path: Path) -> None:
    """The mask {0, 2} as two palette entries: index 1 is class 2."""
    folder = build(tmp_path / "a")
    save(folder / "test/masks/1.png", np.where(labels(21) == 2, 2, 0).astype(np.uint8))
    before = open_dataset(folder).fingerprint
    save(folder / "test/masks/1.png", (labels(21) == 2).astype(np.uint8), [0, 0, 0, 2, 2, 2])
    assert open_dataset(folder).fingerprint == before


def test_labels_beside_the_padding_need_a_class_or_to_be_ignored(tmp_path: Path) -> None:
    folder = build(tmp_path / "a")
    save(folder / "val/images/1.png", picture(5, 11, 4))
    save(folder / "val/masks/1.png", np.full((11, 4), 255, np.uint8))
    with pytest.raises(DatasetError, match=r"1\.png: .*0 to 254, or ignored labels; got 255.*--ignore-label 255; if"):
        check_dataset(folder)
    assert check_dataset(folder, ImportOptions(ignore_labels=(255,))).sizes is not None


@pytest.mark.parametrize("change", [np.asfortranarray, lambda array: array.astype(array.dtype.newbyteorder(">"))])
def test_the_form_of_arrays_in_memory_does_not_matter(change: Callable[[Pixels], Pixels], tmp_path: Path) -> None:
    """The same numbers train the same weights: tensors have the same layout."""
    for name, convert in (("plain", np.asarray), ("changed", change)):
        for seed, split in enumerate(SPLITS):
            images = np.stack([picture(seed), picture(seed + 9)]).astype(np.float32) / 255
            masks = np.stack([labels(seed), labels(seed + 9)]).astype(np.int16)
            save(tmp_path / name / f"{split}_images.npy", convert(images))
            save(tmp_path / name / f"{split}_masks.npy", convert(masks))
    plain, changed = open_dataset(tmp_path / "plain"), open_dataset(tmp_path / "changed")
    assert plain.fingerprint == changed.fingerprint
    assert_same(to_tensors(plain.splits["train"], [1, 0]), to_tensors(changed.splits["train"], [1, 0]))


def assert_same(first: Batch, second: Batch) -> None:
    for one, other in zip(first, second, strict=True):
        assert one.stride() == other.stride()
        assert one.equal(other)


def test_the_layout_of_a_split_in_memory_does_not_matter() -> None:
    images, masks = np.stack([picture(0), picture(1)]), np.stack([labels(0), labels(1)])
    turned = Split(np.asfortranarray(images), np.asfortranarray(masks))
    assert_same(to_tensors(Split(images, masks), [0, 1]), to_tensors(turned, [0, 1]))


def test_class_names_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    folder = build(tmp_path / "a")
    (folder / "classes.txt").write_text("background\nnucleus\nwall\n", encoding="utf-8-sig")
    assert open_dataset(folder).class_names == ("background", "nucleus", "wall")
