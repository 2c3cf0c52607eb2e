"""Augmentation: random changes of training images, the same for an image and its mask.

The random numbers of an epoch are a pure function of the seed and the epoch, so a resumed run draws the same ones. They
are drawn for whole batches, so they are the same for any number of devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from drumhead.experiments import Recipe

NO_CLASS = -100
"""The label of mask pixels where the image has no pixel, if the data has no ignored label; no mask file can hold it."""


class Changes(NamedTuple):
    """Random numbers that determine the changes of one image."""

    crop_row: float
    """Where a crop begins, from 0 (top) to 1 (bottom)."""
    crop_column: float
    """Where a crop begins, from 0 (left) to 1 (right)."""
    mirror_columns: bool
    """Whether left and right are exchanged."""
    mirror_rows: bool
    """Whether top and bottom are exchanged."""
    turns: int
    """The number of quarter turns counterclockwise, 0 to 3."""
    shift_rows: float
    """The shift downwards, as a fraction of the height; negative upwards."""
    shift_columns: float
    """The shift to the right, as a fraction of the width; negative to the left."""
    brightness: float
    """The factor that multiplies the image."""


class Augmentation:
    """Changes batches as a recipe says.

    Args:
        recipe: the recipe.
        circular: whether pixels that are shifted out of an image return at the other side.
        ignored_label: the label of pixels to ignore in the masks of the data; None if no pixel is ignored.

    >>> images, masks = torch.rand(2, 3, 8, 8), torch.zeros(2, 8, 8, dtype=torch.int64)
    >>> augmentation = Augmentation(Recipe(horizontal_flip=0.5, crop=6), circular=True)
    >>> images, masks = augmentation(images, masks, own=slice(0, 2), generator=torch.Generator().manual_seed(0))
    >>> images.shape, masks.shape
    (torch.Size([2, 3, 6, 6]), torch.Size([2, 6, 6]))
    """

    def __init__(self, recipe: Recipe, *, circular: bool, ignored_label: int | None = None) -> None:
        self.recipe, self.circular, self.ignored_label = recipe, circular, ignored_label

    @property
    def is_off(self) -> bool:
        """Whether the recipe has no augmentation, so that batches stay as they are."""
        recipe = self.recipe
        probabilities = (recipe.horizontal_flip, recipe.vertical_flip, recipe.quarter_turns)
        return recipe.crop is None and not any((*probabilities, recipe.shift, recipe.brightness))

    @property
    def free_label(self) -> int:
        """The label of mask pixels where the image has no pixel."""
        return NO_CLASS if self.ignored_label is None else self.ignored_label

    @property
    def loss_ignored_label(self) -> int | None:
        """The label of the pixels that the loss ignores in changed masks; None if no pixel is ignored."""
        leaves_free = self.recipe.crop is not None or (self.recipe.shift > 0 and not self.circular)
        return self.free_label if leaves_free else self.ignored_label

    def __call__(
        self,
        images: Tensor,
        masks: Tensor,
        *,
        own: slice,
        sizes: Sequence[Sequence[int]] | None = None,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Return a changed batch. If its images are padded, they are changed without their padding and padded again.

        Args:
            images: the images of a slice of the batch, ``(image, channel, height, width)``, from 0 to 1.
            masks: all masks of the batch, int64 ``(batch, height, width)``.
            own: the slice of the batch that the images are.
            sizes: the height and width of all images of the batch without padding; None: none is padded.
            generator: a generator on the CPU.
        """
        if self.is_off:
            return images, masks
        all_changes = [self.draw(generator) for _ in masks]
        all_sizes = [tuple(masks.shape[1:])] * len(masks) if sizes is None else sizes
        changed_images = [
            self.change(image[..., :height, :width], changes, fill=0)
            for image, changes, (height, width) in zip(images, all_changes[own], all_sizes[own], strict=True)
        ]
        if self.recipe.brightness:
            changed_images = [
                (image * changes.brightness).clamp(max=1)
                for image, changes in zip(changed_images, all_changes[own], strict=True)
            ]
        changed_masks = [
            self.change(mask[:height, :width], changes, fill=self.free_label)
            for mask, changes, (height, width) in zip(masks, all_changes, all_sizes, strict=True)
        ]
        largest = [max(mask.shape[axis] for mask in changed_masks) for axis in (0, 1)]
        return (
            torch.stack([pad(image, *largest, fill=0) for image in changed_images]),
            torch.stack([pad(mask, *largest, fill=self.free_label) for mask in changed_masks]),
        )

    def draw(self, generator: torch.Generator) -> Changes:
        """Draw the changes of one image: always as many random numbers, whatever the recipe."""
        recipe = self.recipe
        row, column, columns, rows, turned, quarter, down, right, factor = torch.rand(
            9, generator=generator, dtype=torch.float64
        ).tolist()
        return Changes(
            crop_row=row,
            crop_column=column,
            mirror_columns=columns < recipe.horizontal_flip,
            mirror_rows=rows < recipe.vertical_flip,
            turns=1 + int(3 * quarter) if turned < recipe.quarter_turns else 0,
            shift_rows=(2 * down - 1) * recipe.shift,
            shift_columns=(2 * right - 1) * recipe.shift,
            brightness=1 + (2 * factor - 1) * recipe.brightness,
        )

    def change(self, pixels: Tensor, changes: Changes, *, fill: int) -> Tensor:
        """Return an image or a mask with its pixels moved.

        Args:
            pixels: ``(..., height, width)``.
            changes: the changes.
            fill: the value where there was no pixel.
        """
        if self.recipe.crop is not None:
            pixels = crop(pixels, self.recipe.crop, changes.crop_row, changes.crop_column, fill=fill)
        mirrored = [axis for axis, mirror in ((-1, changes.mirror_columns), (-2, changes.mirror_rows)) if mirror]
        pixels = pixels.flip(mirrored)
        height, width = pixels.shape[-2:]
        turns = changes.turns if height == width or changes.turns == 0 else 2
        pixels = torch.rot90(pixels, turns, (-2, -1))
        height, width = pixels.shape[-2:]
        down, right = whole_pixels(changes.shift_rows, height), whole_pixels(changes.shift_columns, width)
        return shift(pixels, down, right, fill=None if self.circular else fill)


def whole_pixels(fraction: float, side: int) -> int:
    """Return a fraction of the side of an image in pixels, rounded, but less than the side."""
    return max(1 - side, min(round(fraction * side), side - 1))


def crop(pixels: Tensor, side: int, row: float, column: float, *, fill: int) -> Tensor:
    """Return a square of an image or a mask, padded at the bottom and right where the image is smaller.

    Args:
        pixels: ``(..., height, width)``.
        side: the side of the square, in pixels.
        row: where it begins, from 0 (top) to 1 (bottom).
        column: where it begins, from 0 (left) to 1 (right).
        fill: the value of the padding.

    >>> crop(torch.arange(6).view(2, 3), 2, 0.0, 1.0, fill=9)
    tensor([[1, 2],
            [4, 5]])
    """
    height, width = pixels.shape[-2:]
    top = min(int(row * (max(height - side, 0) + 1)), max(height - side, 0))
    left = min(int(column * (max(width - side, 0) + 1)), max(width - side, 0))
    return pad(pixels[..., top : top + side, left : left + side], side, side, fill=fill)


def pad(pixels: Tensor, height: int, width: int, *, fill: int) -> Tensor:
    """Return an image or a mask ``(..., height, width)`` with a value at the bottom and right, up to a size."""
    padding = (0, width - pixels.shape[-1], 0, height - pixels.shape[-2])
    return F.pad(pixels, padding, value=fill) if any(padding) else pixels


def shift(pixels: Tensor, down: int, right: int, *, fill: int | None) -> Tensor:
    """Return an image or a mask moved by whole pixels.

    Args:
        pixels: ``(..., height, width)``.
        down: the number of rows, negative upwards.
        right: the number of columns, negative to the left.
        fill: the value of pixels that become free; None: those that left the image at the other side.

    >>> shift(torch.arange(3)[None], 0, 1, fill=None), shift(torch.arange(3)[None], 0, 1, fill=9)
    (tensor([[2, 0, 1]]), tensor([[9, 0, 1]]))
    """
    moved = pixels.roll((down, right), (-2, -1))
    if fill is None:
        return moved
    height, width = moved.shape[-2:]
    if down > 0:
        moved[..., :down, :] = fill
    elif down < 0:
        moved[..., height + down :, :] = fill
    if right > 0:
        moved[..., :right] = fill
    elif right < 0:
        moved[..., width + right :] = fill
    return moved
