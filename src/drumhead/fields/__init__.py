"""How a field evolves in time: the grid of oscillators, its stability, and convolutional recurrent cells."""

from drumhead.fields.boundaries import Boundary, convolve
from drumhead.fields.cells import CellState, GRUCell, LSTMCell, RNNCell
from drumhead.fields.engine import Engine
from drumhead.fields.evolution import evolve
from drumhead.fields.stability import StabilityWarning, coupling_norm, stability_limit
from drumhead.fields.wave import Nonlinearity, WaveState, laplacian, step

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
