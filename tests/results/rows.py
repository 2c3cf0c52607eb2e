"""Rows of results that need no run, for tests."""

from __future__ import annotations

from typing import Any

from drumhead.data import TETROMINO_CLASSES
from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.results.rows import ResultRow
from drumhead.runs import DataRecord

DATA = "d" * 64
OTHER_DATA = DataRecord(
    folder="boards",
    name="tetrominoes",
    fingerprint="c0ffee" + "0" * 58,
    channels=3,
    height=24,
    width=24,
    class_names=TETROMINO_CLASSES,
)
"""A dataset of tetrominoes that is not the paper's."""


def row(
    model: str = "nwm", variant: str = "linear", seed: int = 0, score: float | None = 0.5, **fields: Any
) -> ResultRow:
    """Return a row of the paper's tetromino test set in which all scores and losses are ``score``."""
    metrics = ("acc", "acc_foreground", "iou", "iou_foreground", "loss", "loss_foreground", "mean_iou")
    background = PUBLISHED_BACKGROUND_SCORES["tetrominoes"]
    values: dict[str, Any] = {
        "run": f"runs/{model}-{variant}-{seed}-{fields.get('recipe', 'paper')}",
        "experiment": f"tetrominoes-{model}-{variant}",
        "dataset": "tetrominoes",
        "split": "test",
        "model": model,
        "variant": variant,
        "recipe": "paper",
        "seed": seed,
        "state": "finished",
        **dict.fromkeys(metrics, score),
        "images": None if score is None else 1000,
        "images_without_foreground": None if score is None else 0,
        "parameters": 176_124,
        "epochs": 300,
        "seconds": 60.5,
        "background_acc": background.acc,
        "background_iou": background.iou,
        "background_mean_iou": background.acc / 6,
        "data": DATA,
        "trained_on": DATA,
    }
    return ResultRow(**{**values, **fields})
