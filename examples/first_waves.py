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
# # First waves
#
# A trained wave network comes with the package. This notebook gives it an image, and looks at the waves with which the
# network decides the class of every pixel. It takes a few seconds.

# %%
import os
import tempfile
from importlib.util import find_spec

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display

import drumhead
from drumhead.data import TetrominoConfig, to_tensors
from drumhead.report.figures.model_figures import model_predictions_figure
from drumhead.report.figures.wave_figure import wave_strip

# %matplotlib inline

# %% [markdown]
# ## Trained networks
#
# `drumhead.pretrained()` lists the networks of the package with their scores: accuracy, and the intersection over union
# on the foreground, from 0 to 1.

# %%
for network in drumhead.pretrained():
    print(f"{network.name:25} {network.parameters:9,} parameters   accuracy {network.acc:.3f}   "
          f"IoU, foreground {network.iou_foreground:.3f}")  # fmt: skip

# %% [markdown]
# ## Images
#
# These networks know tetrominoes, five pieces of four squares each, in any colour. Here are four new boards. The colour
# of a piece says nothing about its class, and a piece is up to 28 pixels long. So a pixel inside a piece cannot know
# its class from its neighbours alone.

# %%
folder = tempfile.mkdtemp(prefix="drumhead-")  # for what this notebook makes
boards = drumhead.prepare_dataset(TetrominoConfig(train=1, val=1, test=4, seed=7), folder)
boards

# %% [markdown]
# ## Predictions
#
# The local CNN has eight layers, so it sees 8 pixels far in every direction. The wave network has connections to the
# eight neighbours of a pixel alone, but 100 time steps, in which waves cross the image.

# %%
models = {
    "wave network": drumhead.load("tetrominoes-nwm-linear"),
    "local CNN, 8 layers": drumhead.load("tetrominoes-cnn-8"),
}
display(model_predictions_figure(models, boards, split="test", samples=range(4), dpi=110))

# %% [markdown]
# ## Waves
#
# `drumhead.states` returns the hidden states of a network on samples of a dataset: (sample, time, channel, y, x). They
# start from what small filters see in the image, and then follow a wave equation whose stiffness and damping the
# network has chosen for every pixel.

# %%
states = drumhead.states("tetrominoes-nwm-linear", [0], data=boards.folder)
movie = states.movie(sample=0, channel=0)
states

# %%
images, masks = to_tensors(boards.splits["test"], [0])
image, mask = images[0].numpy(), masks[0].numpy()
display(wave_strip(movie.values, image, times=(1, 5, 10, 20, 50, 100), dpi=110))

# %% [markdown]
# With a Jupyter front end and the package `ipywidgets`, sliders choose the time step and the channel.


# %%
def show_state(step: int, channel: int) -> None:
    """Show one frame of the states beside the image; steps count from 1."""
    values = states.values[0, :, channel]
    limit = float(np.quantile(np.abs(values), 0.99))
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.3), layout="constrained")
    left.imshow(np.moveaxis(image, 0, -1))
    left.set_title("image")
    right.imshow(values[step - 1], cmap="RdBu_r", vmin=-limit, vmax=limit)
    right.set_title(f"channel {channel}, step {step}, t = {step * states.dt:.1f}")
    for axes in (left, right):
        axes.set_axis_off()
    plt.show()


# %% tags=["sliders"]
if find_spec("ipywidgets") and "DRUMHEAD_EXAMPLES" not in os.environ:
    from ipywidgets import IntSlider, interact

    steps, channels = len(movie.values), states.channels
    interact(show_state, step=IntSlider(60, 1, steps), channel=IntSlider(0, 0, channels - 1))
else:
    show_state(step=60, channel=0)

# %% [markdown]
# ## Every pixel has a time series
#
# A readout turns the time series of a pixel into the class of the pixel, without looking at other pixels again. All
# that a pixel knows of the rest of the image came to it as a wave. Here are time series from the middle of each piece,
# in the colour of the piece.

# %%
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
for label in np.unique(mask[mask > 0]):
    ys, xs = np.nonzero(mask == label)
    nearest = np.argmin(np.hypot(ys - ys.mean(), xs - xs.mean()))
    y, x = int(ys[nearest]), int(xs[nearest])
    axes.plot(movie.times, movie.values[:, y, x], color=image[:, y, x], label=states.class_names[label])
axes.set(xlabel="time", ylabel="position of the oscillator")
axes.legend(title="piece", loc="upper right")
plt.show()

# %% [markdown]
# ## Is it the waves?
#
# Cut the connections between neighbouring pixels, with the same weights otherwise: the coupling is set to 0. Then no
# wave moves, and the network sees only as far as its first filters.

# %%
connected, cut = models["wave network"], drumhead.load("tetrominoes-nwm-linear")
with torch.no_grad():
    cut.coupling.zero_()
foreground = mask > 0
for title, model in {"with waves": connected, "without": cut}.items():
    right_share = (model.predict(images)[0].numpy() == mask)[foreground].mean()
    print(f"{title:12} {right_share:.0%} of the pixels of pieces have the right class")

# %% [markdown]
# ## More
#
# - `own_images.py` trains a network on your own images.
# - `network_and_recording.py` measures waves: where they go, how fast, and whether they are more than chance.
# - On the command line, `drumhead movie tetrominoes-nwm-linear --samples 0` writes a movie.
