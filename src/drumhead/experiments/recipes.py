"""The named recipes, as functions that take an experiment and return it with the recipe applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from drumhead.experiments.experiment import Experiment
from drumhead.models import NWMConfig

RecipeName = Literal["paper", "lite", "smoke"]


def paper(experiment: Experiment) -> Experiment:
    """Return the experiment unchanged, with the paper's recipe: 300 epochs, and a loss on all pixels."""
    return experiment


def lite(experiment: Experiment) -> Experiment:
    """Return the experiment with a shorter recipe: the same model and data, with minutes of training on a CPU.

    Training uses 120,000 images instead of millions, in small batches with sampled pixels, bfloat16 products where the
    processor has instructions for them, and a learning rate with warm-up and cosine decay. An NWM starts with positive
    stiffness and damping everywhere, because a channel that starts at 0 for every image gets no gradient. The readout
    ``last`` is the exception: waves that are damped from the start have decayed by the last time step.
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
    """Return the experiment with two epochs of two steps on a few images, as a quick check that it runs."""
    dataset = experiment.dataset
    return experiment.replace(
        dataset=None if dataset is None else dataset.replace(train=16, val=8, test=8, seed=0),
        recipe=experiment.recipe.replace(epochs=2, steps_per_epoch=2, batch_size=4),
    )


RECIPES: dict[RecipeName, Callable[[Experiment], Experiment]] = {"paper": paper, "lite": lite, "smoke": smoke}
