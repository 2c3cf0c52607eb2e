"""Training that starts from the weights of another run (fine-tuning)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.data import Dataset, PolygonConfig, make_dataset
from drumhead.runs import Run, RunError, read_experiment
from drumhead.training import describe_initial_weights, train
from drumhead.training.initial_weights import initial_model

from .tiny_runs import MODELS, Stop, assert_same_training, best_weights, fit, tiny_experiment


@pytest.fixture(scope="module")
def sources(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Return a run of each model on three channels and six classes."""
    folder = tmp_path_factory.mktemp("sources")
    return {name: fit(tiny_experiment(name, epochs=1), boards, folder / name) for name in MODELS}


@pytest.fixture(scope="module")
def polygons(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return data of one channel and seven classes."""
    config = PolygonConfig(canvas=32, min_radius=5, max_radius=7, train=8, val=4, test=4)
    return make_dataset(config, tmp_path_factory.mktemp("polygons") / "data")


def start(source: Run, folder: Path, dataset: Dataset, model: str = "nwm", **fields: Any) -> Run:
    """Start a training and interrupt it after its first step, so that its folder has only the configuration."""
    with pytest.raises(KeyboardInterrupt):
        train(
            tiny_experiment(model, **fields),
            dataset,
            folder,
            accelerator="cpu",
            initial_weights=source.folder,
            observers=[Stop(after_step=1)],
        )
    return Run.open(folder)


def test_on_the_same_data_every_layer_starts_from_the_source(
    sources: dict[str, Run], boards: Dataset, tmp_path: Path
) -> None:
    for name, source in sources.items():
        run = start(source, tmp_path / name, boards, name)
        assert run.config.initial_weights is not None
        assert run.config.initial_weights.new_layers == ()
        weights = source.load_model().state_dict()
        for tensor_name, tensor in initial_model(run).state_dict().items():
            assert torch.equal(tensor, weights[tensor_name])


@pytest.mark.parametrize(
    ("model", "new"),
    [
        ("nwm", {"omega_encoder.0", "alpha_encoder.0", "y0_encoder.0", "pixel_network.layers.2"}),
        ("conv_lstm", {"input_encoder.0", "hidden_encoder.0", "memory_encoder.0", "pixel_network.layers.2"}),
        ("cnn", {"encoder.0", "pixel_network.layers.2"}),
        ("unet", {"enter.0", "leave"}),
    ],
)
def test_with_other_channels_and_classes_only_the_first_and_last_layers_are_new(
    model: str, new: set[str], sources: dict[str, Run], polygons: Dataset, tmp_path: Path
) -> None:
    run = start(sources[model], tmp_path / "run", polygons, model)
    assert run.config.initial_weights is not None
    assert set(run.config.initial_weights.new_layers) == new
    weights, random = sources[model].load_model().state_dict(), run.new_model().state_dict()
    for name, tensor in initial_model(run).state_dict().items():
        expected = random if name.rpartition(".")[0] in new else weights
        assert torch.equal(tensor, expected[name])


@pytest.mark.parametrize("readout", ["linear", "fft", "last"])
def test_with_other_steps_only_what_reads_the_time_series_is_new(readout: str, boards: Dataset, tmp_path: Path) -> None:
    fields = {"readout": readout}
    source = fit(tiny_experiment(epochs=1, model_fields=fields), boards, tmp_path / "source")
    record = describe_initial_weights(source.folder, tiny_experiment(model_fields={**fields, "steps": 9}), boards)
    new = {"linear": ("readout.time", "pixel_network.layers.0"), "fft": ("pixel_network.layers.0",), "last": ()}
    assert record.new_layers == new[readout]


@pytest.mark.parametrize(
    ("model", "fields", "message"),
    [
        ("cnn", {}, r"model\.name is 'cnn', not 'nwm'"),
        ("nwm", {"width": 5, "readout": "fft"}, r"model\.width is 5, not 4; model\.readout is 'fft', not 'linear'"),
        ("nwm", {"hidden_channels": 3}, r"model\.hidden_channels is 3, not 2"),
    ],
)
def test_another_model_is_refused_with_what_differs(
    model: str, fields: dict[str, Any], message: str, sources: dict[str, Run], boards: Dataset, tmp_path: Path
) -> None:
    experiment = tiny_experiment(model, model_fields=fields)
    with pytest.raises(RunError, match=message):
        train(experiment, boards, tmp_path / "run", initial_weights=sources["nwm"].folder)
    assert not (tmp_path / "run").exists()


def test_training_begins_with_the_weights_of_the_source(
    sources: dict[str, Run], boards: Dataset, tmp_path: Path
) -> None:
    """With a tiny learning rate, the trained weights are those of the source."""
    experiment = tiny_experiment(epochs=1, learning_rate=1e-12)
    run = train(experiment, boards, tmp_path, accelerator="cpu", initial_weights=sources["nwm"].folder)
    weights = best_weights(sources["nwm"])
    for name, tensor in best_weights(run).items():
        torch.testing.assert_close(tensor, weights[name], atol=1e-9, rtol=1e-6)


def test_a_run_resumes_without_its_source_and_is_the_same(
    sources: dict[str, Run], boards: Dataset, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(sources["nwm"].folder, tmp_path / "source"))
    experiment = tiny_experiment(epochs=2)
    whole = train(experiment, boards, tmp_path / "whole", accelerator="cpu", initial_weights=source)
    with pytest.raises(KeyboardInterrupt):
        train(
            experiment,
            boards,
            tmp_path / "parts",
            accelerator="cpu",
            initial_weights=source,
            observers=[Stop(after_epoch=1)],
        )
    shutil.rmtree(source)
    record = Run.open(tmp_path / "parts").config.initial_weights
    resumed = train(experiment, boards, tmp_path / "parts", accelerator="cpu", initial_weights=record)
    assert_same_training(whole, resumed)


def test_the_run_is_another_one_without_its_source_or_with_other_weights(
    sources: dict[str, Run], boards: Dataset, tmp_path: Path
) -> None:
    run = start(sources["nwm"], tmp_path / "run", boards)
    with pytest.raises(RunError, match=r"holds another run: initial weights is '\w{64}', not None"):
        fit(tiny_experiment(), boards, run.folder)
    other = fit(tiny_experiment(seed=9, epochs=1), boards, tmp_path / "other")
    with pytest.raises(RunError, match=r"holds another run: initial weights is"):
        train(tiny_experiment(), boards, run.folder, accelerator="cpu", initial_weights=other.folder)
    copy = shutil.copytree(sources["nwm"].folder, tmp_path / "copy")  # the same weights elsewhere are the same
    train(tiny_experiment(), boards, run.folder, accelerator="cpu", initial_weights=copy)


def test_a_source_that_has_changed_is_refused(sources: dict[str, Run], boards: Dataset, tmp_path: Path) -> None:
    source = Run.open(shutil.copytree(sources["nwm"].folder, tmp_path / "source"))
    run = start(source, tmp_path / "run", boards)
    source.save_model(source.new_model())
    with pytest.raises(RunError, match="have changed since this run began"):
        train(
            tiny_experiment(),
            boards,
            run.folder,
            accelerator="cpu",
            initial_weights=run.config.initial_weights,
        )


def test_the_command_line_names_the_new_layers_and_resumes(
    sources: dict[str, Run],
    polygons: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The sizes of the model are those of the source, and the folder says where the weights come from."""
    monkeypatch.chdir(tmp_path)
    args = ["train", "nwm-linear", "--data", str(polygons.folder), "--from", str(sources["nwm"].folder)]
    short = ["--recipe", "smoke", "--recipe.epochs", "1", "--accelerator", "cpu"]
    assert main([*args, *short]) == OK
    printed = " ".join(capsys.readouterr().out.split())
    new = "pixel_network.layers.2, omega_encoder.0, alpha_encoder.0, y0_encoder.0"
    assert f"Layers that are new, with random weights: {new}." in printed
    folder = Path("runs/data-nwm-linear-from-nwm-seed0")
    run = Run.open(folder)
    assert run.config.experiment.model == sources["nwm"].config.experiment.model
    assert read_experiment(folder / "config.json").initial_weights == run.config.initial_weights
    assert main([*args, *short]) == OK
    assert main(["train", str(folder)]) == OK
    assert main(["train", "nwm-fft", *args[2:]]) == USAGE_ERROR
    assert "model.readout is 'fft', not 'linear'" in capsys.readouterr().err
    assert main(["train", "nwm-linear", "--data", str(polygons.folder), "--from", "nowhere"]) == USAGE_ERROR
    assert (
        "nowhere is not a run folder or a folder of runs, and no trained network has this name"
        in capsys.readouterr().err
    )
