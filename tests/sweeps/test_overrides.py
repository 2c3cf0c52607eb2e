"""Configuration overrides are parsed and checked like flags, and unknown fields are errors."""

from __future__ import annotations

import pytest

from drumhead.experiments import find_experiment
from drumhead.models import NWMConfig
from drumhead.sweeps.overrides import parse_overrides, with_overrides

NWM = find_experiment("tetrominoes-nwm-linear")


def test_values_get_the_type_of_their_field() -> None:
    texts = {
        "model.steps": "50",
        "model.dt": "5e-2",
        "model.boundary": "fixed",
        "model.pixel_widths": "64 32",
        "model.chunk_steps": "None",
        "recipe.clip": "1",
        "recipe.class_weights": "1 4 2",
        "dataset.train": "128",
        "dataset.seed": "0",
    }
    changed = with_overrides(NWM, texts)
    assert isinstance(changed.model, NWMConfig)
    assert (changed.model.steps, changed.model.dt, changed.model.boundary) == (50, 0.05, "fixed")
    assert (changed.model.pixel_widths, changed.model.chunk_steps) == ((64, 32), None)
    assert changed.recipe.clip == 1.0
    assert changed.recipe.class_weights == (1, 4, 2)
    assert with_overrides(NWM, {"recipe.class_weights": "balanced"}).recipe.class_weights == "balanced"
    assert changed.dataset is not None
    assert changed.dataset.train == 128
    assert find_experiment("tetrominoes-nwm-linear") == NWM


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "model.steps",
            "many",
            "--set model.steps=many, for tetrominoes-nwm-linear: model.steps must be a valid integer",
        ),
        ("model.steps", "0", "greater than 0"),
        ("model.dt", "nan", "finite"),
        ("model.boundary", "soft", "'circular'"),
        ("recipe.learning_rate", "-1", "--set recipe.learning-rate=-1, .*greater than 0"),
        ("recipe.epochs", "None", "valid integer"),
        ("dataset.cell", "40", "dataset: .*cell"),
        ("dataset.train", "5", "dataset: .*the published set has fixed sizes"),
        ("model", "nwm", r"--set model is not a single value: set one of .*model\.pixel-widths"),
    ],
)
def test_invalid_values_are_errors(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_overrides(NWM, {name: text})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.layers", "--set model.layers: tetrominoes-nwm-linear has no such field; .*It has .*model.steps"),
        (
            "recipe.lr",
            r"no such field; did you mean recipe.learning-rate\? It has recipe.optimizer, recipe.learning-rate",
        ),
        ("steps", r"no such field; did you mean model.steps\? It has dataset, model, recipe, seed"),
        ("model.steps.more", "no such field"),
        ("model.__class__", "no such field"),
        ("model.model_config", "no such field"),
        ("seed", "use --seeds"),
        ("name", "choose another experiment"),
        ("model.name", "choose another experiment"),
        ("dataset.name", "choose another experiment"),
    ],
)
def test_unknown_fields_are_errors(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_overrides(NWM, {name: "1"})


@pytest.mark.parametrize("setting", ["model.steps", "model.steps=", "=5", "model.steps=5,,6", "", "model.steps=5,"])
def test_malformed_overrides_are_errors(setting: str) -> None:
    with pytest.raises(ValueError, match="--set takes FIELD=VALUE,VALUE"):
        parse_overrides([setting])


def test_a_field_may_be_given_only_once() -> None:
    with pytest.raises(ValueError, match=r"--set has model.learning-rate twice"):
        parse_overrides(["model.learning-rate=1", "model.learning_rate=2"])
