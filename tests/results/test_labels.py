"""Tests of the labels of models and recipes."""

from __future__ import annotations

import pytest

from drumhead.experiments import RECIPES, Recipe, experiment_specs, find_experiment
from drumhead.models import MODEL_NAMES, model_config
from drumhead.published.scores import published_scores
from drumhead.results.labels import (
    MODEL_LABELS,
    join_experiment_name,
    model_label,
    recipe_label,
    split_experiment_name,
    table_sort_key,
    variant_name,
)


def test_every_model_has_a_label() -> None:
    assert set(MODEL_LABELS) == set(MODEL_NAMES)


@pytest.mark.parametrize("name", list(published_scores()))
def test_splitting_and_joining_an_experiment_name_round_trips(name: str) -> None:
    assert join_experiment_name(*split_experiment_name(name)) == name


def test_listed_experiments_have_the_variant_of_their_name() -> None:
    for name, spec in experiment_specs().items():
        if "-coupling-" in name:
            continue
        dataset, model, value = split_experiment_name(name)
        assert (spec.experiment.model.name, variant_name(dataset, spec.experiment.model)) == (model, value)


@pytest.mark.parametrize("coupling", ["laplacian", "none"])
def test_an_ablation_is_listed_beside_the_experiment_that_it_changes(coupling: str) -> None:
    spec = experiment_specs()[f"tetrominoes-nwm-linear-coupling-{coupling}"]
    assert variant_name("tetrominoes", spec.experiment.model) == f"linear, coupling {coupling}"


def test_variant_lists_every_changed_field() -> None:
    model = model_config("nwm", readout="fft", steps=50, dt=0.05, pixel_widths=(32, 32))
    assert variant_name("tetrominoes", model) == "fft, steps 50, pixel widths 32-32, dt 0.05"
    assert variant_name("my_cells", model_config("unet", width=7)) == "7"


def test_variant_does_not_depend_on_the_engine() -> None:
    assert variant_name("tetrominoes", model_config("nwm", engine="plain")) == "linear"


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_label_of_a_listed_recipe_is_its_name(recipe: str) -> None:
    assert recipe_label(find_experiment("tetrominoes-nwm-linear", recipe)) == recipe  # type: ignore[arg-type]


def test_label_of_another_recipe_lists_what_differs() -> None:
    experiment = find_experiment("tetrominoes-cnn-2").replace(recipe=Recipe(batch_size=8, clip=1.0))
    assert recipe_label(experiment) == "paper, clip 1, batch size 8"
    experiment = find_experiment("tetrominoes-nwm-linear")
    weighted = experiment.replace(recipe=experiment.recipe.replace(class_weights=(1, 4.5)))
    assert recipe_label(weighted) == "paper, class weights 1-4.5"


def test_initial_values_are_listed_with_the_recipe() -> None:
    experiment = find_experiment("tetrominoes-nwm-linear")
    experiment = experiment.replace(model=experiment.model.replace(initial_damping=1.0))
    assert variant_name("tetrominoes", experiment.model) == "linear"
    assert recipe_label(experiment) == "paper, initial damping 1"
    lite = find_experiment("tetrominoes-nwm-linear", "lite")
    changed = lite.replace(model=lite.model.replace(initial_stiffness=0.0))
    assert recipe_label(changed) == "lite, initial stiffness 0"


def test_table_order() -> None:
    names = [("unet", "2"), ("cnn", "16"), ("cnn", "4"), ("cnn", "4, width 3"), ("nwm", "max"), ("nwm", "linear")]
    names += [("conv_lstm", "fft"), ("conv_gru", "linear")]
    assert [model_label(*name) for name in sorted(names, key=lambda name: table_sort_key(*name))] == [
        "NWM linear",
        "NWM max",
        "LSTM fft",
        "GRU linear",
        "CNN 4",
        "CNN 4, width 3",
        "CNN 16",
        "U-Net 2",
    ]
