"""Ways to shrink an experiment: functions that take one and return another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from drumhead.experiments.experiment import Experiment

PresetName = Literal["paper", "smoke", "demo"]


def paper(experiment: Experiment) -> Experiment:
    """The paper's recipe, unchanged: 300 epochs."""
    return experiment


def smoke(experiment: Experiment) -> Experiment:
    """Two epochs of two steps on a handful of images: does it run at all?"""
    dataset = experiment.dataset
    return experiment.replace(
        dataset=None if dataset is None else dataset.replace(train=16, val=8, test=8, seed=0),
        recipe=experiment.recipe.replace(epochs=2, steps_per_epoch=2, batch_size=4),
    )


def demo(experiment: Experiment) -> Experiment:
    """Minutes of training on the paper's data: small batches, a part of the pixels, a falling learning rate."""
    return experiment.replace(
        recipe=experiment.recipe.replace(
            optimizer="adamw",
            learning_rate=2e-3,
            schedule="cosine",
            warmup=0.1,
            clip=1.0,
            batch_size=8,
            pixels=0.125,
            steps_per_epoch=250,
            seconds=200.0,
            keep_margin=0.0,
            validation_images=128,
        ),
    )


PRESETS: dict[PresetName, Callable[[Experiment], Experiment]] = {"paper": paper, "smoke": smoke, "demo": demo}
