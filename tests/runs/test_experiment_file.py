"""An experiment is read from the configuration of a run, or from YAML with the same fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.experiments import find_experiment
from drumhead.runs import Run, RunError, read_experiment


def write(folder: Path, text: str) -> Path:
    path = folder / "experiment.yaml"
    path.write_text(text)
    return path


def test_the_configuration_of_a_run(run: Run) -> None:
    experiment, data, _ = read_experiment(run.folder / "config.json")
    assert experiment == run.config.experiment
    assert data == Path(run.config.data.folder)


def test_fields_that_are_left_out_are_those_of_the_listed_experiment(tmp_path: Path) -> None:
    text = (
        "name: tetrominoes-nwm-linear\nseed: 3\nrecipe: {epochs: 5, clip: 1, learning_rate: 1e-4}\nmodel: {steps: 20}"
    )
    experiment, data, _ = read_experiment(write(tmp_path, text))
    listed = find_experiment("tetrominoes-nwm-linear")
    recipe = listed.recipe.replace(epochs=5, clip=1.0, learning_rate=1e-4)
    assert experiment == listed.replace(seed=3, recipe=recipe, model=listed.model.replace(steps=20))
    assert data is None


def test_a_plain_name_of_a_model_for_own_data(tmp_path: Path) -> None:
    experiment, *_ = read_experiment(write(tmp_path, "name: unet-4\nrecipe: {epochs: 7}"))
    listed = find_experiment("unet-4")
    assert experiment == listed.replace(recipe=listed.recipe.replace(epochs=7))


def test_another_model_is_not_completed_by_that_of_the_listed_experiment(tmp_path: Path) -> None:
    experiment, *_ = read_experiment(write(tmp_path, "name: mnist-nwm-linear\nmodel: {name: unet, width: 3}"))
    assert experiment.model.name == "unet"
    assert experiment.dataset == find_experiment("mnist-nwm-linear").dataset


def test_the_fields_of_a_run_in_yaml(tmp_path: Path) -> None:
    text = "experiment: {name: mine, dataset: null, model: {name: cnn, layers: 2}}\ndata: {folder: /cells}"
    experiment, data, _ = read_experiment(write(tmp_path, text))
    assert (experiment.name, experiment.dataset, data) == ("mine", None, Path("/cells"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: mine\nmodel: {name: nwm, stepz: 3}", "stepz"),
        ("name: mine", "model is missing"),
        ("name: mnist-cnn-2\nrecipe: {epochs: 0}", r"recipe\.epochs"),
        ("name: mnist-cnn-2\nrecipes: {epochs: 3}", "recipes"),
        ("experiment: 3", "fields of an experiment"),
        ("experiment: {name: mnist-cnn-2}\nseed: 3", "fields of an experiment"),
        ("- name", "names with values"),
        ("name: [", "not plain YAML"),
        ("a: &a [1]\nb: *a", "alias"),
    ],
)
def test_what_is_no_experiment_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=message):
        read_experiment(write(tmp_path, text))
