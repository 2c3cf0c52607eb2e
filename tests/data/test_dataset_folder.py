from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drumhead.data import Dataset, DatasetError, Split, check_dataset, check_hashes, open_dataset, write_dataset
from drumhead.data.array_folder import save_array

NAMES = ("background", "a", "b")


def make_splits(dtype: str = "uint8", shape: tuple[int, ...] = (8, 6, 3)) -> dict[str, Split]:
    generator = np.random.default_rng(0)
    splits = {}
    for name, count in (("train", 5), ("val", 2), ("test", 3)):
        images = generator.integers(0, 256, (count, *shape), dtype=np.uint8)
        masks = generator.integers(0, 3, (count, *shape[:2]), dtype=np.uint8)
        splits[name] = Split(images if dtype == "uint8" else images.astype(dtype) / 255, masks)
    return splits


def write(folder: Path, splits: dict[str, Split], **options: Any) -> Dataset:
    return write_dataset(folder, splits, name="toy", **{"class_names": NAMES, **options})


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_round_trip(tmp_path: Path, dtype: str) -> None:
    splits = make_splits(dtype)
    write(tmp_path / "deep" / "toy", splits, recipe={"seed": 1})
    for dataset in (open_dataset(tmp_path / "deep" / "toy"), check_dataset(tmp_path / "deep" / "toy")):
        assert (dataset.name, dataset.class_names, dataset.classes) == ("toy", NAMES, 3)
        assert (dataset.height, dataset.width, dataset.channels) == (8, 6, 3)
        assert dataset.manifest.image_dtype == dtype
        assert dataset.manifest.recipe == {"seed": 1}
        assert list(dataset.splits) == ["train", "val", "test"]
        for name, split in dataset.splits.items():
            assert isinstance(split.images, np.memmap)
            np.testing.assert_array_equal(split.images, splits[name].images)
            np.testing.assert_array_equal(split.masks, splits[name].masks)


def test_arrays_are_as_numpy_saves_them(tmp_path: Path) -> None:
    splits = make_splits()
    write(tmp_path / "toy", splits)
    np.save(tmp_path / "saved.npy", splits["train"].images)
    assert (tmp_path / "toy" / "train_images.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_manifest_hashes_cover_the_raw_bytes(tmp_path: Path) -> None:
    splits = make_splits()
    write(tmp_path / "toy", splits)
    manifest = json.loads((tmp_path / "toy" / "manifest.json").read_text())
    assert manifest["splits"]["val"]["images_sha256"] == hashlib.sha256(splits["val"].images.tobytes()).hexdigest()
    assert manifest["splits"]["val"]["masks_sha256"] == hashlib.sha256(splits["val"].masks.tobytes()).hexdigest()
    assert sorted(file.name for file in (tmp_path / "toy").iterdir()) == sorted(
        ["manifest.json", *(f"{split}_{array}.npy" for split in splits for array in ("images", "masks"))]
    )


def test_the_fingerprint_depends_on_the_arrays_alone(tmp_path: Path) -> None:
    splits = make_splits()
    first = write(tmp_path / "first", splits)
    same = write(tmp_path / "same", splits, recipe={"other": 1})
    splits["test"].masks[0, 0, 0] = (splits["test"].masks[0, 0, 0] + 1) % 3
    other = write(tmp_path / "other", splits)
    assert first.fingerprint == same.fingerprint != other.fingerprint


def test_arrays_are_written_in_standard_form(tmp_path: Path) -> None:
    """Greyscale images without a channel axis, int64 masks and transposed memory are converted."""
    splits = make_splits(shape=(8, 6))
    unusual = {
        name: Split(np.asfortranarray(split.images), split.masks.astype(np.int64)) for name, split in splits.items()
    }
    dataset = write(tmp_path / "toy", unusual)
    assert dataset.channels == 1
    assert dataset.splits["val"].images.shape == (2, 8, 6, 1)
    assert dataset.splits["val"].images.flags.c_contiguous
    assert dataset.splits["val"].masks.dtype == np.uint8
    np.testing.assert_array_equal(dataset.splits["val"].images[..., 0], splits["val"].images)
    assert dataset.fingerprint == write(tmp_path / "plain", splits).fingerprint


def test_a_full_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("text")
    with pytest.raises(FileExistsError, match=r"full: .*Choose another folder, or remove"):
        write(tmp_path / "full", make_splits())
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["thesis.txt"]


def test_an_empty_folder_can_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert write(tmp_path / "empty", make_splits()).classes == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interruption_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    saved: list[Path] = []

    def save(file: Path, array: Any) -> None:
        saved.append(file)
        if len(saved) == 4:
            file.write_bytes(b"half")
            raise error
        save_array(file, array)

    monkeypatch.setattr("drumhead.data.dataset_folder.save_array", save)
    with pytest.raises(error):
        write(tmp_path / "toy", make_splits())
    assert len(saved) == 4
    assert list(tmp_path.iterdir()) == []


def test_invalid_splits_are_not_written(tmp_path: Path) -> None:
    splits = make_splits()
    splits["val"].masks[1, 0, 0] = 3
    with pytest.raises(DatasetError, match=r"val masks, sample 1: .*0 to 2 \(background, a, b\); got 3"):
        write(tmp_path / "toy", splits)
    del splits["val"]
    with pytest.raises(DatasetError, match=r"toy: .*missing: val\."):
        write(tmp_path / "toy", splits)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "toy", make_splits("float32")).folder


def assert_refused(folder: Path, message: str) -> None:
    for read in (open_dataset, check_dataset):
        with pytest.raises(DatasetError, match=message):
            read(folder)


def test_a_missing_folder(tmp_path: Path) -> None:
    assert_refused(tmp_path / "nowhere", "nowhere: .*this one is missing")


def test_a_missing_array(folder: Path) -> None:
    (folder / "val_masks.npy").unlink()
    assert_refused(folder, r"val_masks\.npy: .*missing; restore")


def test_a_truncated_array(folder: Path) -> None:
    file = folder / "test_images.npy"
    file.write_bytes(file.read_bytes()[:-10])
    assert_refused(folder, r"test_images\.npy: must be a whole array")


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"these are no numbers"])
def test_a_file_that_is_not_an_array(folder: Path, content: bytes) -> None:
    (folder / "test_images.npy").write_bytes(content)
    assert_refused(folder, r"test_images\.npy: must be a whole array")


def test_an_array_of_objects_is_never_unpickled(folder: Path) -> None:
    np.save(folder / "test_masks.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    assert_refused(folder, r"test_masks\.npy: must be a whole array")


def test_an_array_of_another_shape(folder: Path) -> None:
    shutil.copy(folder / "val_images.npy", folder / "test_images.npy")
    assert_refused(folder, r"test_images\.npy: .*\(3, 8, 6, 3\) float32; got \(2, 8, 6, 3\) float32")


def test_an_array_of_another_dtype(folder: Path) -> None:
    np.save(folder / "test_masks.npy", np.load(folder / "test_masks.npy").astype(np.int64))
    assert_refused(folder, r"test_masks\.npy: .*uint8; got .*int64")


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1, "name": "toy"}'])
def test_a_damaged_manifest(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    assert_refused(folder, r"manifest\.json: damaged manifest")


def test_faults_of_a_manifest_are_in_plain_words(folder: Path) -> None:
    values = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**values, "height": "tall", "depth": 3}))
    assert_refused(folder, r"height must be a valid integer; got 'tall'; depth is not a field here; got 3\. Make the")


def test_a_manifest_of_another_format(folder: Path) -> None:
    values = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**values, "format": 2}))
    assert_refused(folder, r"manifest\.json: .*format 1; got 2\. Update Drumhead")


def test_an_edited_manifest(folder: Path) -> None:
    values = json.loads((folder / "manifest.json").read_text())
    values["splits"]["val"]["masks_sha256"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(values))
    assert_refused(folder, r"manifest\.json: damaged manifest; .*fingerprint")


def test_an_edited_class_name(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_text(file.read_text().replace("background", "backgroumd"))
    assert_refused(folder, r"manifest\.json: damaged manifest; its sha256 is not that of its other fields")


@pytest.mark.parametrize("name", ["train_images", "val_masks"])
def test_a_changed_byte_is_found_only_by_a_check(folder: Path, name: str) -> None:
    file = folder / f"{name}.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    dataset = open_dataset(folder)
    for check in (lambda: check_dataset(folder), lambda: check_hashes(dataset)):
        with pytest.raises(DatasetError, match=rf"{name}\.npy: damaged or changed"):
            check()
    check_hashes(dataset, ["test"])


def test_a_check_validates_values_even_if_the_hashes_match(folder: Path) -> None:
    """A manifest with matching hashes does not make a class number valid."""
    values = json.loads((folder / "manifest.json").read_text())
    del values["sha256"]
    values["class_names"] = ["background", "a"]
    (folder / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(DatasetError, match=r"train_masks\.npy, sample 0: .*0 to 1 \(background, a\); got 2"):
        check_dataset(folder)
