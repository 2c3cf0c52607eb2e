"""The recipes: ways to train an experiment, as functions that take one and return another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from drumhead.experiments.experiment import Experiment
from drumhead.models import NWMConfig

RecipeName = Literal["paper", "lite", "smoke"]


def paper(experiment: Experiment) -> Experiment:
    """The paper's recipe, unchanged: 300 epochs of all pixels."""
    return experiment


def lite(experiment: Experiment) -> Experiment:
    """Minutes instead of days on a CPU: the same model and data, but 120,000 images rather than millions.

    Small batches, a part of the pixels, bfloat16 products where the processor has them, a rate that rises and falls. An
    NWM starts with some stiffness and damping everywhere: a channel without them never gets any. But the readout
    ``last`` hears little of waves that are damped from the start: they have died away by the last frame.
    """
    model = experiment.model
    if isinstance(model, NWMConfig):
        model = model.replace(initial_stiffness=0.5, initial_damping=0.0 if model.readout == "last" else 0.5)
    return experiment.replace(
        model=model,
        recipe=experiment.recipe.replace(
            optimizer="adamw",
            learning_rate=2e-3,
            schedule="cosine",
            warmup=0.1,
            clip=1.0,
            batch_size=8,
            epochs=12,
            steps_per_epoch=1250,
            pixels=0.25,
            precision="auto",
            min_delta=0.0,
            validation_images=256,
        ),
    )


def smoke(experiment: Experiment) -> Experiment:
    """Two epochs of two steps on a handful of images: does it run at all?"""
    dataset = experiment.dataset
    return experiment.replace(
        dataset=None if dataset is None else dataset.replace(train=16, val=8, test=8, seed=0),
        recipe=experiment.recipe.replace(epochs=2, steps_per_epoch=2, batch_size=4),
    )


RECIPES: dict[RecipeName, Callable[[Experiment], Experiment]] = {"paper": paper, "lite": lite, "smoke": smoke}
