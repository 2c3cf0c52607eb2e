"""Travelling waves as they are measured: phase, direction, speed and more, of hidden states and of recordings.

The functions take NumPy arrays and return NumPy arrays; nothing here needs torch. These conventions hold everywhere:

- **Arrays** are movies ``(time, y, x)``, ``y`` along rows and ``x`` along columns; scattered sites are
  ``(time, site)`` with positions ``(site, 2)``, each ``(y, x)``.
- **Units**: ``dt`` is the time from frame to frame and ``spacing`` the length from row to row and from column to
  column, ``(dy, dx)`` or one number for both. Results are in these units of time and length. Angles are in radians,
  frequencies in cycles per time, and wave numbers in radians per length; a wavelength is ``2 pi / k``.
- **Waves**: ``cos(k.r - Omega t)`` has the analytic signal ``exp(i (Omega t - k.r))``, whose phase grows in time. So
  ``k = -grad phase``, and a direction is always the one in which the wave goes: ``atan2(k_y, k_x)``, from +x towards
  +y, where y grows from row to row. On a screen with row 0 at the top, this is clockwise.
- **Rotation**: chirality +1 turns from +x towards +y. The wave ``exp(i (Omega t - theta))`` has chirality +1 and the
  phase charge -1, the winding number of its phase from +x towards +y.
- **Time**: a quantity of two frames belongs to the midpoint between them, and a movie has one fewer of it than frames.
- **Sites**: a site with a value that is not finite, or that never changes, is not valid. Nothing is interpolated or
  padded: results at sites that are not valid are NaN.
- **Boundary**: ``"open"`` for recordings; ``"circular"`` for hidden states on a sheet whose opposite edges are joined.
"""

from drumhead.waves.analytic import Analytic, analytic, from_state, morlet
from drumhead.waves.central_fits import RotationFit, TargetFit, fit_rotation, fit_target
from drumhead.waves.circular_linear import CircularLinearCorrelation, circular_linear_correlation
from drumhead.waves.correlation import (
    Autocorrelation,
    DistanceCorrelation,
    autocorrelation,
    distance_correlation,
    time_autocorrelation,
)
from drumhead.waves.critical import CriticalPoints, critical_points, flow_order
from drumhead.waves.dispersion import Dispersion, dispersion_relation, lattice_wave_number
from drumhead.waves.dispersion_fit import DispersionFit, fit_dispersion
from drumhead.waves.events import Events, find_events
from drumhead.waves.filters import Filtered, bandpass
from drumhead.waves.fits import PlaneFit, fit_plane
from drumhead.waves.flow import Flow, amplitude_flow, phase_flow
from drumhead.waves.formats.neo_signals import from_neo, to_neo
from drumhead.waves.frequency import frame_frequency, instantaneous_frequency, mean_frequency, peak_frequency
from drumhead.waves.generalized import GeneralizedPhase, generalized_phase
from drumhead.waves.gradient import PhaseGradient, WaveVector, phase_gradient, smooth_signal, wave_vector
from drumhead.waves.model_choice import ModelChoice, choose_model
from drumhead.waves.modes import DynamicModes, PrincipalModes, dynamic_modes, principal_modes
from drumhead.waves.movie import Movie
from drumhead.waves.reading import check_states_file, read_movie, read_states, save_movie, save_states
from drumhead.waves.significance import SurrogateTest, surrogate_test
from drumhead.waves.singularities import Singularities, find_singularities, ring_windings
from drumhead.waves.sites import (
    Boundary,
    Exclusions,
    check_dt,
    check_movie,
    check_positions,
    check_spacing,
    exclusions,
    grid_positions,
    phase_mask,
    valid_sites,
)
from drumhead.waves.spectrum import (
    DirectionalShare,
    RadialAverage,
    TravellingSpectrum,
    directional_share,
    radial_average,
    travelling_spectrum,
)
from drumhead.waves.states import States
from drumhead.waves.surrogates import SurrogateKind, surrogate
from drumhead.waves.synthetic import (
    Grid,
    masked,
    pink_noise,
    plane_wave,
    rotating_wave,
    standing_wave,
    target_wave,
    white_noise,
)
from drumhead.waves.tracks import Tracks, track_points
from drumhead.waves.travel import DirectionSummary, Travel, directionality, local_speed, summarise_directions, travel
from drumhead.waves.winding import Windings

__all__ = [
    "Analytic",
    "Autocorrelation",
    "Boundary",
    "CircularLinearCorrelation",
    "CriticalPoints",
    "DirectionSummary",
    "DirectionalShare",
    "Dispersion",
    "DispersionFit",
    "DistanceCorrelation",
    "DynamicModes",
    "Events",
    "Exclusions",
    "Filtered",
    "Flow",
    "GeneralizedPhase",
    "Grid",
    "ModelChoice",
    "Movie",
    "PhaseGradient",
    "PlaneFit",
    "PrincipalModes",
    "RadialAverage",
    "RotationFit",
    "Singularities",
    "States",
    "SurrogateKind",
    "SurrogateTest",
    "TargetFit",
    "Tracks",
    "Travel",
    "TravellingSpectrum",
    "WaveVector",
    "Windings",
    "amplitude_flow",
    "analytic",
    "autocorrelation",
    "bandpass",
    "check_dt",
    "check_movie",
    "check_positions",
    "check_spacing",
    "check_states_file",
    "choose_model",
    "circular_linear_correlation",
    "critical_points",
    "directional_share",
    "directionality",
    "dispersion_relation",
    "distance_correlation",
    "dynamic_modes",
    "exclusions",
    "find_events",
    "find_singularities",
    "fit_dispersion",
    "fit_plane",
    "fit_rotation",
    "fit_target",
    "flow_order",
    "frame_frequency",
    "from_neo",
    "from_state",
    "generalized_phase",
    "grid_positions",
    "instantaneous_frequency",
    "lattice_wave_number",
    "local_speed",
    "masked",
    "mean_frequency",
    "morlet",
    "peak_frequency",
    "phase_flow",
    "phase_gradient",
    "phase_mask",
    "pink_noise",
    "plane_wave",
    "principal_modes",
    "radial_average",
    "read_movie",
    "read_states",
    "ring_windings",
    "rotating_wave",
    "save_movie",
    "save_states",
    "smooth_signal",
    "standing_wave",
    "summarise_directions",
    "surrogate",
    "surrogate_test",
    "target_wave",
    "time_autocorrelation",
    "to_neo",
    "track_points",
    "travel",
    "travelling_spectrum",
    "valid_sites",
    "wave_vector",
    "white_noise",
]
