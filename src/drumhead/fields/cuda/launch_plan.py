"""How an evolution is split into programs and launches, by its sizes and those of the GPU.

No plan changes a result by more than rounding. The limits come from counts of registers and bytes; none was tuned on a
GPU. ``benchmarks/gpu_plans.py`` measures other plans.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

MAX_DIRECT_CHANNELS = 4
"""With more channels than this, tensor cores mix the channels: their products need at least 16 rows and columns."""

MAX_RESIDENT_VALUES = 8192
"""The most values of an image that a program of 32 warps keeps in registers, some eight arrays of them at a time."""

PRODUCT_PRECISION = "tf32x3"
"""The products of tensor cores: three in TF32 for one in float32, which is nearly as exact."""

MIN_COLUMNS = 16
"""The least number of columns of a tile, since matrix products need at least 16 pixels."""

FORWARD_ARRAYS, BACKWARD_ARRAYS = 5, 11
"""How many arrays of an image's size a step reads or writes."""


class Processor(NamedTuple):
    """What a plan needs to know of a GPU."""

    multiprocessors: int
    """How many multiprocessors it has."""
    cache_bytes: int
    """The size of its second-level cache."""


class LaunchPlan(NamedTuple):
    """How the evolution of a batch is computed."""

    whole_images: bool
    """Whether one launch computes all steps, one program per image; else there is a launch for each step."""
    dot: bool
    """Whether channels are mixed by matrix products."""
    channel_block: int
    """The number of channels of a program, a power of two."""
    rows: int
    """The number of rows of a program's tile of pixels, a power of two."""
    columns: int
    """The number of columns of the tile, a power of two."""
    warps: int
    """The number of warps of a program, of 32 threads each."""

    @property
    def groups(self) -> int:
        """The number of pixels that a thread has."""
        return max(1, self.rows * self.columns // (32 * self.warps))

    def tiles(self, height: int, width: int) -> int:
        """Return the number of tiles of an image."""
        return -(-height // self.rows) * -(-width // self.columns)

    def channel_blocks(self, channels: int) -> int:
        """Return the number of blocks of channels."""
        return -(-channels // self.channel_block)


def make_plan(channels: int, height: int, width: int, *, whole_images: bool | None = None) -> LaunchPlan:
    """Return the plan for images of a size.

    Args:
        channels, height, width: The sizes C, H and W.
        whole_images: Which of the two ways to take; None: one program per image if the image is small enough.

    >>> make_plan(2, 64, 64).whole_images, make_plan(16, 128, 128).whole_images
    (True, False)
    """
    dot = channels > MAX_DIRECT_CHANNELS
    channel_block = max(16, _power_of_two(channels)) if dot else _power_of_two(channels)
    rows, columns = _power_of_two(height), max(MIN_COLUMNS, _power_of_two(width))
    if whole_images is None:
        whole_images = channel_block * rows * columns <= MAX_RESIDENT_VALUES
    if not whole_images:
        channel_block = min(channel_block, 16)
        columns = min(columns, 32)
        rows = min(rows, (128 if dot else 1024 // channel_block) // columns)
    # Four warps compute the products for the gradient of a 16 x 16 coupling twice; more would be worse.
    warps = min(4, columns * rows // 16) if dot else max(1, min(32, channel_block * rows * columns // 256))
    return LaunchPlan(whole_images, dot, channel_block, rows, columns, warps)


def images_per_launch(plan: LaunchPlan, *, shape: tuple[int, ...], arrays: int, processor: Processor) -> int:
    """Return how many images take a step in one launch: as many as fit into half the cache, but enough to fill the GPU.

    Args:
        plan: The plan of the evolution.
        shape: Batch, channels, height and width.
        arrays: The number of arrays of an image's size that a step reads or writes.
        processor: The GPU.

    >>> gpu = Processor(multiprocessors=132, cache_bytes=50 << 20)
    >>> shape = 64, 16, 128, 128
    >>> images_per_launch(make_plan(*shape[1:]), shape=shape, arrays=FORWARD_ARRAYS, processor=gpu)
    5
    """
    batch, channels, height, width = shape
    in_cache = processor.cache_bytes // 2 // (4 * arrays * channels * height * width)
    programs = plan.tiles(height, width) * plan.channel_blocks(channels)
    to_fill = -(-2 * processor.multiprocessors // programs)
    return max(1, min(batch, max(in_cache, to_fill)))


def find_processor(device: torch.device) -> Processor:
    """Return the GPU's numbers; those of an H100 for a CPU, on which Triton's interpreter runs."""
    if device.type != "cuda":
        return Processor(multiprocessors=132, cache_bytes=50 << 20)
    properties = torch.cuda.get_device_properties(device)
    return Processor(properties.multi_processor_count, getattr(properties, "L2_cache_size", 4 << 20))


def _power_of_two(number: int) -> int:
    """Return the smallest power of two that is at least ``number``."""
    return 1 << (number - 1).bit_length()
