"""Hidden states of a run: those of the model, and bit for bit the same in each file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.report.toy_runs import toy_dataset, toy_run

import drumhead
from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.data import Dataset, to_tensors
from drumhead.dataset_error import DatasetError
from drumhead.hidden_states import states
from drumhead.models import NWM
from drumhead.runs import DataRecord, Run
from drumhead.waves import Movie, States, read_movie, read_states, save_states

SAMPLES = (3, 0)


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return toy_dataset(tmp_path_factory.mktemp("data") / "boards")


@pytest.fixture(scope="module")
def runs(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    names = {"NWM": "tetrominoes-nwm-linear", "LSTM": "tetrominoes-lstm-last", "CNN": "tetrominoes-cnn-2"}
    return {title: toy_run(folder / title, name, DataRecord.from_dataset(boards)) for title, name in names.items()}


@pytest.fixture(scope="module")
def computed(runs: dict[str, Run]) -> dict[str, States]:
    return {title: states(runs[title].folder, SAMPLES) for title in ("NWM", "LSTM")}


@pytest.mark.parametrize("title", ["NWM", "LSTM"])
def test_states_are_those_of_the_model(
    title: str, computed: dict[str, States], runs: dict[str, Run], boards: Dataset
) -> None:
    model, found = runs[title].load_model(), computed[title]
    images, masks = to_tensors(boards.splits["test"], SAMPLES)
    with torch.inference_mode():
        expected = model.states(images).numpy()  # type: ignore[operator]  # of a recurrent model
    np.testing.assert_allclose(found.values, expected, atol=1e-6)
    assert found.masks is not None
    np.testing.assert_array_equal(found.masks, masks.numpy())
    assert (found.samples, found.run, found.split) == (SAMPLES, title, "test")
    assert found.class_names == tuple(boards.class_names)


def test_a_wave_network_gives_the_terms_of_its_equation(computed: dict[str, States], runs: dict[str, Run]) -> None:
    """The first frames follow from the stored parameters by the wave equation, at the stored time step."""
    found, model = computed["NWM"], runs["NWM"].load_model()
    assert isinstance(model, NWM)
    assert (found.dt, found.boundary, found.nonlinearity) == (0.1, "circular", "tanh")
    assert found.initial is not None
    assert found.omega is not None
    assert found.alpha is not None
    assert found.coupling is not None
    field = drumhead.evolve(
        *(torch.from_numpy(np.array(each)) for each in (found.initial, found.omega, found.alpha, found.coupling)),
        dt=found.dt,
        steps=found.values.shape[1],
        engine="plain",
    )
    np.testing.assert_allclose(field.numpy(), found.values, atol=1e-5)


def test_a_movie_of_a_wave_network_is_on_a_circular_sheet_in_pixels(computed: dict[str, States]) -> None:
    found = computed["NWM"]
    movie = found.movie(0, 1)
    np.testing.assert_array_equal(movie.values, found.values[1, :, 1])
    assert (movie.spacing, movie.length_unit, movie.boundary) == ((1, 1), "pixel", "circular")
    assert (movie.dt, movie.start) == (0.1, 0.1)  # frame n is at (n + 1) dt
    assert movie.time_unit == "unit of time"
    assert movie.omega is not None
    assert found.omega is not None
    np.testing.assert_array_equal(movie.omega, found.omega[1])
    assert found.movie().name == "NWM, test 3, channel 0"
    with pytest.raises(ValueError, match="sample must be one of 3, 0; got 1"):
        found.movie(1)
    with pytest.raises(ValueError, match="channel must be from 0 to 1; got 2"):
        found.movie(0, 2)


def test_other_networks_count_steps_and_have_no_equation(computed: dict[str, States]) -> None:
    found = computed["LSTM"]
    assert (found.dt, found.time_unit, found.omega, found.coupling) == (1.0, "step", None, None)
    assert found.movie().coupling is None


@pytest.mark.parametrize("ending", [".npz", ".nwb"])
def test_files_with_the_earlier_unit_of_time_open(ending: str, computed: dict[str, States], tmp_path: Path) -> None:
    earlier = replace(computed["NWM"], time_unit="time of the model")
    save_states(tmp_path / f"states{ending}", earlier)
    assert read_states(tmp_path / f"states{ending}").equals(earlier)
    assert read_movie(tmp_path / f"states{ending}").time_unit == "time of the model"


@pytest.mark.parametrize("title", ["NWM", "LSTM"])
@pytest.mark.parametrize("ending", [".npz", ".nwb"])
def test_files_hold_the_same_states_bit_for_bit(
    title: str, ending: str, computed: dict[str, States], tmp_path: Path
) -> None:
    file = tmp_path / f"states{ending}"
    save_states(file, computed[title])
    assert read_states(file).equals(computed[title])
    for sample, channel in ((3, 0), (0, 1)):
        movie = read_movie(file, sample=sample, channel=channel)
        assert movie.equals(computed[title].movie(sample, channel))
    assert read_movie(file).equals(computed[title].movie())
    with pytest.raises(DatasetError, match="sample"):
        read_movie(file, sample=1)


def test_files_of_states_are_valid_nwb(computed: dict[str, States], tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    save_states(tmp_path / "states.nwb", computed["NWM"])
    assert pynwb.validate(path=str(tmp_path / "states.nwb"), use_cached_namespaces=False) == []


def test_a_movie_is_no_file_of_states(tmp_path: Path) -> None:
    movie = Movie(values=np.zeros((4, 3, 5)), dt=1, spacing=1)
    for ending in (".npz", ".nwb"):
        drumhead.waves.save_movie(tmp_path / f"a{ending}", movie)
        with pytest.raises(DatasetError, match=f"a\\{ending}: must hold hidden states"):
            read_states(tmp_path / f"a{ending}")


def test_samples_and_models_are_checked(runs: dict[str, Run]) -> None:
    with pytest.raises(ValueError, match=r"samples must be from 0 to 3 in test of .*; got 4"):
        states(runs["NWM"], [0, 4])
    with pytest.raises(ValueError, match="samples must be different"):
        states(runs["NWM"], [1, 1])
    with pytest.raises(ValueError, match="is a cnn, which has no states over time"):
        drumhead.states(runs["CNN"].folder)


def test_the_command_writes_a_file(runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = str(runs["NWM"].folder), str(tmp_path / "new" / "states.npz")
    assert main(["states", run, "--samples", "1:3", "--out", out]) == OK
    assert "2 samples" in capsys.readouterr().out
    assert read_states(out).equals(states(run, (1, 2)))
    with np.load(out, allow_pickle=False) as arrays:  # by NumPy alone
        assert arrays["values"].shape == states(run, (1, 2)).values.shape
        assert float(arrays["dt"]) == 0.1
    assert main(["states", run, "--out", out]) == USAGE_ERROR
    assert "--overwrite" in capsys.readouterr().err
    assert main(["states", run, "--out", out, "--overwrite"]) == OK
    assert read_states(out).samples == (0,)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--out", "a.csv"], "must end in .npz, .nwb"),
        (["--out", "a.npz", "--samples", "all"], "samples are numbers and ranges such as 0:10"),
        (["--out", "a.npz", "--samples", "3:9"], "samples must be from 0 to 3"),
    ],
)
def test_the_command_explains_wrong_flags(
    flags: list[str], message: str, runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["states", str(runs["NWM"].folder), *flags]) == USAGE_ERROR
    assert message in capsys.readouterr().err
    assert not Path(flags[1]).exists()
