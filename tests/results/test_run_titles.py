"""What runs are called: as short as tells them apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.results.rows import OTHER_DATA

from drumhead.experiments import RECIPES, Experiment, experiment_specs, find_experiment
from drumhead.models import model_config
from drumhead.results.model_names import model_title, recipe_name
from drumhead.results.run_titles import dataset_title, run_titles
from drumhead.runs import Run, RunConfig


def test_listed_models_have_short_titles_of_their_own() -> None:
    titles: dict[tuple[str, str], str] = {}
    for name, spec in experiment_specs().items():
        title = model_title(spec.experiment)
        assert "," not in title
        assert spec.experiment.dataset is not None
        place = spec.experiment.dataset.name, title
        assert titles.setdefault(place, name) == name


def test_what_differs_is_told() -> None:
    model = model_config("conv_gru", readout="max", steps=7, pixel_widths=(8, 4), engine="plain")
    assert model_title(Experiment(name="mine", model=model)) == "GRU max, steps 7, pixel widths 8-4"
    swapped = find_experiment("tetrominoes-nwm-linear").replace(model=model_config("unet", width=3))
    assert model_title(swapped) == "U-Net 3"


@pytest.mark.parametrize("name", list(RECIPES))
def test_recipes_by_name(name: str) -> None:
    experiment = find_experiment("tetrominoes-nwm-linear", name)  # type: ignore[arg-type]
    assert recipe_name(experiment) == name
    assert recipe_name(experiment.replace(name="mine")) == name
    changed = experiment.replace(recipe=experiment.recipe.replace(learning_rate=0.25))
    assert recipe_name(changed) == f"{name}, learning rate 0.25"


def test_datasets_by_name() -> None:
    assert dataset_title("multi_mnist") == "Multi-MNIST"
    assert dataset_title("my_cells") == "my_cells"


def runs(*places: tuple[str, str]) -> list[Run]:
    return [
        Run(Path(folder), RunConfig(experiment=find_experiment(name), data=OTHER_DATA, versions={}, machine={}))
        for folder, name in places
    ]


def test_runs_are_called_after_models_or_folders_or_paths() -> None:
    nwm, cnn = "tetrominoes-nwm-linear", "tetrominoes-cnn-2"
    assert run_titles(runs(("x/a", nwm), ("y/a", cnn))) == ["NWM linear", "CNN 2"]
    assert run_titles(runs(("x/a", nwm), ("x/b", nwm))) == ["a", "b"]
    assert run_titles(runs(("x/a", nwm), ("y/a", nwm))) == ["x/a", "y/a"]
