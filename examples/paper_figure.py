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
# # The paper's main result in figures
#
# *Traveling Waves Integrate Spatial Information Through Time* (Jacobs, Budzinski, Muller, Ba, Keller 2025,
# [arXiv:2502.06034](https://arxiv.org/abs/2502.06034)) says: a network with connections between neighbouring pixels
# alone can segment images that need information from far away, if its hidden states are waves. A stack of local filters
# needs many layers for that.
#
# The scores below are the published ones, which come with the package. The waves and predictions are those of the
# networks that come with the package, which are trained here with a shorter recipe.

# %%
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

import drumhead
from drumhead.data import TetrominoConfig
from drumhead.published import published_runs
from drumhead.report.figures.model_figures import model_predictions_figure, model_waves_figure
from drumhead.report.figures.score_panels import score_panels_figure
from drumhead.results.published_results import published_result_sets

# %matplotlib inline

# %% [markdown]
# ## Waves, and their spectrum
#
# A board, and the hidden states of a wave network and of a convolutional LSTM at some time steps; below each, the size
# of some frequencies in the time series of every pixel. Different pieces have different spectra, although the filters
# of both networks see 3 x 3 pixels at a time.

# %%
folder = tempfile.mkdtemp(prefix="drumhead-")  # for what this notebook makes
boards = drumhead.prepare_dataset(TetrominoConfig(train=1, val=1, test=8, seed=7), folder)
recurrent = {
    "wave network": drumhead.load("tetrominoes-nwm-linear"),
    "LSTM": drumhead.load("tetrominoes-lstm-linear"),
}
display(model_waves_figure(recurrent, boards, split="test", sample=1, dpi=110))

# %% [markdown]
# ## Predictions
#
# The CNN has eight layers and about as many weights as the wave network.

# %%
models = {**recurrent, "CNN, 8 layers": drumhead.load("tetrominoes-cnn-8")}
display(model_predictions_figure(models, boards, split="test", samples=range(6), dpi=110))

# %% [markdown]
# ## Scores
#
# Foreground IoU on the test set: each circle is one published run, each line the mean over the runs of a model. Runs at
# 0 have learned nothing: they predict background everywhere.

# %%
shown = {
    "tetrominoes": ["cnn-2", "cnn-4", "cnn-8", "cnn-16", "cnn-32", "lstm-linear", "nwm-linear"],
    "mnist": ["cnn-2", "cnn-4", "cnn-8", "cnn-16", "cnn-32", "lstm-linear", "nwm-linear"],
    "multi-mnist": ["unet-2", "unet-3", "unet-4", "unet-5", "nwm-linear"],
}
colours = {"cnn": "0.5", "lstm": "tab:orange", "nwm": "tab:blue", "unet": "tab:green"}
figure, panels = plt.subplots(1, 3, figsize=(8, 3.2), sharey=True, layout="constrained", width_ratios=(7, 7, 5))
for axes, (dataset, names) in zip(panels, shown.items(), strict=True):
    for place, name in enumerate(names):
        values = [run.iou_foreground for run in published_runs() if run.experiment == f"{dataset}-{name}"]
        colour = colours[name.partition("-")[0]]
        offsets = np.linspace(-0.25, 0.25, len(values))
        axes.plot(place + offsets, values, "o", color=colour, alpha=0.7, markersize=3.5)
        axes.hlines(np.mean(values), place - 0.35, place + 0.35, color=colour, linewidth=2)
    axes.set_xticks(range(len(names)), labels=[name.removesuffix("-linear") for name in names], rotation=60)
    axes.set_title(dataset)
panels[0].set(ylabel="IoU, foreground", ylim=(-0.03, 1.02))
plt.show()

# %% [markdown]
# The numbers after `cnn` are layers, those after `unet` the number of channels at the first level; `lstm` and `nwm`
# have a linear readout over time. A CNN with more layers sees further, but more of its published runs have learned
# nothing.
#
# All six published scores of each dataset, with the score of background everywhere as a dashed line:

# %%
for result_set in published_result_sets():
    display(score_panels_figure(result_set, title=f"{result_set.key.dataset}, published", dpi=110))

# %% [markdown]
# `drumhead reproduce` trains the networks again and draws the figures from your own runs.
