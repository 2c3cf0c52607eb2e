from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from pydantic import ValidationError
from torch.utils.data import TensorDataset, random_split

from drumhead.data import DIGIT_CLASSES, DatasetError, MNISTConfig, Split, make_mnist
from drumhead.data.digits import Digits, read_mnist
from drumhead.data.manifest import array_sha256
from drumhead.data.mnist import CHUNK, PUBLISHED_MNIST, enlarge, training_order
from drumhead.scores import background_scores

# SHA-256 of all 60,000 in MNIST's order, before the split into training and validation.
TRAINING_IMAGES = "4cc8bec0e25628c2db733abe15d5b23cfc8457b18a8a501dfb4018eec6916423"
TRAINING_MASKS = "4265bc68fe8f7f81b3a7588b6270a4409678089cd10d166422e9821d3813f0c9"


def ignore_progress(newly_done: int) -> None:
    pass


@pytest.fixture(scope="module")
def published(real_mnist: Path) -> dict[str, Split]:
    return make_mnist(MNISTConfig(), mnist_root=real_mnist)


def own_config(**changes: Any) -> MNISTConfig:
    return MNISTConfig.model_validate({"seed": 3, "train": 20, "val": 10, "test": 7, **changes})


def make(root: Path, **changes: Any) -> dict[str, Split]:
    return make_mnist(own_config(**changes), mnist_root=root)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_published_fingerprints(published: dict[str, Split], split: str) -> None:
    assert published[split].images.dtype == np.float32
    assert len(published[split].images) == PUBLISHED_MNIST.splits[split].count
    assert array_sha256(published[split].images) == PUBLISHED_MNIST.splits[split].images_sha256
    assert array_sha256(published[split].masks) == PUBLISHED_MNIST.splits[split].masks_sha256


def test_published_fingerprints_of_all_training_digits_in_mnist_order(published: dict[str, Split]) -> None:
    def in_mnist_order(train: npt.NDArray[Any], val: npt.NDArray[Any]) -> Iterator[bytes]:
        positions = np.argsort(training_order("published", 60_000))  # of each digit, in train followed by val
        for position in positions:
            yield (train[position] if position < len(train) else val[position - len(train)]).tobytes()

    for array, expected in (("images", TRAINING_IMAGES), ("masks", TRAINING_MASKS)):
        digest = hashlib.sha256()
        for sample in in_mnist_order(getattr(published["train"], array), getattr(published["val"], array)):
            digest.update(sample)
        assert digest.hexdigest() == expected, array


def test_all_background_scores_on_the_published_test_split(published: dict[str, Split]) -> None:
    scores = background_scores(published["test"].masks, DIGIT_CLASSES)
    # The published means were computed in float32.
    assert scores.acc == pytest.approx(0.8673762226104736, rel=2**-24)
    assert scores.iou == pytest.approx(0.7685087603569031, rel=2**-24)


def test_the_published_order_is_that_of_random_split() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        train, val = random_split(TensorDataset(torch.arange(60_000)), [51_000, 9_000])
    order = training_order("published", 60_000).tolist()
    assert order == [*train.indices, *val.indices]


def test_enlarging_is_bilinear_between_half_pixel_centres() -> None:
    digit = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    split = enlarge(
        Digits(digit[None], np.array([4], np.uint8)), size=56, threshold=0.5, update_progress=ignore_progress
    )
    # At twice the size, each new pixel centre is a quarter of an old pixel from an old centre; the border repeats.
    padded = np.pad(digit / 255, 1, mode="edge")
    rows = np.empty((56, 30))
    rows[0::2], rows[1::2] = (0.25 * padded[:-2] + 0.75 * padded[1:-1]), (0.75 * padded[1:-1] + 0.25 * padded[2:])
    expected = np.empty((56, 56))
    expected[:, 0::2] = 0.25 * rows[:, :-2] + 0.75 * rows[:, 1:-1]
    expected[:, 1::2] = 0.75 * rows[:, 1:-1] + 0.25 * rows[:, 2:]
    np.testing.assert_allclose(split.images[0, :, :, 0], expected, rtol=0, atol=1e-6)
    assert set(np.unique(split.masks)) == {0, 5}
    np.testing.assert_array_equal(split.masks[0] == 5, split.images[0, :, :, 0] > 0.5)


def test_chunks_do_not_affect_enlarged_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    digits = Digits(
        generator.integers(0, 256, (CHUNK + 5, 28, 28), np.uint8), generator.integers(0, 10, CHUNK + 5, np.uint8)
    )
    seen: list[int] = []
    together = enlarge(digits, size=9, threshold=0.5, update_progress=seen.append)
    assert seen == [CHUNK, 5]
    alone = enlarge(digits[CHUNK - 2 :], size=9, threshold=0.5, update_progress=seen.append)
    np.testing.assert_array_equal(together.images[CHUNK - 2 :], alone.images)
    np.testing.assert_array_equal(together.masks[CHUNK - 2 :], alone.masks)


def test_size_and_threshold(toy_mnist: Path) -> None:
    splits = make(toy_mnist, size=31, threshold=0.8)
    assert splits["train"].images.shape == (20, 31, 31, 1)
    assert splits["test"].masks.shape == (7, 31, 31)
    assert 0 < (splits["val"].masks > 0).mean() < (make(toy_mnist, size=31, threshold=0.3)["val"].masks > 0).mean()


def test_no_digit_is_in_two_splits_and_the_first_test_digits_are_used(toy_mnist: Path) -> None:
    splits = make(toy_mnist, train=50, val=10)
    mnist = read_mnist(toy_mnist)
    digits = {image.tobytes() for split in ("train", "val") for image in splits[split].images}
    assert len(digits) == 60
    assert splits["test"].masks.max(axis=(1, 2)).tolist() == (mnist.test.labels[:7] + 1).tolist()


def test_the_seed_determines_the_split(toy_mnist: Path) -> None:
    first, again, other = (make(toy_mnist, seed=seed) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name].images, again[name].images)
        np.testing.assert_array_equal(first[name].masks, again[name].masks)
    assert (first["train"].images != other["train"].images).any()
    np.testing.assert_array_equal(first["test"].images, other["test"].images)


def test_the_size_of_one_split_does_not_affect_others(toy_mnist: Path) -> None:
    small, large = make(toy_mnist, train=5), make(toy_mnist, train=50)
    np.testing.assert_array_equal(small["train"].images, large["train"].images[:5])
    np.testing.assert_array_equal(small["val"].images, large["val"].images)


def test_too_few_digits_is_an_error_with_the_numbers(toy_mnist: Path) -> None:
    with pytest.raises(DatasetError, match=r"together .* the 60 training digits.* 20 test digits; got 55, 10 and 7"):
        make(toy_mnist, train=55)


def test_the_published_set_needs_original_mnist(toy_mnist: Path) -> None:
    with pytest.raises(DatasetError, match="MNIST's original digits"):
        make_mnist(MNISTConfig(), mnist_root=toy_mnist)


def test_progress_counts_every_image(toy_mnist: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_mnist(own_config(), mnist_root=toy_mnist, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(20, 37), (30, 37), (37, 37)]


def test_global_random_state_is_unchanged(toy_mnist: Path) -> None:
    torch_before, numpy_before = torch.get_rng_state(), pickle.dumps(np.random.get_state())  # noqa: NPY002
    make(toy_mnist)
    training_order("published", 100)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert pickle.dumps(np.random.get_state()) == numpy_before  # noqa: NPY002


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train": 50_001, "val": 10_000},
            "together .* MNIST's 60000 training digits; got 50001 and 10000",
        ),
        ({"test": 10_001}, "less than or equal to 10000"),
        ({"seed": "published", "val": 9_000, "test": 10_000}, "train differ.*give a seed"),
        ({"seed": 2**64}, "less than 18446744073709551616"),
        ({"threshold": 1.0}, "less than 1"),
        ({"size": 0}, "greater than or equal to 1"),
    ],
)
def test_invalid_configurations(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        own_config(**changes)


def test_the_largest_seed_is_valid(toy_mnist: Path) -> None:
    assert len(make(toy_mnist, seed=2**64 - 1)["train"].images) == 20
