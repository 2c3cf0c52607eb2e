"""The repr of everything that `import drumhead` offers, and of what its functions return, fits a screen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from tests.models.test_contract import SMALL

import drumhead
from drumhead import waves
from drumhead.data import TetrominoConfig
from drumhead.models import MODEL_NAMES, build
from drumhead.runs import Run
from drumhead.short_repr import short, short_repr
from drumhead.waves.measure import measure_waves

LINES, COLUMNS = 24, 80
GRID = waves.Grid(frames=60, height=12, width=12, dt=0.01, spacing=(0.5, 0.5))
WAVE = waves.plane_wave(GRID)
FITS: dict[str, Any] = {"spacing": 0.5}
TRAVEL: dict[str, Any] = {"dt": 0.01, **FITS}
GENERATOR = np.random.default_rng(0)
POSITIONS = GENERATOR.random((60, 2))
RESULTS: dict[str, Callable[[], object]] = {
    "analytic": lambda: waves.analytic(WAVE.real, dt=0.01),
    "bandpass": lambda: waves.bandpass(WAVE.real, 5, 12, dt=0.01),
    "travel": lambda: waves.travel(WAVE, **TRAVEL),
    "fit_plane": lambda: waves.fit_plane(WAVE, **FITS),
    "fit_target": lambda: waves.fit_target(WAVE[:2], **FITS),
    "phase_gradient": lambda: waves.phase_gradient(WAVE, **FITS),
    "phase_flow": lambda: waves.phase_flow(WAVE[:3], **TRAVEL),
    "find_singularities": lambda: waves.find_singularities(waves.rotating_wave(GRID), **FITS),
    "travelling_spectrum": lambda: waves.travelling_spectrum(WAVE.real, **TRAVEL),
    "principal_modes": lambda: waves.principal_modes(WAVE, kind="complex", count=3),
    "exclusions": lambda: waves.exclusions(WAVE.real),
    "summarise_directions": lambda: waves.summarise_directions(np.linspace(-1, 1, 100)),
    "generalized_phase": lambda: waves.generalized_phase(WAVE, dt=0.01),
    "movie": lambda: waves.Movie(values=WAVE.real, **TRAVEL),
    "measure_waves": lambda: measure_waves(
        waves.Movie(values=WAVE.real, **TRAVEL), generator=np.random.default_rng(0), surrogates=0
    ),
}


def check(value: object) -> None:
    """Check that the repr fits a terminal of 24 lines of 80 columns, and is not that of any object."""
    text = repr(value)
    lines = sum(max(1, math.ceil(len(line) / COLUMNS)) for line in text.split("\n"))
    assert lines < LINES, text[:3000]
    assert " object at 0x" not in text


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("repr")
    boards = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=4, val=4, test=4, seed=0)
    experiment = drumhead.find_experiment("tetrominoes-nwm-linear", "smoke")
    model = experiment.model.replace(**SMALL["nwm"])
    recipe = experiment.recipe.replace(epochs=1, steps_per_epoch=1)
    return drumhead.train(
        experiment.replace(model=model, recipe=recipe), drumhead.prepare_dataset(boards, folder), folder / "run"
    )


@pytest.mark.parametrize("name", drumhead.__all__)
def test_every_public_name_fits(name: str) -> None:
    value = getattr(drumhead, name)
    check(value if not callable(value) else value.__name__)


def test_a_run_and_all_that_it_has_fit(run: Run) -> None:
    dataset = drumhead.open_dataset(run.config.data.folder)
    states = drumhead.states(run, [0, 1])
    values: list[object] = [run, run.config, run.config.experiment, run.config.experiment.recipe]
    values += [run.scores(), run.metrics(), dataset, dataset.manifest, dataset.train, dataset.splits]
    values += [*dataset.splits.values(), states, states.movie(0), drumhead.load(run.folder)]
    for value in values:
        check(value)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_model_fits_and_says_its_sizes(name: str) -> None:
    model = build(name, in_channels=3, classes=6)
    check(model)
    assert f"(in_channels=3, classes=6), {model.parameter_count:,} parameters" in repr(model)
    listed = [int(line.split(": ")[1].split()[0].replace(",", "")) for line in repr(model).split("\n")[2:]]
    own = sum(parameter.numel() for parameter in model.parameters(recurse=False))
    assert own + sum(listed) == sum(parameter.numel() for parameter in model.parameters())


def test_a_deep_model_fits() -> None:
    check(build("cnn", in_channels=3, classes=6, layers=32))


def test_lists_and_fields_fit() -> None:
    check(drumhead.pretrained())
    check(drumhead.laplacian(2))
    check(drumhead.find_experiment("tetrominoes-nwm-linear"))
    y0 = torch.zeros(1, 1, 8, 8)
    check(build("nwm", in_channels=1, classes=2).encode(torch.zeros(1, 1, 40, 40)))  # type: ignore[operator]
    assert drumhead.evolve(y0, y0, y0, drumhead.laplacian(1), dt=0.1, steps=3).shape == (1, 3, 1, 8, 8)


@pytest.mark.parametrize("name", RESULTS)
def test_results_of_waves_fit(name: str) -> None:
    check(RESULTS[name]())


def test_every_named_tuple_of_waves_describes_its_arrays() -> None:
    arrays = np.zeros((100, 30, 30))
    for name in waves.__all__:
        result = getattr(waves, name)
        if isinstance(result, type) and issubclass(result, tuple) and result is not waves.Grid:
            check(result(*[arrays for _ in result._fields]))  # type: ignore[attr-defined]


def test_short_values_are_shown_and_long_ones_described() -> None:
    @short_repr
    class Result(NamedTuple):
        number: float
        array: object
        text: str

    assert repr(Result(0.5, torch.zeros(2, 3), "mm")) == "Result(number=0.5, array=<float32 (2, 3)>, text='mm')"
    assert repr(Result(1, np.arange(3), "x" * 100)) == "Result(number=1, array=<int64 (3,)>, text=<str>)"
    assert short(dict.fromkeys(range(100), "value")) == "<dict of 100>"
    assert short(np.float64(0.5)) == repr(np.float64(0.5))
