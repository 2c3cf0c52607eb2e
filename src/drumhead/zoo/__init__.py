"""The zoo: trained networks that come with the package, by the name of their experiment.

Each network is a folder of ``drumhead/pretrained`` with files of a run folder and a card:

| file | content |
|---|---|
| ``config.json`` | the full configuration: experiment, data, package versions, machine |
| ``model.safetensors`` | the weights, in float16 and float32 as the card says |
| ``metrics.csv`` | a row for each epoch of the training |
| ``scores.json`` | scores of these weights on the test set |
| ``card.md`` | data, recipe, seed, scores beside the published ones, licence, and what the network is not for |

The networks are on no data: a command that needs some makes the dataset of the experiment, as ``drumhead train`` does.
"""

from __future__ import annotations

from drumhead.zoo.find import find_run, load
from drumhead.zoo.folders import PRETRAINED_FOLDER, is_pretrained, pretrained_folder, pretrained_names
from drumhead.zoo.table import PretrainedNetwork, pretrained

__all__ = [
    "PRETRAINED_FOLDER",
    "PretrainedNetwork",
    "find_run",
    "is_pretrained",
    "load",
    "pretrained",
    "pretrained_folder",
    "pretrained_names",
]
