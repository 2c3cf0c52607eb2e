"""Parameter totals equal those of the published checkpoints, minus the parameters that no forward pass uses.

The published NWM with another readout than ``linear`` stores an unused map over time (5,100 numbers); the
RNN and GRU store an unused cell-state encoder (3,058), the LSTM an unused map over time (220).
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from drumhead.models import build

DATASETS = {"tetrominoes": (3, 6), "mnist": (1, 11)}  # channels of the images, classes

PUBLISHED = [
    ("nwm", {"readout": "linear"}, "tetrominoes", 176_124),
    ("nwm", {"readout": "linear"}, "mnist", 176_545),
    ("nwm", {"readout": "fft"}, "tetrominoes", 176_124 - 5_100),
    ("nwm", {"readout": "fft"}, "mnist", 176_545 - 5_100),
    *[("nwm", {"readout": readout}, "tetrominoes", 150_524 - 5_100) for readout in ("last", "mean", "max")],
    *[("nwm", {"readout": readout}, "mnist", 150_945 - 5_100) for readout in ("last", "mean", "max")],
    ("nwm", {"hidden_channels": 16, "pixel_widths": (32,) * 5}, "mnist", 54_855),  # Multi-MNIST: the same channels
    ("conv_lstm", {"readout": "linear"}, "tetrominoes", 151_046),
    ("conv_lstm", {"readout": "linear"}, "mnist", 151_467),
    ("conv_lstm", {"readout": "fft"}, "tetrominoes", 151_046 - 220),
    ("conv_lstm", {"readout": "fft"}, "mnist", 151_467 - 220),
    *[("conv_lstm", {"readout": readout}, "tetrominoes", 145_926 - 220) for readout in ("last", "mean", "max")],
    *[("conv_lstm", {"readout": readout}, "mnist", 146_347 - 220) for readout in ("last", "mean", "max")],
    ("conv_gru", {"readout": "linear"}, "tetrominoes", 150_972 - 3_058),
    ("conv_rnn", {"readout": "linear"}, "tetrominoes", 150_826 - 3_058),
    ("cnn", {"layers": 2}, "tetrominoes", 159_502),
    ("cnn", {"layers": 4}, "tetrominoes", 164_142),
    ("cnn", {"layers": 8}, "tetrominoes", 173_422),
    ("cnn", {"layers": 16}, "tetrominoes", 191_982),
    ("cnn", {"layers": 32}, "tetrominoes", 229_102),
    ("cnn", {"layers": 2}, "mnist", 160_499),
    ("cnn", {"layers": 4}, "mnist", 165_139),
    ("cnn", {"layers": 8}, "mnist", 174_419),
    ("cnn", {"layers": 16}, "mnist", 192_979),
    ("cnn", {"layers": 32}, "mnist", 230_099),
    ("unet", {"width": 2}, "mnist", 30_745),  # Multi-MNIST: the same channels
    ("unet", {"width": 3}, "mnist", 68_834),
    ("unet", {"width": 4}, "mnist", 122_071),
    ("unet", {"width": 5}, "mnist", 190_456),
]


@pytest.mark.parametrize(("name", "fields", "dataset", "total"), PUBLISHED)
def test_totals_equal_the_published_ones(name: str, fields: dict[str, Any], dataset: str, total: int) -> None:
    in_channels, classes = DATASETS[dataset]
    with torch.device("meta"):  # counting needs no numbers
        assert build(name, in_channels=in_channels, classes=classes, **fields).parameter_count == total
