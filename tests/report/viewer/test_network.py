"""The network in JavaScript computes what the package computes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import get_args

import numpy as np
import pytest
import torch
from tests.report.viewer.network_runs import (
    Case,
    Outputs,
    largest_difference,
    run_in_node,
    run_in_package,
    toy_case,
)

from drumhead.data import TetrominoConfig, make_tetrominoes, to_tensors
from drumhead.fields import Boundary, Nonlinearity
from drumhead.models import MODEL_NAMES, READOUTS, RecurrentSegmenter
from drumhead.report.viewer.network_data import WeightType
from drumhead.runs import Run
from drumhead.zoo import find_run

CASES: dict[str, Callable[[], Case]] = {
    f"{name} {readout}, {steps} steps": partial(toy_case, name, readout=readout, steps=steps)
    for name in ("nwm", "conv_rnn", "conv_gru", "conv_lstm")
    for readout in READOUTS
    for steps in ((7, 8) if readout in ("fft", "linear") else (5,))
}
CASES |= {
    f"nwm {boundary} {nonlinearity}": partial(
        toy_case,
        "nwm",
        boundary=boundary,
        nonlinearity=nonlinearity,
        steps=30,
        initial_stiffness=0.5,
        initial_damping=0.1,
    )
    for boundary in get_args(Boundary)
    for nonlinearity in get_args(Nonlinearity)
}
CASES |= {
    f"{name} {boundary}": partial(toy_case, name, boundary=boundary, steps=20)
    for name in ("conv_rnn", "conv_gru", "conv_lstm")
    for boundary in get_args(Boundary)
}
CASES |= {
    f"{name} {height} x {width}": partial(toy_case, name, (height, width))
    for name in ("nwm", "conv_lstm")
    for height, width in ((1, 1), (1, 6), (6, 1), (2, 131), (70, 3), (16, 16))
}
CASES |= {
    f"nwm coupling {coupling}": partial(toy_case, "nwm", coupling=coupling, steps=20)
    for coupling in ("none", "laplacian")
}
CASES |= {
    "nwm one step": partial(toy_case, "nwm", steps=1),
    "nwm kept stable": partial(
        toy_case, "nwm", keep_stable=True, dt=0.5, initial_stiffness=1.65, initial_damping=0.3, initial_speed=0.5
    ),
    "nwm 5 channels": partial(toy_case, "nwm", hidden_channels=5, in_channels=1, initial_stiffness=0.5),
    "lstm 5 channels": partial(toy_case, "conv_lstm", hidden_channels=5, in_channels=1),
    "nwm wide": partial(toy_case, "nwm", width=9, pixel_widths=(70,)),
    "nwm without hidden layers": partial(toy_case, "nwm", pixel_widths=()),
}


@cache
def case(name: str) -> Case:
    """Return a case by name."""
    return CASES[name]()


@cache
def expected(name: str) -> Outputs:
    """Return what the package computes for a case."""
    return run_in_package(case(name))


@pytest.fixture(scope="module", params=get_args(WeightType))
def dtype(request: pytest.FixtureRequest) -> WeightType:
    """How the weights are stored in the page."""
    chosen: WeightType = request.param
    return chosen


@pytest.fixture(scope="module")
def outputs(dtype: WeightType) -> dict[str, Outputs]:
    """What the JavaScript computes for each case."""
    return dict(zip(CASES, run_in_node([case(name) for name in CASES], dtype=dtype), strict=True))


def check_agreement(ours: Outputs, theirs: Outputs, *, logits: float) -> None:
    """Check that states and maps agree up to rounding, and logits as wanted."""
    assert ours.states.shape == theirs.states.shape
    assert largest_difference(ours.states, theirs.states) < 1e-5  # these weights are always float32
    assert len(ours.maps) == len(theirs.maps)
    for our_map, their_map in zip(ours.maps, theirs.maps, strict=True):
        assert np.abs(our_map - their_map).max() < 1e-5 * max(1, np.abs(their_map).max())
    assert largest_difference(ours.logits, theirs.logits) < logits


TOLERANCE: dict[WeightType, float] = {"float16": 2e-3, "float32": 1e-4}


@pytest.mark.parametrize("name", CASES)
def test_states_maps_and_logits_agree(name: str, dtype: WeightType, outputs: dict[str, Outputs]) -> None:
    check_agreement(outputs[name], expected(name), logits=TOLERANCE[dtype])


def test_classes_are_equal(outputs: dict[str, Outputs]) -> None:
    equal = np.concatenate([(outputs[name].classes == expected(name).classes).ravel() for name in CASES])
    assert equal.mean() >= 0.999


def test_every_recurrent_model_has_a_case() -> None:
    assert {case(name).model.config.name for name in CASES} == set(MODEL_NAMES) - {"cnn", "unet"}


def test_the_limits_of_a_stable_network_apply_to_some_pixels() -> None:
    for values, limit in zip(expected("nwm kept stable").maps, (0.4 / 0.5**2, 0.2 / 0.5), strict=True):
        assert values.min() < values.max() == np.float32(limit)


@pytest.mark.parametrize("name", ["tetrominoes-nwm-linear", "tetrominoes-lstm-linear"])
def test_trained_networks_agree_on_a_full_image(name: str) -> None:
    model = Run.open(find_run(name)).load_model()
    assert isinstance(model, RecurrentSegmenter)
    split = make_tetrominoes(TetrominoConfig(train=1, val=1, test=1, seed=3))["test"]
    image = to_tensors(split, [0])[0][0]
    assert image.shape == (3, 64, 64)
    trained = Case(model, image)
    (ours,) = run_in_node([trained], dtype="float16")
    theirs = run_in_package(trained)
    check_agreement(ours, theirs, logits=TOLERANCE["float32"])  # the weights in these files are float16 already
    assert (ours.classes == theirs.classes).mean() >= 0.999
    assert len(np.unique(theirs.classes)) > 2  # the image is not all background


def test_float16_weights_are_rounded() -> None:
    """The tests of float16 are not those of float32."""
    toy = toy_case("nwm")
    exact, rounded = (run_in_node([toy], dtype=dtype)[0] for dtype in ("float32", "float16"))
    assert np.array_equal(exact.states, rounded.states)
    assert largest_difference(rounded.logits, exact.logits) > 1e-5
    assert torch.equal(toy.model.predict(toy.image[None])[0], torch.from_numpy(exact.classes))
