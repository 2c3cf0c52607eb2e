"""Images of different sizes in one dataset: padded with the ignored label, in batches no further than needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drumhead.data import (
    Dataset,
    DatasetError,
    ImportOptions,
    Split,
    check_dataset,
    import_dataset,
    open_dataset,
    to_tensors,
    unpadded_loader,
    write_dataset,
)
from drumhead.data.padding import check_padding

SIZES = {"train": [(8, 6), (5, 9), (8, 6)], "val": [(4, 6), (11, 4)], "test": [(8, 6)]}
IGNORED = 255


def build(folder: Path) -> Path:
    """Write images and masks of different sizes, with the classes 0 to 2 in each mask."""
    generator = np.random.default_rng(0)
    for split, sizes in SIZES.items():
        for kind in ("images", "masks"):
            (folder / split / kind).mkdir(parents=True)
        for number, size in enumerate(sizes):
            mask = generator.permutation(np.arange(size[0] * size[1]) % 3).reshape(size).astype(np.uint8)
            Image.fromarray(mask).save(folder / split / "masks" / f"{number}.png")
            image = generator.integers(1, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(image).save(folder / split / "images" / f"{number}.png")
    return folder


def read(folder: Path, split: str, kind: str, number: int) -> np.ndarray:
    with Image.open(folder / split / kind / f"{number}.png") as image:
        return np.asarray(image)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build(tmp_path / "mine")


@pytest.fixture(params=["plain", "imported"])
def dataset(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Dataset:
    """The folder as it is, or imported."""
    return open_dataset(folder) if request.param == "plain" else import_dataset(folder, tmp_path / "new")


def test_the_padding_is_ignored_and_the_sizes_are_known(dataset: Dataset, folder: Path) -> None:
    assert (dataset.height, dataset.width, dataset.ignored_label, dataset.classes) == (11, 9, IGNORED, 3)
    for split, sizes in SIZES.items():
        images, masks, kept = dataset.splits[split]
        assert kept is not None
        assert [tuple(size) for size in kept.tolist()] == sizes
        for number, (height, width) in enumerate(sizes):
            np.testing.assert_array_equal(masks[number, :height, :width], read(folder, split, "masks", number))
            assert (masks[number] != IGNORED).sum() == height * width
            np.testing.assert_array_equal(images[number, :height, :width], read(folder, split, "images", number))
            assert images[number].any(axis=-1).sum() == height * width
    assert dataset.sizes is not None
    assert [tuple(size) for size in dataset.sizes.tolist()] == [size for sizes in SIZES.values() for size in sizes]


def test_batches_are_padded_no_further_than_their_largest_image(dataset: Dataset, folder: Path) -> None:
    images, masks = to_tensors(dataset.splits["train"], [1])
    assert (images.shape, masks.shape) == ((1, 3, 5, 9), (1, 5, 9))
    np.testing.assert_array_equal(masks[0], read(folder, "train", "masks", 1))
    images, masks = to_tensors(dataset.splits["train"], [1, 0], image_slice=slice(1, 2))
    assert (images.shape, masks.shape) == ((1, 3, 8, 9), (2, 8, 9))
    assert (masks[0, 5:] == IGNORED).all()
    assert (masks[1, :, 6:] == IGNORED).all()


def test_scored_batches_have_no_padding(dataset: Dataset) -> None:
    batches = list(unpadded_loader(dataset.splits["train"], batch_size=8))
    assert [tuple(masks.shape) for _, masks in batches] == [(2, 8, 6), (1, 5, 9)]
    assert all((masks != IGNORED).all() for _, masks in batches)
    shares = [list(unpadded_loader(dataset.splits["train"], batch_size=8, batches=slice(n, None, 2))) for n in (0, 1)]
    assert [masks.shape[1:] for share in shares for _, masks in share] == [(8, 6), (5, 9)]
    first = unpadded_loader(dataset.splits["train"], batch_size=1, samples=2)
    assert [tuple(masks.shape) for _, masks in first] == [(1, 8, 6), (1, 5, 9)]


def test_batches_of_equal_images_are_consecutive() -> None:
    split = Split(np.zeros((5, 4, 4, 1), np.uint8), np.arange(5, dtype=np.uint8).repeat(16).reshape(5, 4, 4))
    batches = unpadded_loader(split, batch_size=2)
    assert [masks[:, 0, 0].tolist() for _, masks in batches] == [[0, 1], [2, 3], [4]]


def test_labels_are_renumbered_without_the_padding(folder: Path) -> None:
    plain = open_dataset(folder)
    relabelled = check_dataset(folder, ImportOptions(relabel=True))
    assert (relabelled.fingerprint, relabelled.relabel) == (plain.fingerprint, {0: 0, 1: 1, 2: 2})


def test_a_split_takes_the_sizes_along(folder: Path, tmp_path: Path) -> None:
    for kind in ("images", "masks"):
        (tmp_path / "one" / kind).mkdir(parents=True)
        for number in range(3):
            (folder / "train" / kind / f"{number}.png").rename(tmp_path / "one" / kind / f"{number}.png")
    dataset = open_dataset(tmp_path / "one", ImportOptions(split=(1, 1, 1), seed=3))
    for split in dataset.splits.values():
        assert split.sizes is not None
        assert (split.masks != IGNORED).sum(axis=(1, 2)).tolist() == split.sizes.prod(axis=1).tolist()
    assert dataset.manifest.import_options == ImportOptions(split=(1, 1, 1), seed=3)


def test_no_padding_if_it_is_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"train/images/1\.png: .*got 5 x 9 pixels.*0\.png has 8 x 6.*--no-pad"):
        open_dataset(folder, ImportOptions(pad=False))


def test_a_mask_of_another_size_than_its_image(folder: Path) -> None:
    Image.fromarray(np.ones((4, 11), np.uint8)).save(folder / "val/masks/1.png")
    with pytest.raises(DatasetError, match=r"val/masks/1\.png: must have the size of its image, 11 x 4 .*got 4 x 11"):
        open_dataset(folder)


def test_equal_sizes_are_not_padded(folder: Path) -> None:
    for split, sizes in SIZES.items():
        for number, size in enumerate(sizes):
            if size != (8, 6):
                for kind in ("images", "masks"):
                    (folder / split / kind / f"{number}.png").unlink()
                    name = f"{kind}/0.png" if kind == "masks" else "images/0.png"
                    content = (folder / "train" / name).read_bytes()
                    (folder / split / kind / f"{number}.png").write_bytes(content)
    dataset = open_dataset(folder)
    assert (dataset.sizes, dataset.ignored_label, dataset.height, dataset.width) == (None, None, 8, 6)


def test_nearly_nothing_but_padding_is_refused_before_it_fills_the_memory() -> None:
    check_padding([[10_000, 10_000], *[[2_500, 2_500]] * 100], "mine")
    with pytest.raises(DatasetError, match=r"mine: .*40000 x 40000 pixels, so 100\.0% of 1,616,000,"):
        check_padding([[40_000, 10], [10, 40_000], *[[10, 10]] * 1008], "mine")


def damage_sizes(change: Callable[[np.ndarray], np.ndarray], folder: Path) -> None:
    file = folder / "train_sizes.npy"
    np.save(file, change(np.load(file)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sizes: sizes + np.int32(4), "must be from 1 x 1 to 11 x 9"),
        (lambda sizes: -sizes, "must be from 1 x 1"),
        (lambda sizes: sizes - np.int32(1), "are padding and must be 255"),
        (lambda sizes: sizes.astype(np.int64), r"must match the manifest, shape \(3, 2\) int32"),
        (lambda sizes: sizes[:2], "must match the manifest"),
    ],
)
def test_damaged_sizes(change: Callable[[np.ndarray], np.ndarray], message: str, folder: Path, tmp_path: Path) -> None:
    import_dataset(folder, tmp_path / "new")
    damage_sizes(change, tmp_path / "new")
    with pytest.raises(DatasetError, match=message):
        open_dataset(tmp_path / "new")


def test_changed_sizes_have_another_hash(folder: Path, tmp_path: Path) -> None:
    import_dataset(folder, tmp_path / "new")
    damage_sizes(lambda sizes: np.full_like(sizes, [11, 9]), tmp_path / "new")
    with pytest.raises(DatasetError, match=r"train_sizes\.npy: damaged or changed"):
        check_dataset(tmp_path / "new")


def test_written_sizes_need_an_ignored_label(folder: Path, tmp_path: Path) -> None:
    dataset = open_dataset(folder)
    splits = {name: split._replace(masks=np.minimum(split.masks, 2)) for name, split in dataset.splits.items()}
    with pytest.raises(DatasetError, match="need an ignored label"):
        write_dataset(tmp_path / "new", splits, name="x", class_names=dataset.class_names)
