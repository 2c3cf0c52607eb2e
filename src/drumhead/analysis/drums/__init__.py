"""Drums: membranes of any shape, their modes and frequencies, and what their sound tells about the shape."""

from drumhead.analysis.drums.modes import Modes, Rim, membrane_modes
from drumhead.analysis.drums.pickup import LocalSpectrum, local_spectrum, scheme_frequencies
from drumhead.analysis.drums.shapes import Drum, disc_drum, lattice_drum, pixel_drum, polygon_drum
from drumhead.analysis.drums.square import (
    check_step,
    continuous_area,
    continuous_fundamental,
    largest_resolvable_side,
    lattice_area,
    lattice_frequency,
    lattice_fundamental,
    square_modes,
)
from drumhead.analysis.drums.weyl import ShapeEstimate, correct_for_grid, estimate_shape, weyl_count

__all__ = [
    "Drum",
    "LocalSpectrum",
    "Modes",
    "Rim",
    "ShapeEstimate",
    "check_step",
    "continuous_area",
    "continuous_fundamental",
    "correct_for_grid",
    "disc_drum",
    "estimate_shape",
    "largest_resolvable_side",
    "lattice_area",
    "lattice_drum",
    "lattice_frequency",
    "lattice_fundamental",
    "local_spectrum",
    "membrane_modes",
    "pixel_drum",
    "polygon_drum",
    "scheme_frequencies",
    "square_modes",
    "weyl_count",
]
