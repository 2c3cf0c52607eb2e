"""Run folders with small untrained models and made-up scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drumhead.analysis.class_study import ClassStudy, study_classes
from drumhead.data import Dataset, TetrominoConfig, image_loader, make_dataset
from drumhead.experiments import find_experiment
from drumhead.models import NWM, build, model_config
from drumhead.runs import DataRecord, Run, RunConfig
from drumhead.scores import compute_scores, count_predictions

SIZES: dict[str, dict[str, Any]] = {
    "tetrominoes-nwm-linear": {"steps": 6, "pixel_widths": (8,)},
    "tetrominoes-nwm-fft": {"steps": 6, "pixel_widths": (8,)},
    "tetrominoes-lstm-last": {"steps": 3, "pixel_widths": (8,), "hidden_channels": 3},
    "tetrominoes-cnn-2": {"pixel_widths": (8,)},
    "polygons-nwm-fft": {"steps": 6, "pixel_widths": (8,)},
    "tetrominoes-gru-last": {"steps": 3, "pixel_widths": (8,)},
}
STUDY_BOARDS = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=8, seed=0)
"""Tetrominoes for :func:`toy_study`."""


def toy_dataset(folder: Path, *, seed: int = 0) -> Dataset:
    """Create a dataset of tetrominoes with four test images."""
    config = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=4, seed=seed)
    return make_dataset(config, folder)


def toy_run(
    folder: Path, name: str, data: DataRecord, *, seed: int = 0, score: float | None = None, **fields: Any
) -> Run:
    """Create a run of a listed experiment.

    Args:
        folder: a new folder.
        name: the name of the experiment.
        data: the training data.
        seed: the seed of the run.
        score: the accuracy on foreground pixels, a multiple of 0.1; None for an unfinished run.
        **fields: fields of the recipe that differ.
    """
    experiment = find_experiment(name)
    model = experiment.model.replace(**SIZES[name])
    experiment = experiment.replace(model=model, seed=seed, recipe=experiment.recipe.replace(**fields))
    run = Run.create(folder, RunConfig(experiment=experiment, data=data, versions={}, machine={}))
    run.save_model(run.new_model())
    if score is not None:
        truth = np.ones((1, 1, 10), int)
        predicted = truth * (np.arange(10) < round(10 * score))
        run.write_scores(
            compute_scores(count_predictions(predicted, truth, classes=len(data.class_names)), data.class_names)
        )
    return run


def toy_network(channels: int) -> NWM:
    """Return a small untrained NWM for tetrominoes, with a number of hidden channels."""
    config = model_config("nwm", steps=20, width=4, hidden_channels=channels, pixel_widths=(8,))
    model = build(config, in_channels=3, classes=6, seed=4)
    assert isinstance(model, NWM)
    return model.eval()


def toy_study(model: NWM, dataset: Dataset) -> ClassStudy:
    """Return a study of the spectra of a network's states on the test images."""
    batches = image_loader(dataset.splits["test"], batch_size=4, order=None)
    return study_classes(model, batches, classes=6, per_class=5, generator=np.random.default_rng(0))
