"""Experiments beyond the paper's, with its recipe: models that it did not train, or whose settings it does not give."""

from __future__ import annotations

from typing import get_args

from drumhead.experiments.experiment_spec import ExperimentSpec, make_spec
from drumhead.models import ReadoutName, model_config


def extra_experiments() -> list[ExperimentSpec]:
    """Return the convolutional GRU and RNN and the U-Net on tetrominoes, the NWM on polygons, and two ablations.

    On polygons the NWM has two channels: with one, the stiffness is 0 for every image from the start with every second
    seed, and is never trained. The ablations train an NWM whose coupling stays the Laplacian, and one without coupling,
    hence without waves.
    """
    return [
        *[
            make_spec("tetrominoes", model_config(cell, readout=readout))
            for cell in ("conv_gru", "conv_rnn")
            for readout in get_args(ReadoutName)
        ],
        *[make_spec("tetrominoes", model_config("unet", width=width)) for width in (2, 3, 4, 5)],
        *[
            make_spec(dataset, model_config("nwm", readout=readout))
            for dataset in ("polygons", "polygons_345")
            for readout in ("linear", "fft")
        ],
        *[
            make_spec(
                dataset,
                model_config("nwm", readout="linear", coupling=coupling),
                suffix=f"-coupling-{coupling}",
            )
            for dataset in ("tetrominoes", "mnist")
            for coupling in ("laplacian", "none")
        ],
    ]
