"""The pictures and the movie that loggers show: predictions on a few samples, and the waves of a finished run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drumhead.data import Dataset, to_tensors
from drumhead.models import RecurrentSegmenter, Segmenter
from drumhead.report.colours import Pixels, colour_image, colour_masks, mark_ignored
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.runs import Run
from drumhead.training import Pictures

SAMPLES = 4
"""How many validation samples the pictures show."""
GAP = 2
"""Pixels between two pictures."""


def draw_samples(model: Segmenter, dataset: Dataset) -> Pixels:
    """Return a picture of the first validation samples: a row for each, with its image, true classes and prediction."""
    split = dataset.splits["val"]
    images, masks = to_tensors(split, range(min(SAMPLES, len(split.images))))
    device = next(model.parameters()).device
    predictions = model.predict(images.to(device)).cpu()
    truth = mark_ignored(masks.numpy(), dataset.ignored_label)
    rows = [
        [colour_image(image.numpy()), colour_masks(mask), colour_masks(prediction.numpy())]
        for image, mask, prediction in zip(images, truth, predictions, strict=True)
    ]
    padded = [[np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for picture in row] for row in rows]
    return np.concatenate([np.concatenate(row, axis=1) for row in padded])[:-GAP, :-GAP]


def write_movie(run: Run, dataset: Dataset, path: Path) -> bool:
    """Write a movie of a run's waves on the first test sample; return False if its model has no waves."""
    model = run.load_model()
    if not isinstance(model, RecurrentSegmenter):
        return False
    model_wave_movie(model, dataset, split="test", samples=[0], path=path)
    return True


PICTURES = Pictures(draw_samples=draw_samples, write_movie=write_movie)
"""What draws pictures for the loggers of ``drumhead train``."""
