"""Names that are suggested for mistyped ones."""

from __future__ import annotations

import pytest

from drumhead.experiments import experiment_specs, find_experiment
from drumhead.suggestions import nearest_flags, nearest_names

FLAGS = ["--recipe.learning-rate", "--recipe.batch-size", "--recipe.epochs", "--model.steps", "--out", "--accelerator"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("--lr", "--recipe.learning-rate"),
        ("--learning_rate", "--recipe.learning-rate"),
        ("--recipe.learningrate", "--recipe.learning-rate"),
        ("--recipe.lr", "--recipe.learning-rate"),
        ("--batch-size", "--recipe.batch-size"),
        ("--num-epochs", "--recipe.epochs"),
        ("--output-dir", "--out"),
        ("--gpu", "--accelerator"),
        ("--model.stpes", "--model.steps"),
    ],
)
def test_the_flag_that_is_meant_comes_first(given: str, meant: str) -> None:
    assert nearest_flags(given, FLAGS)[0] == meant


def test_nothing_is_suggested_for_what_is_far_from_all() -> None:
    assert nearest_flags("--zzz", FLAGS) == []
    assert nearest_names("zzz", ["train", "data"]) == []


def test_an_experiment_with_a_typo_is_suggested() -> None:
    assert nearest_names("tetrominos-nwm-linear", experiment_specs()) == ["tetrominoes-nwm-linear"]
    with pytest.raises(ValueError, match=r"did you mean mnist-cnn-8\? `drumhead experiments` lists all"):
        find_experiment("minst-cnn-8")
