"""Tests of the titles of runs, models and datasets in figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.results.rows import OTHER_DATA

from drumhead.experiments import RECIPES, Experiment, experiment_specs, find_experiment
from drumhead.models import model_config
from drumhead.results.labels import experiment_label, recipe_label
from drumhead.results.run_titles import dataset_title, run_titles
from drumhead.runs import Run, RunConfig


def test_listed_experiments_have_short_and_distinct_labels() -> None:
    titles: dict[tuple[str, str], str] = {}
    for name, spec in experiment_specs().items():
        title = experiment_label(spec.experiment)
        assert ("," in title) == ("-coupling-" in name)  # only the ablations differ in more than their name says
        assert spec.experiment.dataset is not None
        assert titles.setdefault((spec.experiment.dataset.name, title), name) == name


def test_experiment_label_lists_what_differs() -> None:
    model = model_config("conv_gru", readout="max", steps=7, pixel_widths=(8, 4), engine="plain")
    assert experiment_label(Experiment(name="mine", model=model)) == "GRU max, steps 7, pixel widths 8-4"
    swapped = find_experiment("tetrominoes-nwm-linear").replace(model=model_config("unet", width=3))
    assert experiment_label(swapped) == "U-Net 3"


@pytest.mark.parametrize("name", list(RECIPES))
def test_recipe_labels(name: str) -> None:
    experiment = find_experiment("tetrominoes-nwm-linear", name)  # type: ignore[arg-type]
    assert recipe_label(experiment) == name
    assert recipe_label(experiment.replace(name="mine")) == name
    changed = experiment.replace(recipe=experiment.recipe.replace(learning_rate=0.25))
    assert recipe_label(changed) == f"{name}, learning rate 0.25"


def test_dataset_titles() -> None:
    assert dataset_title("multi_mnist") == "Multi-MNIST"
    assert dataset_title("my_cells") == "my_cells"


def runs(*folders_and_names: tuple[str, str]) -> list[Run]:
    return [
        Run(Path(folder), RunConfig(experiment=find_experiment(name), data=OTHER_DATA, versions={}, machine={}))
        for folder, name in folders_and_names
    ]


def test_run_titles_are_models_or_folder_names_or_paths() -> None:
    nwm, cnn = "tetrominoes-nwm-linear", "tetrominoes-cnn-2"
    assert run_titles(runs(("x/a", nwm), ("y/a", cnn))) == ["NWM linear", "CNN 2"]
    assert run_titles(runs(("x/a", nwm), ("x/b", nwm))) == ["a", "b"]
    assert run_titles(runs(("x/a", nwm), ("y/a", nwm))) == ["x/a", "y/a"]
