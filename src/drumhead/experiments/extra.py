"""Experiments beyond the paper's, with its recipe: models that it did not train, or whose settings it does not give."""

from __future__ import annotations

from typing import get_args

from drumhead.experiments.experiment_spec import ExperimentSpec, make_spec
from drumhead.models import ReadoutName, model_config


def extra_experiments() -> list[ExperimentSpec]:
    """Return the convolutional GRU and RNN and the U-Net on tetrominoes, and the NWM with one channel on polygons."""
    return [
        *[
            make_spec("tetrominoes", model_config(cell, readout=readout))
            for cell in ("conv_gru", "conv_rnn")
            for readout in get_args(ReadoutName)
        ],
        *[make_spec("tetrominoes", model_config("unet", width=width)) for width in (2, 3, 4, 5)],
        *[
            make_spec("polygons", model_config("nwm", readout=readout, hidden_channels=1))
            for readout in ("linear", "fft")
        ],
    ]
