from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from drumhead.data import (
    IGNORED_LABEL,
    DatasetError,
    ImportOptions,
    check_dataset,
    import_dataset,
    open_dataset,
    write_dataset,
)

Pixels = npt.NDArray[Any]
COUNTS = {"train": 4, "val": 2, "test": 3}


def random_images(count: int, channels: int = 3) -> Pixels:
    shape = (count, 8, 6, channels) if channels > 1 else (count, 8, 6)
    return np.random.default_rng(count).integers(0, 256, shape, dtype=np.uint8)


def random_masks(count: int) -> Pixels:
    return np.random.default_rng(count).integers(0, 3, (count, 8, 6), dtype=np.uint8)


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    folder = tmp_path / "arrays"
    folder.mkdir()
    for name, count in COUNTS.items():
        np.save(folder / f"{name}_images.npy", random_images(count))
        np.save(folder / f"{name}_masks.npy", random_masks(count))
    return folder


@pytest.fixture
def pngs(tmp_path: Path) -> Path:
    folder = tmp_path / "pngs"
    for name, count in COUNTS.items():
        for subfolder, stack in (("images", random_images(count)), ("masks", random_masks(count))):
            (folder / name / subfolder).mkdir(parents=True)
            for index, pixels in enumerate(stack):
                Image.fromarray(pixels).save(folder / name / subfolder / f"cell{index}.png")
    return folder


def edit_array(file: Path, **changes: Any) -> None:
    """Change the dtype of an array file, or the value at an index."""
    array = np.load(file)
    if "dtype" in changes:
        array = array.astype(changes["dtype"])
    if "index" in changes:
        array[changes["index"]] = changes["value"]
    np.save(file, array)


def scale_images(folder: Path) -> None:
    for name in COUNTS:
        file = folder / f"{name}_images.npy"
        np.save(file, np.load(file).astype(np.float32) / 255)


def assert_refused(folder: Path, message: str) -> None:
    for read in (open_dataset, check_dataset):
        with pytest.raises(DatasetError, match=message):
            read(folder)


@pytest.mark.parametrize("fixture", ["arrays", "pngs"])
def test_a_user_folder_opens(request: pytest.FixtureRequest, fixture: str) -> None:
    dataset = open_dataset(request.getfixturevalue(fixture))
    assert (dataset.name, dataset.classes, dataset.channels) == (fixture, 3, 3)
    assert (dataset.height, dataset.width) == (8, 6)
    assert dataset.class_names == ("background", "class 1", "class 2")
    for name, split in dataset.splits.items():
        np.testing.assert_array_equal(split.images, random_images(COUNTS[name]))
        np.testing.assert_array_equal(split.masks, random_masks(COUNTS[name]))


def test_arrays_pngs_and_imports_have_the_same_fingerprint(arrays: Path, pngs: Path, tmp_path: Path) -> None:
    imported = import_dataset(pngs, tmp_path / "imported")
    assert (tmp_path / "imported" / "manifest.json").exists()
    assert imported.name == "pngs"
    assert imported.class_names == ("background", "class 1", "class 2")
    assert imported.fingerprint == check_dataset(imported.folder).fingerprint
    assert imported.fingerprint == open_dataset(arrays).fingerprint == open_dataset(pngs).fingerprint


def test_an_import_overwrites_nothing(arrays: Path, pngs: Path) -> None:
    with pytest.raises(FileExistsError, match="arrays"):
        import_dataset(pngs, arrays)


def test_an_import_of_a_folder_with_a_manifest_keeps_its_recipe(arrays: Path, tmp_path: Path) -> None:
    splits = open_dataset(arrays).splits
    names = ("background", "a", "b")
    write_dataset(tmp_path / "made", splits, name="toy", class_names=names, recipe={"seed": 1})
    copied = import_dataset(tmp_path / "made", tmp_path / "copy")
    assert (copied.name, copied.class_names, copied.manifest.recipe) == ("toy", names, {"seed": 1})


@pytest.mark.parametrize("fixture", ["arrays", "pngs"])
def test_class_names_from_a_file(request: pytest.FixtureRequest, fixture: str) -> None:
    folder = request.getfixturevalue(fixture)
    (folder / "classes.txt").write_text("background\nnucleus\nwall\nnever seen\n")
    dataset = open_dataset(folder)
    assert dataset.class_names == ("background", "nucleus", "wall", "never seen")
    (folder / "classes.txt").write_text("background\nnucleus\n")
    assert_refused(folder, r"train.*0 to 1 \(background, nucleus\); got 2")


@pytest.mark.parametrize("text", ["", "background", "background\na\n\nb", "background\na\na"])
def test_bad_class_names(arrays: Path, text: str) -> None:
    (arrays / "classes.txt").write_text(text)
    assert_refused(arrays, r"classes\.txt: must have 2 to 256 different class names")


def test_no_dataset_at_all(tmp_path: Path) -> None:
    assert_refused(tmp_path, r"no dataset found\. .*manifest\.json.*train_images\.npy.*train/images/\*\.png")


# Arrays


def test_grey_arrays_need_no_channel_axis(arrays: Path) -> None:
    for name, count in COUNTS.items():
        np.save(arrays / f"{name}_images.npy", random_images(count, channels=1))
    dataset = open_dataset(arrays)
    assert dataset.channels == 1
    np.testing.assert_array_equal(dataset.splits["val"].images[..., 0], random_images(2, channels=1))


def test_float_images(arrays: Path) -> None:
    scale_images(arrays)
    dataset = open_dataset(arrays)
    assert dataset.manifest.image_dtype == "float32"
    assert dataset.splits["train"].images.max() <= 1


@pytest.mark.parametrize("dtype", ["int64", "int16", "uint16", "bool"])
def test_masks_of_any_integers(arrays: Path, dtype: str) -> None:
    for name in COUNTS:
        edit_array(arrays / f"{name}_masks.npy", dtype=dtype)
    dataset = open_dataset(arrays)
    assert dataset.splits["val"].masks.dtype == np.uint8
    np.testing.assert_array_equal(dataset.splits["val"].masks, random_masks(2).astype(dtype))


def test_a_missing_split(arrays: Path) -> None:
    for array in ("images", "masks"):
        (arrays / f"val_{array}.npy").unlink()
    assert_refused(arrays, r"arrays: .*missing: val\. Add NAME_images\.npy")


def test_a_missing_array(arrays: Path) -> None:
    (arrays / "val_masks.npy").unlink()
    assert_refused(arrays, r"val_masks\.npy: .*missing")


def test_an_empty_split(arrays: Path) -> None:
    np.save(arrays / "val_images.npy", random_images(2)[:0])
    np.save(arrays / "val_masks.npy", random_masks(2)[:0])
    assert_refused(arrays, r"val_images\.npy: a split must have at least one image")


def test_image_dtype(arrays: Path) -> None:
    edit_array(arrays / "train_images.npy", dtype="int64")
    assert_refused(arrays, r"train_images\.npy, sample 0: .*uint8 or uint16, or float .*got int64\. Convert.*--scale")


def test_mask_dtype(arrays: Path) -> None:
    edit_array(arrays / "test_masks.npy", dtype="float32")
    assert_refused(arrays, r"test_masks\.npy: masks must be integer class numbers.*got float32")


def test_image_shape(arrays: Path) -> None:
    np.save(arrays / "val_images.npy", np.zeros((8, 6), np.uint8))
    assert_refused(arrays, r"val_images\.npy: images must be \(sample, height, width\).*got shape \(8, 6\)")


def test_channels_first_images(arrays: Path) -> None:
    np.save(arrays / "val_images.npy", random_images(2).transpose(0, 3, 1, 2).copy())
    assert_refused(arrays, r"val_masks\.npy: .*\(2, 3, 8, 6\); got \(2, 8, 6\).*channels last")


def test_fewer_masks_than_images(arrays: Path) -> None:
    np.save(arrays / "val_masks.npy", random_masks(1))
    assert_refused(arrays, r"val_masks\.npy: .*got \(1, 8, 6\)")


def test_splits_of_other_sizes(arrays: Path) -> None:
    np.save(arrays / "test_images.npy", random_images(3)[:, :7])
    np.save(arrays / "test_masks.npy", random_masks(3)[:, :7])
    assert_refused(arrays, r"test_images\.npy: .*train, \(8, 6, 3\) uint8; got \(7, 6, 3\) uint8")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_not_finite(arrays: Path, value: float) -> None:
    scale_images(arrays)
    edit_array(arrays / "test_images.npy", index=(2, 1, 1, 0), value=value)
    assert_refused(arrays, r"test_images\.npy, sample 2: .*got NaN or infinity")


def test_pixels_out_of_range(arrays: Path) -> None:
    for name in COUNTS:
        edit_array(arrays / f"{name}_images.npy", dtype="float32")
    assert_refused(arrays, r"train_images\.npy, sample 0: .*\[0, 1\]; got .* to 25\d\. .*--scale 255")


@pytest.mark.parametrize("value", [-1, 256])
def test_mask_values_beyond_uint8(arrays: Path, value: int) -> None:
    edit_array(arrays / "val_masks.npy", dtype="int64", index=(1, 0, 0), value=value)
    assert_refused(arrays, rf"val_masks\.npy, sample 1: .*0 to 255; got {value}")


def test_a_class_that_is_missing_in_train(arrays: Path) -> None:
    edit_array(arrays / "test_masks.npy", index=(2, 0, 0), value=3)
    assert_refused(arrays, r"test_masks\.npy, sample 2: .*0 to 2 .*got 3")


def test_masks_of_0_and_255(arrays: Path) -> None:
    np.save(arrays / "train_masks.npy", (random_masks(4) > 0).astype(np.uint8) * 255)
    assert_refused(
        arrays,
        r"train_masks\.npy: .*from 0 to the largest, 255; got 0, 255\. .*--relabel`.*--ignore-label 255`.*classes\.txt",
    )


def test_ignored_labels_are_stored_as_255_and_get_no_class(arrays: Path, tmp_path: Path) -> None:
    for name in COUNTS:
        edit_array(arrays / f"{name}_masks.npy", dtype="int16", index=(0, 0, slice(0, 2)), value=-1)
        edit_array(arrays / f"{name}_masks.npy", index=(1, 0, 0), value=255)
    assert_refused(arrays, r"train_masks\.npy, sample 0: .*got -1\. .*--ignore-label -1`.*--relabel")
    imported = import_dataset(arrays, tmp_path / "new", ImportOptions(ignore_labels=(-1, 255)))
    for dataset in (imported, check_dataset(tmp_path / "new"), open_dataset(tmp_path / "new")):
        assert (dataset.ignored_label, dataset.relabel, dataset.classes) == (255, None, 3)
        expected = random_masks(4)
        expected[0, 0, 0:2] = expected[1, 0, 0] = 255
        np.testing.assert_array_equal(dataset.splits["train"].masks, expected)


def test_an_ignored_label_is_no_class_number(arrays: Path, tmp_path: Path) -> None:
    splits = open_dataset(arrays).splits
    with pytest.raises(ValueError, match="ignored_label must not be the number of one of the 3 classes; got 2"):
        write_dataset(tmp_path / "a", splits, name="a", class_names=("background", "a", "b"), ignored_label=2)


@pytest.mark.parametrize("fixture", ["arrays", "pngs"])
def test_labels_with_gaps_are_renumbered(request: pytest.FixtureRequest, fixture: str, tmp_path: Path) -> None:
    folder = request.getfixturevalue(fixture)
    labels = np.array([0, 85, 255], np.uint8)
    for name, count in COUNTS.items():
        if fixture == "arrays":
            np.save(folder / f"{name}_masks.npy", labels[random_masks(count)])
        else:
            for index, mask in enumerate(labels[random_masks(count)]):
                Image.fromarray(mask).save(folder / name / "masks" / f"cell{index}.png")
    dataset = import_dataset(folder, tmp_path / "new", ImportOptions(relabel=True))
    assert open_dataset(tmp_path / "new").relabel == dataset.relabel == {0: 0, 85: 1, 255: 2}
    assert dataset.class_names == ("background", "class 85", "class 255")
    np.testing.assert_array_equal(dataset.splits["test"].masks, random_masks(3))
    dataset = check_dataset(folder, ImportOptions(relabel=True, ignore_labels=(255,)))
    assert (dataset.relabel, dataset.classes) == ({0: 0, 85: 1}, 2)
    np.testing.assert_array_equal(
        dataset.splits["test"].masks, np.where(random_masks(3) == 2, IGNORED_LABEL, random_masks(3))
    )


def test_a_class_is_0_only_if_its_label_is(arrays: Path) -> None:
    """Class 0 is the background of all scores: no other label takes its number, even if 0 is ignored."""
    dataset = check_dataset(arrays, ImportOptions(relabel=True, ignore_labels=(0,)))
    assert (dataset.relabel, dataset.class_names) == ({1: 1, 2: 2}, ("background", "class 1", "class 2"))
    np.testing.assert_array_equal(
        dataset.splits["test"].masks, np.where(random_masks(3) == 0, IGNORED_LABEL, random_masks(3))
    )


def test_renumbered_classes_have_as_many_names(arrays: Path) -> None:
    (arrays / "classes.txt").write_text("background\na\nb\nc\n")
    with pytest.raises(DatasetError, match=r"classes\.txt: .*\(0 -> 0, 1 -> 1, 2 -> 2\), 3 in all.*; got 4"):
        check_dataset(arrays, ImportOptions(relabel=True))


def test_too_many_labels(arrays: Path) -> None:
    np.save(arrays / "train_masks.npy", np.arange(4 * 8 * 60).reshape(4, 8, 60)[..., :6] * 7)
    np.save(arrays / "val_masks.npy", np.arange(10**6, 10**6 + 2 * 8 * 6).reshape(2, 8, 6))
    with pytest.raises(DatasetError, match=r"_masks\.npy, sample 1: masks must hold at most 255 different labels"):
        check_dataset(arrays, ImportOptions(relabel=True))


def test_options_for_reading_do_not_apply_to_a_manifest(arrays: Path, tmp_path: Path) -> None:
    import_dataset(arrays, tmp_path / "new")
    with pytest.raises(DatasetError, match=r"new: has a manifest.*Import the original folder again"):
        check_dataset(tmp_path / "new", ImportOptions(relabel=True))


def test_masks_without_foreground(arrays: Path) -> None:
    np.save(arrays / "train_masks.npy", np.zeros((4, 8, 6), np.uint8))
    assert_refused(arrays, r"train_masks\.npy: .*other than background; got 0 everywhere")


# PNG pairs


def rewrite_pngs(folder: Path, pixels: Pixels | None = None, *, mode: str | None = None) -> None:
    """Replace the pixels of every PNG in a folder, or convert it to another mode."""
    for file in folder.glob("*.png"):
        image = Image.open(file) if pixels is None else Image.fromarray(pixels)
        image.load()
        (image if mode is None else image.convert(mode)).save(file)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_image_modes(pngs: Path, mode: str, channels: int) -> None:
    for name in COUNTS:
        rewrite_pngs(pngs / name / "images", mode=mode)
    dataset = open_dataset(pngs)
    assert (dataset.channels, dataset.manifest.image_dtype) == (channels, "uint8")


def test_16_bit_images(pngs: Path) -> None:
    pixels = np.linspace(0, 65535, 48).astype(np.uint16).reshape(8, 6)
    for name in COUNTS:
        rewrite_pngs(pngs / name / "images", pixels)
    dataset = open_dataset(pngs)
    assert (dataset.channels, dataset.manifest.image_dtype) == (1, "float32")
    expected = (pixels / 65535).astype(np.float32)
    np.testing.assert_allclose(dataset.splits["val"].images[1, ..., 0], expected, rtol=1e-6)


def test_palette_masks_hold_class_numbers(pngs: Path) -> None:
    for name in COUNTS:
        for file in (pngs / name / "masks").iterdir():
            mask = Image.open(file)
            mask.load()
            mask.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
            assert mask.mode == "P"
            mask.save(file)
    np.testing.assert_array_equal(open_dataset(pngs).splits["test"].masks, random_masks(3))


def test_1_bit_masks(pngs: Path) -> None:
    for name, count in COUNTS.items():
        for index, mask in enumerate(random_masks(count) > 0):
            Image.fromarray(mask).save(pngs / name / "masks" / f"cell{index}.png")
    dataset = open_dataset(pngs)
    assert dataset.classes == 2
    np.testing.assert_array_equal(dataset.splits["val"].masks, random_masks(2) > 0)


def test_colour_masks(pngs: Path) -> None:
    rewrite_pngs(pngs / "train" / "masks", mode="RGB")
    assert_refused(pngs, r"train/masks/cell0\.png: .*one channel or a palette.*'RGB'.*not a colour")


@pytest.mark.parametrize("mode", ["P", "LA", "1"])
def test_unsupported_image_modes(pngs: Path, mode: str) -> None:
    rewrite_pngs(pngs / "train" / "images", mode=mode)
    assert_refused(pngs, rf"train/images/cell0\.png: .*greyscale, RGB or RGBA.*'{mode}'\. Convert")


def test_png_classes_beyond_uint8(pngs: Path) -> None:
    pixels = np.full((8, 6), 300, np.uint16)
    Image.fromarray(pixels).save(pngs / "val" / "masks" / "cell1.png")
    assert_refused(pngs, r"val/masks/cell1\.png: .*0 to 255; got 300")


def test_a_png_class_that_is_missing_in_train(pngs: Path) -> None:
    Image.fromarray(np.full((8, 6), 9, np.uint8)).save(pngs / "test" / "masks" / "cell2.png")
    assert_refused(pngs, r"test/masks/cell2\.png: .*0 to 2 .*got 9")


@pytest.mark.parametrize(("subfolder", "other"), [("images", "masks"), ("masks", "images")])
def test_a_png_without_its_partner(pngs: Path, subfolder: str, other: str) -> None:
    (pngs / "val" / subfolder / "cell1.png").unlink()
    assert_refused(
        pngs, rf"val/{other}/cell1\.png: .*the {subfolder[:-1]} is missing .*1 of 2 .*val/{subfolder}/cell1\.png"
    )


@pytest.mark.parametrize("subfolder", ["images", "masks"])
def test_pngs_of_other_sizes(pngs: Path, subfolder: str) -> None:
    file = pngs / "train" / subfolder / "cell2.png"
    image = Image.open(file)
    image.load()
    image.crop((0, 0, 6, 5)).save(file)
    image_size, mask_size = ("5 x 6", "8 x 6") if subfolder == "images" else ("8 x 6", "5 x 6")
    assert_refused(pngs, rf"masks/cell2\.png: must have the size of its image, {image_size} pixels .*got {mask_size}")


def test_pngs_of_another_format(pngs: Path) -> None:
    Image.fromarray(random_images(1, channels=1)[0]).save(pngs / "train" / "images" / "cell3.png")
    assert_refused(pngs, r"train/images/cell3\.png: .*1 channels.*but cell0\.png has .*3 channels")


@pytest.mark.parametrize("content", [b"", b"not an image"])
def test_an_unreadable_png(pngs: Path, content: bytes) -> None:
    (pngs / "val" / "images" / "cell0.png").write_bytes(content)
    assert_refused(pngs, r"val/images/cell0\.png: must be a readable PNG")


def test_a_truncated_png(pngs: Path) -> None:
    file = pngs / "val" / "images" / "cell0.png"
    file.write_bytes(file.read_bytes()[:-60])
    assert_refused(pngs, r"val/images/cell0\.png: must be a readable PNG")


def test_a_missing_png_split(pngs: Path) -> None:
    (pngs / "test").rename(pngs / "held out")
    assert_refused(pngs, r"pngs: .*missing: test\. Add NAME/images")


def test_a_missing_png_folder(pngs: Path) -> None:
    (pngs / "test" / "masks").rename(pngs / "test" / "labels")
    assert_refused(pngs, r"test/masks: .*this one is missing")


def test_an_empty_png_split(pngs: Path) -> None:
    for file in pngs.glob("val/*/*.png"):
        file.unlink()
    assert_refused(pngs, r"pngs/val: a split must have at least one pair")
