# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Waves of a network and of a recording, by the same functions
#
# `drumhead.waves` measures travelling waves: where they go, how fast, about which points they turn, and whether they
# are more than chance. It takes hidden states and recordings alike, as a `Movie`: values, the time from frame to frame,
# the distance between sites, and their units.

# %%
import tempfile
from pathlib import Path

import numpy as np
from IPython.display import display

import drumhead
from drumhead.data import TetrominoConfig
from drumhead.report.figures.measured_waves_figure import measured_waves_figure
from drumhead.waves import Grid, Movie, pink_noise, plane_wave, rotating_wave, summarise_directions
from drumhead.waves.measure import measure_waves
from drumhead.waves.measurements import Measurements

# %matplotlib inline

# %% [markdown]
# ## A recording
#
# Recordings belong to those who made them, so this notebook makes one: an array of 12 x 12 electrodes, 0.4 mm apart,
# 200 frames per second. For 1.5 s, a wave of 12 cycles per second goes 30 degrees from +x towards +y, at 150 mm/s; for
# another 1.5 s, a wave turns about a point. Each electrode has noise of its own, half as strong, with a spectrum of 1 /
# frequency.
#
# For a recording of your own, use `drumhead.waves.read_movie("file.npy", dt=..., spacing=...)`, or give the values to
# `Movie` as below. `.npy`, `.npz`, `.mat`, `.nwb` and folders of TIFF files are read.

# %%
generator = np.random.default_rng(0)
frequency, speed, angle, centre = 12.0, 150.0, np.deg2rad(30), (2.3, 2.1)
half = Grid(frames=300, height=12, width=12, dt=0.005, spacing=(0.4, 0.4))
k = 2 * np.pi * frequency / speed
plane = plane_wave(half, wave_vector=(k * np.sin(angle), k * np.cos(angle)), frequency=frequency).real
turning = rotating_wave(half, centre=centre, chirality=1, frequency=frequency).real
waves = np.concatenate([plane, turning])
noise = pink_noise(half._replace(frames=len(waves)), generator, deviation=0.5 * float(waves.std()))
recording = Movie(
    values=waves + noise,
    dt=half.dt,
    spacing=half.spacing,
    unit="mV",
    length_unit="mm",
    time_unit="s",
    name="a plane wave, then a rotating wave",
    origin="made in this notebook",
)
recording

# %% [markdown]
# ## Its waves
#
# `measure_waves` filters, takes the phase of each electrode, and measures each frame. It compares each frame with
# surrogates, whose electrodes are permuted at random. They say how large the phase gradient directionality (PGD: 1 if
# all of a frame goes one way) is by chance.

# %%
measured = measure_waves(recording, generator=generator, band=(6, 20), surrogates=99)
display(measured_waves_figure(measured, dpi=110))


# %%
def report(measured: Measurements, frames: slice = slice(None)) -> None:
    """Print what the waves of some frames have in common."""
    waves, movie = measured.waves, measured.movie
    one_way = waves.p[frames] <= 0.05
    kinds, counts = np.unique([kind for kind in measured.models.model[frames] if kind], return_counts=True)
    print(
        "the wave that fits best:",
        ", ".join(f"{kind} in {count} frames" for kind, count in zip(kinds, counts, strict=True)),
    )
    print(f"one direction, with p at most 0.05: {one_way.sum()} frames")
    if one_way.any():
        mean = summarise_directions(waves.direction[frames][one_way & np.isfinite(waves.direction[frames])]).mean
        print(
            f"of these: mean direction {np.rad2deg(mean):.0f} degrees, "
            f"median speed {np.nanmedian(waves.speed[frames][one_way]):.3g} {movie.length_unit} per {movie.time_unit}"
        )
    print(f"median frequency {np.nanmedian(waves.frequency[frames]):.3g} per {movie.time_unit}")


print("The first half")
report(measured, slice(None, half.frames))
print("\nThe second half")
report(measured, slice(half.frames, None))

# %% [markdown]
# The direction, speed and frequency are about those that were put in. In the second half hardly a frame has one
# direction, since the wave turns; there, the rotation is the wave that fits best. It turns about a phase singularity,
# which is found in each frame and followed from frame to frame.

# %%
tracks, points = measured.tracks, measured.singularities
longest = tracks.track == np.bincount(tracks.track).argmax()
y, x = points.y[longest].mean(), points.x[longest].mean()
print(f"the longest track has {longest.sum()} frames, about y = {y:.2f} mm, x = {x:.2f} mm")
print(f"the wave was put at    y = {centre[0]:.2f} mm, x = {centre[1]:.2f} mm")

# %% [markdown]
# ## The waves of a network
#
# The hidden states of a network are a movie too: a channel of one sample. `dt` is the time step of the network, the
# spacing is one pixel, and the edges are joined (`circular`).

# %%
folder = Path(tempfile.mkdtemp(prefix="drumhead-"))  # for what this notebook makes
boards = drumhead.prepare_dataset(TetrominoConfig(train=1, val=1, test=1, seed=7), folder)
hidden = drumhead.states("tetrominoes-nwm-linear", [0], data=boards.folder).movie(sample=0, channel=0)
hidden

# %% [markdown]
# The network computes 100 frames, in which a pixel oscillates only a few times. So the phase is taken from position and
# velocity (`phase="state"`), not from a filter, which would need several periods.

# %%
of_network = measure_waves(hidden, generator=generator, phase="state", surrogates=99)
display(measured_waves_figure(of_network, dpi=110))
report(of_network)

# %% [markdown]
# Waves spread from each piece in all directions, as the arrows in (a) show. So few frames have one direction (d), other
# than in the first half of the recording, and several phase singularities come and go (f).
#
# On the command line: `drumhead waves recording.npy --dt 0.005 --spacing 0.4 --unit mm --band 6 20 --out results` and
# `drumhead waves tetrominoes-nwm-linear --samples 0 --out results`.
