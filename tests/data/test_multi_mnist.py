from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from drumhead.data import DIGIT_CLASSES, DatasetError, MultiMNISTConfig, Split, make_multi_mnist
from drumhead.data.digits import MNIST, Digits
from drumhead.data.manifest import array_sha256
from drumhead.data.multi_mnist import (
    MAX_TRIES,
    PUBLISHED_MULTI_MNIST,
    digit_pools,
    draw_canvases,
    enlarged_ink_mask,
    split_integer_streams,
)
from drumhead.scores import background_scores


def ignore_progress(newly_done: int) -> None:
    pass


@pytest.fixture(scope="module")
def published(real_mnist: Path) -> dict[str, Split]:
    return make_multi_mnist(MultiMNISTConfig(), mnist_root=real_mnist)


def own_config(**changes: Any) -> MultiMNISTConfig:
    return MultiMNISTConfig.model_validate({"seed": 3, "train": 12, "val": 6, "test": 7, **changes})


def make(root: Path, **changes: Any) -> dict[str, Split]:
    return make_multi_mnist(own_config(**changes), mnist_root=root)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_published_fingerprints(published: dict[str, Split], split: str) -> None:
    assert published[split].images.shape[1:] == (128, 128, 1)
    assert array_sha256(published[split].images) == PUBLISHED_MULTI_MNIST.splits[split].images_sha256
    assert array_sha256(published[split].masks) == PUBLISHED_MULTI_MNIST.splits[split].masks_sha256


def test_all_background_scores_on_the_published_test_split(published: dict[str, Split]) -> None:
    scores = background_scores(published["test"].masks, DIGIT_CLASSES)
    assert scores.acc == 0.95198193359375
    assert scores.iou == pytest.approx(0.9092979583740234, rel=2**-24)  # the mean was computed in float32


def test_only_ink_is_white(toy_mnist: Path) -> None:
    for split in make(toy_mnist).values():
        assert split.images.dtype == split.masks.dtype == np.uint8
        assert np.array_equal(split.images[..., 0], (split.masks > 0) * np.uint8(255))


def blocks(labels: list[int], side: int = 28) -> Digits:
    """Return digits that are a solid square of ink in the upper left corner."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, :side, :side] = 255
    return Digits(images, np.array(labels, np.uint8))


@pytest.mark.parametrize("digits", [1, 2, 5])
def test_digits_never_overlap(digits: int) -> None:
    stream = split_integer_streams(0)["train"]
    options = {"canvas": 100, "digit_size": 14, "min_digits": digits, "max_digits": digits}
    masks = draw_canvases(stream, blocks([0, 3, 9]), 40, **options, update_progress=ignore_progress).masks
    assert set(np.unique(masks)) == {0, 1, 4, 10}
    assert ((masks > 0).sum(axis=(1, 2)) == digits * 14 * 14).all()


def test_all_numbers_of_digits_and_all_positions_occur() -> None:
    options = {"canvas": 30, "digit_size": 7, "min_digits": 0, "max_digits": 2}
    masks = draw_canvases(
        split_integer_streams(1)["val"], blocks([5]), 600, **options, update_progress=ignore_progress
    ).masks
    numbers = (masks > 0).sum(axis=(1, 2)) // 49
    # 600 draws: the fraction of each number has a standard error of 0.019.
    assert all(abs((numbers == number).mean() - 1 / 3) < 0.08 for number in range(3))
    used = np.argwhere(masks > 0)[:, 1:]
    assert used.min(axis=0).tolist() == [0, 0]
    assert used.max(axis=0).tolist() == [29, 29]


def test_a_digit_without_a_free_position_is_omitted_after_max_tries() -> None:
    calls: list[tuple[int, int]] = []
    numbers = random.Random(0)

    def count_calls(low: int, high: int) -> int:
        calls.append((low, high))
        return numbers.randint(low, high)

    options = {"canvas": 14, "digit_size": 14, "min_digits": 2, "max_digits": 2}
    masks = draw_canvases(count_calls, blocks([1]), 1, **options, update_progress=ignore_progress).masks
    assert (masks == 2).all()
    # Calls: the number of digits; the first digit and its position; the second digit and its positions.
    assert len(calls) == 1 + (1 + 2) + (1 + 2 * MAX_TRIES)


def test_boxes_can_overlap_but_ink_cannot() -> None:
    # Each digit has one pixel of ink: on a canvas with four positions, four boxes overlap but their ink does not.
    options = {"canvas": 29, "digit_size": 28, "min_digits": 4, "max_digits": 4}
    masks = draw_canvases(
        split_integer_streams(2)["train"], blocks([0], side=1), 20, **options, update_progress=ignore_progress
    ).masks
    assert ((masks > 0).sum(axis=(1, 2)) == 4).all()


def test_ink_is_above_the_threshold() -> None:
    digit = np.full((28, 28), 50, np.uint8)
    digit[:, 14:] = 51
    ink = enlarged_ink_mask(digit, 42)
    assert ink.shape == (42, 42)
    assert not ink[:, :20].any()
    assert ink[:, 22:].all()


def test_shared_pools_hold_all_training_digits() -> None:
    mnist = MNIST(blocks([0, 1, 2, 3, 4, 5]), blocks([9]))
    pools = digit_pools(mnist, "shared")
    assert all(pool.labels.tolist() == [0, 1, 2, 3, 4, 5] for pool in pools.values())


def test_disjoint_pools_share_no_digits(toy_mnist: Path) -> None:
    mnist = MNIST(blocks([0, 1, 2, 3, 4, 5]), blocks([9, 8]))
    pools = digit_pools(mnist, "disjoint")
    assert {split: pool.labels.tolist() for split, pool in pools.items()} == {
        "train": [0, 1, 2, 3, 4],
        "val": [5],
        "test": [9, 8],
    }
    shared, disjoint = make(toy_mnist), make(toy_mnist, digits="disjoint")
    assert all((shared[split].masks != disjoint[split].masks).any() for split in shared)


@pytest.mark.parametrize(
    ("mnist", "digits"),
    [(MNIST(blocks([]), blocks([1])), "shared"), (MNIST(blocks([1, 2]), blocks([])), "disjoint")],
)
def test_an_empty_pool_is_an_error(mnist: MNIST, digits: Any) -> None:
    with pytest.raises(DatasetError, match=r"needs digits to draw from; got \d training"):
        digit_pools(mnist, digits)


def test_the_seed_determines_the_dataset(toy_mnist: Path) -> None:
    first, again, other = (make(toy_mnist, seed=seed) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name].images, again[name].images)
        np.testing.assert_array_equal(first[name].masks, again[name].masks)
        assert (first[name].masks != other[name].masks).any()
    assert (first["train"].masks[:6] != first["val"].masks).any()


def test_the_size_of_one_split_does_not_affect_others(toy_mnist: Path) -> None:
    small, large = make(toy_mnist, train=2), make(toy_mnist)
    np.testing.assert_array_equal(small["train"].images, large["train"].images[:2])
    np.testing.assert_array_equal(small["test"].images, large["test"].images)


def test_the_published_set_needs_original_mnist(toy_mnist: Path) -> None:
    with pytest.raises(DatasetError, match="MNIST's original digits"):
        make_multi_mnist(MultiMNISTConfig(), mnist_root=toy_mnist)


def test_progress_counts_every_canvas(toy_mnist: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_multi_mnist(own_config(), mnist_root=toy_mnist, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 25) for done in range(1, 26)]


def test_global_random_state_is_unchanged(toy_mnist: Path) -> None:
    def states() -> tuple[bytes, bytes, object]:
        return (
            torch.get_rng_state().numpy().tobytes(),
            pickle.dumps(np.random.get_state()),  # noqa: NPY002
            random.getstate(),
        )

    before = states()
    make(toy_mnist)
    split_integer_streams("published")["train"](0, 9)
    assert states() == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"canvas": 41}, "digit_size must be at most canvas; got 42 and 41"),
        ({"min_digits": 3, "max_digits": 2}, "got 3 and 2"),
        ({"seed": "published", "train": 10_000, "val": 1_000, "test": 1_000, "digits": "disjoint"}, "digits differ"),
        ({"digits": "some"}, "'shared' or 'disjoint'"),
        ({"train": 0}, "greater than or equal to 1"),
    ],
)
def test_invalid_configurations(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        own_config(**changes)
