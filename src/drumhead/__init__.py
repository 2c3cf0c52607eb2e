"""Drumhead: recurrent networks whose hidden state is a wave field, for image segmentation.

The functions below are all that a notebook needs; the subpackages (``drumhead.fields``, ``drumhead.models``,
``drumhead.data``, ``drumhead.training``, ``drumhead.report``) have more. They are imported on first use, so that
``import drumhead`` and the command line's help are fast.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drumhead.data import open_dataset as open_dataset
    from drumhead.data import prepare_dataset as prepare_dataset
    from drumhead.experiments import find_experiment as find_experiment
    from drumhead.fields import evolve as evolve
    from drumhead.fields import laplacian as laplacian
    from drumhead.hidden_states import states as states
    from drumhead.models import build as build
    from drumhead.training import train as train
    from drumhead.zoo import load as load
    from drumhead.zoo import pretrained as pretrained

__version__ = version("drumhead")

_LAZY_IMPORTS = {
    "build": "models",
    "evolve": "fields",
    "find_experiment": "experiments",
    "laplacian": "fields",
    "load": "zoo",
    "open_dataset": "data",
    "prepare_dataset": "data",
    "pretrained": "zoo",
    "states": "hidden_states",
    "train": "training",
}

__all__ = ["__version__", *_LAZY_IMPORTS]


def __getattr__(name: str) -> object:
    if name in _LAZY_IMPORTS:
        return getattr(import_module(f"drumhead.{_LAZY_IMPORTS[name]}"), name)
    raise AttributeError(f"module 'drumhead' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY_IMPORTS])
