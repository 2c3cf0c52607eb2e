"""How evolutions are split into programs and launches."""

from __future__ import annotations

import pytest

from drumhead.fields.cuda.launch_plan import (
    BACKWARD_ARRAYS,
    MAX_RESIDENT_VALUES,
    Processor,
    images_per_launch,
    make_plan,
)

H100 = Processor(multiprocessors=132, cache_bytes=50 << 20)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 16, 17, 40, 100])
@pytest.mark.parametrize("size", [(1, 1), (5, 7), (1, 300), (300, 1), (28, 28), (64, 64), (128, 128), (1000, 999)])
def test_tiles_cover_the_image_and_are_powers_of_two(channels: int, size: tuple[int, int]) -> None:
    plan = make_plan(channels, *size)
    height, width = size
    assert plan.tiles(height, width) * plan.rows * plan.columns >= height * width
    assert plan.channel_blocks(channels) * plan.channel_block >= channels
    for number in (plan.rows, plan.columns, plan.channel_block, plan.warps):
        assert number > 0
        assert number & (number - 1) == 0
    pixels = plan.rows * plan.columns
    assert pixels % plan.groups == 0
    assert plan.warps == 1 or plan.channel_block * pixels >= 32 * plan.warps  # no thread without a value
    if plan.dot:
        assert min(plan.channel_block, pixels) >= 16  # what matrix products need
    if plan.whole_images:
        assert plan.tiles(height, width) == plan.channel_blocks(channels) == 1
        assert plan.channel_block * pixels <= MAX_RESIDENT_VALUES


def test_images_of_a_launch_fill_the_gpu_before_they_overflow_the_cache() -> None:
    def images(side: int) -> int:
        plan, shape = make_plan(16, side, side, whole_images=False), (64, 16, side, side)
        return images_per_launch(plan, shape=shape, arrays=BACKWARD_ARRAYS, processor=H100)

    assert images(128) * 128 >= 2 * 132
    assert images(1024) == 1
    assert images(16) == 64
