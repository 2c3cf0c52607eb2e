"""The paper's experiments, and the same recipe for models the paper did not train.

One line each: the name follows from the dataset, the model and its variant.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

from drumhead.experiments.experiment import Experiment
from drumhead.models import ModelConfig, ReadoutName, model_config

RUNS_PER_EXPERIMENT = 10
"""The paper trained each of these with ten seeds in a row."""


class Listing(NamedTuple):
    """An experiment, where it comes from, and the seeds it was published with."""

    experiment: Experiment
    seeds: tuple[int, ...]
    """Seeds of the published runs; none if the paper does not have this experiment."""


def listing(variant: str, model: ModelConfig, first_seed: int | None = None) -> Listing:
    """A tetromino experiment with the paper's recipe; its default seed is the first published one."""
    seeds = () if first_seed is None else tuple(range(first_seed, first_seed + RUNS_PER_EXPERIMENT))
    experiment = Experiment(name=f"tetrominoes-{variant}", model=model, seed=seeds[0] if seeds else 0)
    return Listing(experiment, seeds)


def tetromino_listings() -> list[Listing]:
    """Every experiment on tetrominoes: 15 of the paper's, then our own."""
    nwm_seeds: dict[ReadoutName, int] = {"fft": 2000, "last": 2100, "linear": 2200, "max": 2300, "mean": 2400}
    lstm_seeds: dict[ReadoutName, int] = {"fft": 5000, "last": 5010, "linear": 5100, "max": 5200, "mean": 5300}
    cnn_seeds = {2: 7500, 4: 7510, 8: 7600, 16: 7700, 32: 7800}
    return [
        *[listing(f"nwm-{readout}", model_config("nwm", readout=readout), s) for readout, s in nwm_seeds.items()],
        *[
            listing(f"lstm-{readout}", model_config("conv_lstm", readout=readout), s)
            for readout, s in lstm_seeds.items()
        ],
        *[listing(f"cnn-{layers}", model_config("cnn", layers=layers), s) for layers, s in cnn_seeds.items()],
        *[listing(f"gru-{readout}", model_config("conv_gru", readout=readout)) for readout in get_args(ReadoutName)],
        *[listing(f"rnn-{readout}", model_config("conv_rnn", readout=readout)) for readout in get_args(ReadoutName)],
        *[listing(f"unet-{width}", model_config("unet", width=width)) for width in (2, 3, 4, 5)],
    ]
