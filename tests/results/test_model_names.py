"""Names in tables follow from configurations, and back from names of experiments."""

from __future__ import annotations

import pytest

from drumhead.experiments import RECIPES, Recipe, experiment_specs, find_experiment
from drumhead.models import MODEL_NAMES, model_config
from drumhead.published.scores import published_scores
from drumhead.results.model_names import MODELS, label, listed_name, parts_of_name, recipe_name, table_order, variant


def test_every_model_has_a_name() -> None:
    assert set(MODELS) == set(MODEL_NAMES)


@pytest.mark.parametrize("name", list(published_scores()))
def test_parts_of_a_name_make_the_name(name: str) -> None:
    assert listed_name(*parts_of_name(name)) == name


def test_listed_experiments_have_nothing_to_tell_but_what_they_vary() -> None:
    for name, spec in experiment_specs().items():
        dataset, model, value = parts_of_name(name)
        assert (spec.experiment.model.name, variant(dataset, spec.experiment.model)) == (model, value)


def test_every_other_field_is_told() -> None:
    model = model_config("nwm", readout="fft", steps=50, dt=0.05, pixel_widths=(32, 32))
    assert variant("tetrominoes", model) == "fft, steps 50, pixel widths 32-32, dt 0.05"
    assert variant("my_cells", model_config("unet", width=7)) == "7"


def test_the_engine_makes_no_other_model() -> None:
    assert variant("tetrominoes", model_config("nwm", engine="plain")) == "linear"


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_recipes_have_the_their_names(recipe: str) -> None:
    assert recipe_name(find_experiment("tetrominoes-nwm-linear", recipe)) == recipe  # type: ignore[arg-type]


def test_other_recipes_tell_what_differs() -> None:
    experiment = find_experiment("tetrominoes-cnn-2").replace(recipe=Recipe(batch_size=8, clip=1.0))
    assert recipe_name(experiment) == "paper, clip 1, batch size 8"


def test_how_a_model_starts_is_told_with_the_recipe() -> None:
    experiment = find_experiment("tetrominoes-nwm-linear")
    experiment = experiment.replace(model=experiment.model.replace(initial_damping=1.0))
    assert variant("tetrominoes", experiment.model) == "linear"
    assert recipe_name(experiment) == "paper, initial damping 1"
    lite = find_experiment("tetrominoes-nwm-linear", "lite")
    changed = lite.replace(model=lite.model.replace(initial_stiffness=0.0))
    assert recipe_name(changed) == "lite, initial stiffness 0"


def test_the_order_of_rows() -> None:
    names = [("unet", "2"), ("cnn", "16"), ("cnn", "4"), ("cnn", "4, width 3"), ("nwm", "max"), ("nwm", "linear")]
    names += [("conv_lstm", "fft"), ("conv_gru", "linear")]
    assert [label(*name) for name in sorted(names, key=lambda name: table_order(*name))] == [
        "NWM linear",
        "NWM max",
        "LSTM fft",
        "GRU linear",
        "CNN 4",
        "CNN 4, width 3",
        "CNN 16",
        "U-Net 2",
    ]
