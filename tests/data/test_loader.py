from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import SequentialSampler

from drumhead.data import ShuffleSampler, Split, image_loader, to_tensors


def uint8_split(count: int = 10, channels: int = 3) -> Split:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, 8, 6, channels), dtype=np.uint8)
    return Split(images, generator.integers(0, 4, (count, 8, 6), dtype=np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_batches_equal_numpy(channels: int) -> None:
    split = uint8_split(channels=channels)
    order = [7, 0, 3, 3, 9]
    batches = list(image_loader(split, batch_size=2, order=order))
    assert [len(images) for images, _ in batches] == [2, 2, 1]
    images = torch.cat([images for images, _ in batches])
    masks = torch.cat([masks for _, masks in batches])
    assert images.dtype == torch.float32
    assert masks.dtype == torch.int64
    expected = split.images[order].transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(images.numpy(), expected)
    np.testing.assert_array_equal(masks.numpy(), split.masks[order])


def test_images_are_channels_last_in_memory() -> None:
    images, _ = to_tensors(uint8_split(), [0, 1])
    assert images.shape == (2, 3, 8, 6)
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_float_images_are_copied_unchanged() -> None:
    images = np.random.default_rng(0).random((4, 8, 6, 3), dtype=np.float32)
    split = Split(images.copy(), np.zeros((4, 8, 6), np.uint8))
    batch, _ = to_tensors(split, range(4))
    np.testing.assert_array_equal(batch.numpy(), images.transpose(0, 3, 1, 2))
    batch.zero_()
    np.testing.assert_array_equal(split.images, images)


def test_arrays_mapped_from_disk_give_the_same_batches(tmp_path: Path) -> None:
    split = uint8_split()
    np.save(tmp_path / "images.npy", split.images)
    np.save(tmp_path / "masks.npy", split.masks)
    mapped = Split(np.load(tmp_path / "images.npy", mmap_mode="r"), np.load(tmp_path / "masks.npy", mmap_mode="r"))
    for ours, theirs in zip(to_tensors(split, [1, 5]), to_tensors(mapped, [1, 5]), strict=True):
        assert torch.equal(ours, theirs)


def test_samples_are_loaded_in_the_given_order() -> None:
    split = Split(np.zeros((5, 1, 1, 1), np.uint8), np.arange(5, dtype=np.uint8).reshape(5, 1, 1))

    def loaded(order: list[int] | ShuffleSampler | SequentialSampler | None, *, drop_last: bool = False) -> list[int]:
        loader = image_loader(split, batch_size=2, order=order, drop_last=drop_last)
        return [int(mask) for _, masks in loader for mask in masks.ravel()]

    assert loaded(None) == [0, 1, 2, 3, 4]
    assert loaded(None, drop_last=True) == [0, 1, 2, 3]
    assert loaded([4, 2]) == [4, 2]
    assert loaded(ShuffleSampler(5, seed=1)) == list(ShuffleSampler(5, seed=1))
    assert len(image_loader(split, batch_size=2, order=None, drop_last=True)) == 2


def test_a_loader_follows_the_epoch_of_its_sampler() -> None:
    split = Split(np.zeros((20, 1, 1, 1), np.uint8), np.arange(20, dtype=np.uint8).reshape(20, 1, 1))
    sampler = ShuffleSampler(20, seed=5)
    loader = image_loader(split, batch_size=20, order=sampler)
    for epoch in (0, 3, 1):
        sampler.epoch = epoch
        expected = ShuffleSampler(20, seed=5)
        expected.epoch = epoch
        assert [masks.ravel().tolist() for _, masks in loader] == [list(expected)]


def test_the_shuffled_order_is_a_pure_function_of_seed_and_epoch() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = ShuffleSampler(50, seed)
        sampler.epoch = epoch
        assert list(sampler) == list(sampler)
        return list(sampler)

    orders = [order(seed, epoch) for seed in range(3) for epoch in range(3)]
    assert all(sorted(each) == list(range(50)) for each in orders)
    assert len({tuple(each) for each in orders}) == 9
    assert order(2, 1) == orders[7]


def test_the_sampler_refuses_negative_numbers() -> None:
    with pytest.raises(ValueError, match=r"0 or more; got 5 and -1"):
        ShuffleSampler(5, seed=-1)


def test_global_random_state_is_unchanged() -> None:
    torch_before, numpy_before = torch.get_rng_state(), pickle.dumps(np.random.get_state())  # noqa: NPY002
    for _ in range(2):
        assert len(list(image_loader(uint8_split(), batch_size=3, order=ShuffleSampler(10, seed=0)))) == 4
        assert len(list(image_loader(uint8_split(), batch_size=3, order=None))) == 4
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert pickle.dumps(np.random.get_state()) == numpy_before  # noqa: NPY002
