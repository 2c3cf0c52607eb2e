"""Drumhead: recurrent networks whose hidden state is a wave field, for image segmentation.

The functions below are all that a notebook needs; the subpackages (``drumhead.fields``, ``drumhead.models``,
``drumhead.data``, ``drumhead.training``, ``drumhead.report``) have more. They are imported on first use, so that
``import drumhead`` and the command line's help are fast.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from drumhead.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from drumhead.data import open_dataset, prepare_dataset
    from drumhead.experiments import find_experiment
    from drumhead.fields import evolve, laplacian
    from drumhead.hidden_states import states
    from drumhead.models import build
    from drumhead.training import train
    from drumhead.zoo import load, pretrained
else:
    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "data": ["open_dataset", "prepare_dataset"],
            "experiments": ["find_experiment"],
            "fields": ["evolve", "laplacian"],
            "hidden_states": ["states"],
            "models": ["build"],
            "training": ["train"],
            "zoo": ["load", "pretrained"],
        },
    )

__version__ = version("drumhead")

__all__ = [
    "__version__",
    "build",
    "evolve",
    "find_experiment",
    "laplacian",
    "load",
    "open_dataset",
    "prepare_dataset",
    "pretrained",
    "states",
    "train",
]
