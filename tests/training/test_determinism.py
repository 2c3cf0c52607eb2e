"""The same seed gives bit-identical weights; global random generators are neither used nor changed."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from drumhead.data import Dataset
from drumhead.experiments import Recipe
from drumhead.seeds import derive_seed, generator

from .tiny_runs import (
    AUGMENTATION,
    DEMO,
    MODELS,
    assert_same_training,
    fit,
    last_weights,
    same_weights,
    tiny_experiment,
)

# Losses of four epochs. If a change of the code is meant to change the numbers, say why and store the new losses.
# Another number of threads or other convolution kernels change them by 2e-9 through rounding; the tolerance leaves room
# for other machines and versions of torch.
GOLDEN_LOSSES: dict[str, tuple[list[float], list[float]]] = {  # of training and of validation
    "plain": (
        [2.06279606, 1.99889845, 2.02730561, 1.92911935],
        [2.02636001, 1.98061933, 1.95310715, 1.94722791],
    ),
    "augmented": (
        [2.04806775, 1.98072404, 1.95346901, 1.89807671],
        [2.02644574, 1.98110688, 1.95377242, 1.94798443],
    ),
}
TOLERANCE = 1e-5


def global_states() -> tuple[bytes, bytes, bytes]:
    return torch.get_rng_state().numpy().tobytes(), pickle.dumps(np.random.get_state()), pickle.dumps(random.getstate())  # noqa: NPY002


@pytest.mark.parametrize("name", GOLDEN_LOSSES)
def test_the_stored_loss_curve(name: str, boards: Dataset, tmp_path: Path) -> None:
    off = {field: Recipe.model_fields[field].default for field in AUGMENTATION}
    rows = fit(tiny_experiment(**{**DEMO, **(off if name == "plain" else {})}), boards, tmp_path).metrics()
    for column, losses in zip(("train_loss", "val_loss"), GOLDEN_LOSSES[name], strict=True):
        assert [row[column] for row in rows] == pytest.approx(losses, rel=TOLERANCE)


@pytest.mark.parametrize("model", MODELS)
def test_the_same_seed_gives_the_same_training(model: str, boards: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment(model, **{**DEMO, "epochs": 2})
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    one = fit(experiment, boards, tmp_path / "one")
    torch.manual_seed(2)
    np.random.seed(2)  # noqa: NPY002
    random.seed(2)
    assert_same_training(one, fit(experiment, boards, tmp_path / "other"))


def test_another_seed_gives_other_weights(boards: Dataset, tmp_path: Path) -> None:
    one, other = (fit(tiny_experiment(seed=seed, epochs=1), boards, tmp_path / str(seed)) for seed in (3, 4))
    assert not same_weights(last_weights(one), last_weights(other))


@pytest.mark.parametrize("purpose", ["shuffling", "pixels"])
def test_each_purpose_has_a_stream_of_its_own(
    purpose: str, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal initial weights trained on another order of images or on other pixels end as other weights."""
    experiment = tiny_experiment(**{**DEMO, "epochs": 1})
    one = fit(experiment, boards, tmp_path / "one")
    if purpose == "shuffling":
        monkeypatch.setattr("drumhead.training.trainer.derive_seed", lambda seed, *rest: derive_seed(seed + 1, *rest))
    else:
        monkeypatch.setattr("drumhead.training.trainer.generator", lambda seed, *rest: generator(seed + 1, *rest))
    other = fit(experiment, boards, tmp_path / "other")
    assert same_weights(one.new_model().state_dict(), other.new_model().state_dict())
    assert not same_weights(last_weights(one), last_weights(other))


def test_global_generators_are_left_alone(boards: Dataset, tmp_path: Path) -> None:
    before = global_states()
    fit(tiny_experiment(**{**DEMO, "epochs": 1}), boards, tmp_path)
    assert global_states() == before


def test_validation_draws_nothing_that_training_draws(boards: Dataset, tmp_path: Path) -> None:
    one, all_ = (
        fit(tiny_experiment(**{**DEMO, "validation_images": images}), boards, tmp_path / str(images))
        for images in (1, None)
    )
    assert one.metrics()[0]["val_loss"] != all_.metrics()[0]["val_loss"]
    assert same_weights(last_weights(one), last_weights(all_))


def test_training_starts_from_the_weights_the_seed_gives(boards: Dataset, tmp_path: Path) -> None:
    """A negligible learning rate leaves the initial weights unchanged."""
    run = fit(tiny_experiment(learning_rate=1e-30, epochs=1), boards, tmp_path)
    initial = run.new_model().state_dict()
    for name, weights in last_weights(run).items():
        torch.testing.assert_close(weights, initial[name], rtol=0, atol=1e-25)


def test_two_threads_train_alike(boards: Dataset, tmp_path: Path) -> None:
    one = fit(tiny_experiment(**DEMO), boards, tmp_path / "one")
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        two = fit(tiny_experiment(**DEMO), boards, tmp_path / "two")
    finally:
        torch.set_num_threads(threads)
    losses, expected = ([row["val_loss"] for row in run.metrics()] for run in (two, one))
    assert losses == pytest.approx(expected, rel=TOLERANCE)
