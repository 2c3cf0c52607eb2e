"""Experiments on a user's own data: a model by a plain name, such as ``unet-4``, and a folder of data.

| name | model |
|---|---|
| ``nwm-READOUT``, ``lstm-READOUT``, ``gru-READOUT``, ``rnn-READOUT`` | a recurrent model, with a readout over time |
| ``cnn-LAYERS`` | a local CNN with this number of layers |
| ``unet-WIDTH`` | a U-Net with this width |
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from drumhead.experiments.experiment import Experiment
from drumhead.models import ModelConfig, ReadoutName, model_config

RECURRENT = {"nwm": "nwm", "lstm": "conv_lstm", "gru": "conv_gru", "rnn": "conv_rnn"}
"""The models with a readout: their names in the registry, by plain name."""
SIZED = {"cnn": "layers", "unet": "width"}
"""The field that the number in a plain name sets, by model."""
USUAL_SIZES = {"cnn": (2, 4, 8, 16, 32), "unet": (2, 3, 4, 5)}
"""The numbers that lists and patterns include; any other number may be given, too."""
PLAIN_NAMES: tuple[str, ...] = (
    *(f"{model}-{readout}" for model in RECURRENT for readout in get_args(ReadoutName)),
    *(f"{model}-{size}" for model, sizes in USUAL_SIZES.items() for size in sizes),
)
"""The plain names that lists and patterns include."""


def own_data_experiment(name: str) -> Experiment | None:
    """Return the experiment with a plain name, which has no dataset; None if it is no such name.

    >>> own_data_experiment("unet-4").model.width, own_data_experiment("tetrominoes-unet-4")
    (4, None)
    """
    model, _, variant = name.partition("-")
    if model in RECURRENT and variant in get_args(ReadoutName):
        return _experiment(name, model_config(RECURRENT[model], readout=variant))
    if model in SIZED and re.fullmatch(r"[1-9]\d{0,3}", variant):
        return _experiment(name, model_config(model, **{SIZED[model]: int(variant)}))
    return None


def own_data_name(folder: str | Path, name: str) -> str:
    """Return the name of an experiment on the data in a folder, which also names its run folders.

    >>> own_data_name("some/my cells", "unet-4")
    'my_cells-unet-4'
    """
    data = re.sub(r"[^A-Za-z0-9._=-]", "_", Path(folder).resolve().name).lstrip(".-") or "data"
    return f"{data}-{name}"


def _experiment(name: str, model: ModelConfig) -> Experiment:
    return Experiment(name=name, dataset=None, model=model)
