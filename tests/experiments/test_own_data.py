"""Models by plain names, for a user's own data."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.experiments import PLAIN_NAMES, find_experiment, own_data_experiment, own_data_name
from drumhead.models import MODEL_NAMES
from drumhead.sweeps import plan_sweep


def test_every_model_and_readout_has_a_plain_name() -> None:
    experiments = [find_experiment(name, "smoke") for name in PLAIN_NAMES]
    assert {experiment.model.name for experiment in experiments} == set(MODEL_NAMES)
    assert {getattr(experiment.model, "readout", "linear") for experiment in experiments} == {
        *("last", "mean", "max", "fft", "linear")
    }
    assert all(experiment.dataset is None for experiment in experiments)
    layers = own_data_experiment("cnn-7")
    assert layers is not None
    assert getattr(layers.model, "layers", None) == 7
    for name in ("cnn-0", "cnn-x", "unet", "nwm-4", "cell-4"):
        assert own_data_experiment(name) is None
    with pytest.raises(ValueError, match=r"did you mean unet-4"):
        find_experiment("unett-4")


def test_the_folder_names_the_experiment() -> None:
    assert own_data_name(Path("a/my cells (2)"), "nwm-fft") == "my_cells__2_-nwm-fft"
    assert own_data_name("/", "nwm-fft") == "data-nwm-fft"


def test_a_sweep_takes_plain_names_and_patterns_with_data(tmp_path: Path) -> None:
    plan = plan_sweep(["unet-4", "gru-m*"], "lite", out=tmp_path, seeds=[0], data=tmp_path / "my_cells")
    names = ["my_cells-unet-4", "my_cells-gru-mean", "my_cells-gru-max"]
    assert {run.experiment.name for run in plan} == set(names)
    assert {run.folder.name for run in plan} == {f"{name}-seed0" for name in names}
    with pytest.raises(ValueError, match="unet-4 has no dataset of its own: give the folder of your data with --data"):
        plan_sweep(["unet-4"], out=tmp_path)
