"""How a field evolves in time: the grid of oscillators, its stability, and convolutional recurrent cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drumhead.fields.options import Boundary, Engine, Nonlinearity
from drumhead.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from drumhead.fields.boundaries import convolve
    from drumhead.fields.cells import CellState, GRUCell, LSTMCell, RNNCell
    from drumhead.fields.evolution import evolve
    from drumhead.fields.stability import StabilityWarning, coupling_norm, stability_limit
    from drumhead.fields.wave import WaveState, laplacian, step
else:
    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "boundaries": ["convolve"],
            "cells": ["CellState", "GRUCell", "LSTMCell", "RNNCell"],
            "evolution": ["evolve"],
            "stability": ["StabilityWarning", "coupling_norm", "stability_limit"],
            "wave": ["WaveState", "laplacian", "step"],
        },
    )

__all__ = [
    "Boundary",
    "CellState",
    "Engine",
    "GRUCell",
    "LSTMCell",
    "Nonlinearity",
    "RNNCell",
    "StabilityWarning",
    "WaveState",
    "convolve",
    "coupling_norm",
    "evolve",
    "laplacian",
    "stability_limit",
    "step",
]
