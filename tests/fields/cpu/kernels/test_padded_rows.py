"""The sizes of padded rows."""

from __future__ import annotations

from drumhead.fields.cpu.kernels.padded_rows import round_up_to_even, row_size


def test_channels_are_rounded_up_to_even() -> None:
    assert [round_up_to_even(n) for n in (1, 2, 3)] == [2, 2, 4]


def test_row_size() -> None:
    """Four padded channels of a multiple of 16 elements, of which at least two are the halo."""
    assert [row_size(3, width) for width in (1, 14, 15, 64)] == [64, 64, 128, 320]
