"""A network as data of a page: every weight is there, and what a page cannot run is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
import torch
from tests.report.viewer.node import run_js

from drumhead.models import Segmenter, build
from drumhead.report.viewer.network_data import network_data, sample_data

NAMES = ["background", "a", "b"]


def toy_model(name: str = "nwm", **fields: Any) -> Segmenter:
    sizes = {} if name == "unet" else {"width": 3, "pixel_widths": (4,)}
    return build(name, in_channels=2, classes=3, **{**sizes, **fields})


def test_weights_are_those_of_the_model_rounded_only_behind_the_states() -> None:
    model = toy_model(steps=5)
    data = json.loads(json.dumps(network_data(model, class_names=NAMES)))
    assert (data["classes"], data["channels"]) == (NAMES, 2)
    assert data["config"] == json.loads(model.config.model_dump_json())
    assert data["weights"].keys() == model.state_dict().keys()
    rounded = set()
    for name, values in model.state_dict().items():
        stored = data["weights"][name]
        if stored["dtype"] == "float16":
            rounded.add(name)
            values = values.half()
        numbers = np.frombuffer(base64.b64decode(stored["data"]), {"float16": "<f2", "float32": "<f4"}[stored["dtype"]])
        assert np.array_equal(numbers.reshape(stored["shape"]), values.numpy())
    assert rounded == {"readout.time.weight", *(f"pixel_network.layers.{n}.weight" for n in (0, 2))}
    exact = network_data(model, class_names=NAMES, dtype="float32")
    assert {weight["dtype"] for weight in exact["weights"].values()} == {"float32"}


@pytest.mark.parametrize("name", ["cnn", "unet"])
def test_a_model_without_states_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"runs/x is a {name}, .* can run nwm, conv_rnn, conv_gru, conv_lstm"):
        network_data(toy_model(name), class_names=NAMES, where="runs/x")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(value: float) -> None:
    model = toy_model("conv_lstm", steps=2)
    with torch.no_grad():
        model.get_parameter("cell.gates.weight")[0, 0, 0, 0] = value
    with pytest.raises(ValueError, match=r"must be finite; those of cell\.gates\.weight are not"):
        network_data(model, class_names=NAMES)


def test_weights_outside_the_range_of_float16_are_refused_only_as_float16() -> None:
    model = toy_model(steps=2)
    with torch.no_grad():
        model.get_parameter("pixel_network.layers.0.weight")[0, 0] = -70000
    with pytest.raises(ValueError, match=r"at most 65504 .* pixel_network.layers.0.weight has 70000"):
        network_data(model, class_names=NAMES)
    assert network_data(model, class_names=NAMES, dtype="float32")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"steps": 5000}, "steps of a network in a page must be at most 4096; the model has 5000"),
        ({"pixel_widths": (2048, 2048)}, r"at most 4,000,000 weights; the model has 4,\d\d\d,\d\d\d"),
    ],
)
def test_a_network_that_is_too_large_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        network_data(toy_model(**{"steps": 2, "readout": "last", **fields}), class_names=NAMES)


def test_names_and_dtype_are_checked() -> None:
    with pytest.raises(ValueError, match="class_names must be 3 names, one for each class; got 2"):
        network_data(toy_model(), class_names=NAMES[:2])
    with pytest.raises(ValueError, match="dtype must be one of float16, float32; got 'int8'"):
        network_data(toy_model(), class_names=NAMES, dtype="int8")  # type: ignore[arg-type]


def test_a_sample_keeps_its_image_and_mask() -> None:
    image = np.random.default_rng(0).random((3, 4, 5), np.float32)
    mask = np.arange(20).reshape(4, 5) + 236
    data = sample_data(7, image, mask)
    assert (data["index"], data["height"], data["width"]) == (7, 4, 5)
    assert np.array_equal(np.frombuffer(base64.b64decode(data["image"]), "<f4"), image.ravel())
    assert list(base64.b64decode(data["mask"])) == mask.ravel().tolist()


def test_a_sample_that_is_not_valid_is_refused() -> None:
    image = np.zeros((1, 2, 2), np.float32)
    with pytest.raises(ValueError, match=r"numbers from 0 to 255; that of sample 1 .* from -100 to 0"):
        sample_data(1, image, np.array([[0, -100], [0, 0]]))
    with pytest.raises(ValueError, match=r"2 x 2 numbers .* shape \(2, 3\)"):
        sample_data(1, image, np.zeros((2, 3), int))
    with pytest.raises(ValueError, match="must be finite; those of sample 1 are not"):
        sample_data(1, np.full((1, 2, 2), np.nan, np.float32), None)


def test_all_half_precision_numbers_are_read_exactly() -> None:
    bits = np.arange(65536, dtype=np.uint16)
    body = "return Buffer.from(decodeFloats(input, 'float16').buffer).toString('base64');"
    text = base64.b64encode(bits.tobytes()).decode()
    read = base64.b64decode(run_js({"shared/float16.js": "decodeFloats"}, body, text))
    expected = bits.view(np.float16).astype(np.float32)
    assert np.array_equal(np.frombuffer(read, np.float32), expected, equal_nan=True)
    assert np.isnan(expected).any()


@pytest.mark.parametrize(
    ("text", "dtype", "words"),
    [
        ("AAA=", "float32", "float32 numbers have 4 bytes each; got 2 bytes"),
        ("AAAA", "float16", "float16 numbers have 2 bytes each; got 3 bytes"),
        ("AAAA", "float64", "must be stored as float16 or float32; got float64"),
    ],
)
def test_text_that_holds_no_whole_numbers_is_refused(text: str, dtype: str, words: str) -> None:
    body = "try { decodeFloats(input.text, input.dtype); } catch (error) { return error.message; }"
    assert words in run_js({"shared/float16.js": "decodeFloats"}, body, {"text": text, "dtype": dtype})
