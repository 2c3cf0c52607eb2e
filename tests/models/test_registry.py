"""Names, configurations and the construction of models."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from drumhead.models import FAMILIES, MODEL_NAMES, ModelConfig, NWMConfig, build, model_config


def test_names() -> None:
    assert MODEL_NAMES == ("nwm", "conv_rnn", "conv_gru", "conv_lstm", "cnn", "unet")


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_each_name_has_a_configuration_and_a_model(name: str) -> None:
    config = model_config(name)
    assert config.name == name
    model = build(config, in_channels=1, classes=2)
    assert type(model) is FAMILIES[type(config)]
    assert model.config == config
    assert (model.in_channels, model.classes) == (1, 2)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_configurations_survive_json(name: str) -> None:
    config = model_config(name)
    assert TypeAdapter(ModelConfig).validate_json(config.model_dump_json()) == config


def test_the_papers_wave_network() -> None:
    assert model_config("nwm").model_dump() == {
        "name": "nwm",
        "hidden_channels": 2,
        "width": 16,
        "steps": 100,
        "readout": "linear",
        "pixel_widths": (256, 256, 256),
        "dt": 0.1,
        "boundary": "circular",
        "nonlinearity": "tanh",
        "initial_stiffness": 0.0,
        "initial_damping": 0.0,
        "initial_speed": 1.0,
        "coupling": "learned",
        "keep_stable": False,
        "chunk_steps": None,
        "engine": "auto",
    }


def test_build_takes_changed_fields_for_a_name_and_for_a_configuration() -> None:
    by_name = build("nwm", in_channels=1, classes=2, steps=7)
    by_config = build(NWMConfig(dt=0.2), in_channels=1, classes=2, steps=7)
    assert by_name.config == NWMConfig(steps=7)
    assert by_config.config == NWMConfig(dt=0.2, steps=7)


def test_the_error_for_an_unknown_model_lists_all_models() -> None:
    with pytest.raises(ValueError, match=r"one of nwm, conv_rnn, conv_gru, conv_lstm, cnn, unet, got 'nwn'"):
        build("nwn", in_channels=1, classes=2)


@pytest.mark.parametrize(
    ("name", "fields", "named"),
    [
        ("nwm", {"stepz": 3}, "stepz"),
        ("nwm", {"steps": 0}, "steps"),
        ("nwm", {"dt": 0.0}, "dt"),
        ("nwm", {"dt": float("nan")}, "dt"),
        ("nwm", {"readout": "median"}, "readout"),
        ("nwm", {"boundary": "torus"}, "boundary"),
        ("conv_lstm", {"dt": 0.1}, "dt"),
        ("conv_gru", {"hidden_channels": -1}, "hidden_channels"),
        ("cnn", {"layers": 0}, "layers"),
        ("cnn", {"pixel_widths": (16, 0)}, "pixel_widths"),
        ("unet", {"layers": 3}, "layers"),
    ],
)
def test_the_error_for_an_invalid_field_names_it(name: str, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        model_config(name, **fields)
