"""The named recipes, as functions that take an experiment and return it with the recipe applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from drumhead.experiments.experiment import Experiment
from drumhead.models import NWMConfig

RecipeName = Literal["paper", "lite", "smoke"]

LITE_SPEED: dict[str | None, float] = {"mnist": 4.0, "multi_mnist": 4.0}
"""The speed at which waves of ``lite`` start, in pixels per unit of time, by dataset; 3 on the others."""
LITE_NWM_EPOCHS: dict[str | None, int] = {"tetrominoes": 8, "mnist": 48}
"""The number of epochs in which ``lite`` trains an NWM, by dataset; 12 on the others, as for every other model."""


def paper(experiment: Experiment) -> Experiment:
    """Return the experiment unchanged, with the paper's recipe: 300 epochs, and a loss on all pixels."""
    return experiment


def lite(experiment: Experiment) -> Experiment:
    """Return the experiment with a shorter recipe: the same model and data, with minutes of training on a CPU.

    Training uses 120,000 images instead of millions, in small batches with sampled pixels, bfloat16 products where the
    processor has instructions for them, and a learning rate with warm-up and cosine decay. An NWM starts with fast
    waves, little damping and some stiffness everywhere, because a channel that starts at 0 for every image gets no
    gradient, and it is kept stable (:func:`lite_nwm`); it learns tetrominoes in two thirds of those images and needs
    four times as many on MNIST.
    """
    model, dataset = experiment.model, experiment.dataset
    epochs = 12
    if isinstance(model, NWMConfig):
        name = None if dataset is None else dataset.name
        model, epochs = lite_nwm(model, name), LITE_NWM_EPOCHS.get(name, epochs)
    return experiment.replace(
        model=model,
        recipe=experiment.recipe.replace(
            optimizer="adamw",
            learning_rate=2e-3,
            schedule="cosine",
            warmup=0.1,
            clip=1.0,
            batch_size=8,
            epochs=epochs,
            steps_per_epoch=1250,
            pixels=0.25,
            precision="auto",
            min_delta=0.0,
            validation_images=256,
        ),
    )


def lite_nwm(model: NWMConfig, dataset: str | None) -> NWMConfig:
    """Return the NWM as ``lite`` starts it on a dataset.

    Its waves start so fast that they cross the longest object within the evolution: 3 pixels per unit of time, 30
    pixels in the paper's T dt = 10, for pieces of up to 28 pixels, and 4 for digits of up to 42. The readout ``last``
    starts without damping, because waves that are damped from the start have decayed by the last time step.
    """
    return model.replace(
        initial_speed=LITE_SPEED.get(dataset, 3.0),
        initial_stiffness=0.5,
        initial_damping=0.0 if model.readout == "last" else 0.1,
        keep_stable=True,
    )


def smoke(experiment: Experiment) -> Experiment:
    """Return the experiment with two epochs of two steps on a few images, as a quick check that it runs."""
    dataset = experiment.dataset
    return experiment.replace(
        dataset=None if dataset is None else dataset.replace(train=16, val=8, test=8, seed=0),
        recipe=experiment.recipe.replace(epochs=2, steps_per_epoch=2, batch_size=4),
    )


RECIPES: dict[RecipeName, Callable[[Experiment], Experiment]] = {"paper": paper, "lite": lite, "smoke": smoke}
