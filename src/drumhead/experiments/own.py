"""The paper's recipe for what the paper did not train, or did not publish the settings of."""

from __future__ import annotations

from typing import get_args

from drumhead.experiments.listing import Listing, listing
from drumhead.models import ReadoutName, model_config


def own_listings() -> list[Listing]:
    """The convolutional GRU and RNN and the U-Net on tetrominoes; the NWM with one channel on polygons."""
    return [
        *[
            listing("tetrominoes", model_config(cell, readout=readout))
            for cell in ("conv_gru", "conv_rnn")
            for readout in get_args(ReadoutName)
        ],
        *[listing("tetrominoes", model_config("unet", width=width)) for width in (2, 3, 4, 5)],
        *[
            listing("polygons", model_config("nwm", readout=readout, hidden_channels=1))
            for readout in ("linear", "fft")
        ],
    ]
