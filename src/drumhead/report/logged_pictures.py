"""The pictures and the movie that loggers show: predictions on a few samples, and the waves of a finished run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drumhead.data import Dataset, to_tensors
from drumhead.models import RecurrentSegmenter, Segmenter
from drumhead.report.colours import Pixels, colour_image, colour_masks, mark_ignored
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.report.picture_sizes import WHITE, same_size
from drumhead.runs import Run
from drumhead.training import Pictures

SAMPLES = 4
"""How many validation samples the pictures show."""
GAP = 2
"""Pixels between two pictures."""


def draw_samples(model: Segmenter, dataset: Dataset) -> Pixels:
    """Return a picture of the first validation samples: a row for each, with its image, true classes and prediction."""
    split = dataset.splits["val"]
    device = next(model.parameters()).device
    rows = []
    for sample in range(min(SAMPLES, len(split.images))):
        images, masks = to_tensors(split, [sample])  # the sizes of samples may differ
        prediction = model.predict(images.to(device))[0].cpu().numpy()
        truth = mark_ignored(masks[0].numpy(), dataset.ignored_label)
        row = [colour_image(images[0].numpy()), colour_masks(truth), colour_masks(prediction)]
        padded = [np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=WHITE) for picture in row]
        rows.append(np.concatenate(padded, axis=1))
    return np.concatenate(same_size(rows))[:-GAP, :-GAP]


def write_movie(run: Run, dataset: Dataset, path: Path) -> bool:
    """Write a movie of a run's waves on the first test sample; return False if its model has no waves."""
    model = run.load_model()
    if not isinstance(model, RecurrentSegmenter):
        return False
    model_wave_movie(model, dataset, split="test", samples=[0], path=path)
    return True


PICTURES = Pictures(draw_samples=draw_samples, write_movie=write_movie)
"""What draws pictures for the loggers of ``drumhead train``."""
