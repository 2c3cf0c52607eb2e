"""The networks that come with the package: the list, the command that adds one, and commands that take a name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import drumhead
import pretrained as command
from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.data import DATASETS, Dataset, default_folder
from drumhead.evaluation import evaluate_run, open_run_dataset
from drumhead.models import build
from drumhead.report.page.train_command import train_command
from drumhead.runs import Run, RunError
from drumhead.zoo import PRETRAINED_FOLDER, pretrained_folder, pretrained_names

FILES = {"card.md", "config.json", "metrics.csv", "model.safetensors", "scores.json"}
SHIPPED = sorted(path.name for path in PRETRAINED_FOLDER.glob("*-*"))


def test_the_list_has_sizes_and_the_scores_of_the_stored_weights(
    zoo: Path, trained: dict[str, Run], boards: Dataset
) -> None:
    networks = {network.name: network for network in drumhead.pretrained()}
    assert list(networks) == sorted(trained)
    for name, network in networks.items():
        scores = evaluate_run(Run.open(zoo / name), boards)
        assert (network.acc, network.iou_foreground) == (scores.acc, scores.iou_foreground)
        assert network.parameters == trained[name].new_model().parameter_count
        assert network.bytes == (zoo / name / "model.safetensors").stat().st_size
        assert network.dataset == "tetrominoes"


def test_an_entry_is_rounded_and_says_nothing_of_folders(zoo: Path, trained: dict[str, Run]) -> None:
    for name, run in trained.items():
        assert {path.name for path in (zoo / name).iterdir()} == FILES
        exact, stored = run.load_model().state_dict(), Run.open(zoo / name).load_model().state_dict()
        for tensor_name, tensor in exact.items():
            rounded = tensor.ndim > 1 and tensor_name.split(".")[0] in ("readout", "pixel_network")
            expected = tensor.half().float() if rounded else tensor
            assert torch.equal(stored[tensor_name], expected)
        config = (zoo / name / "config.json").read_text()
        assert str(run.folder.parent) not in config
        assert Run.open(zoo / name).config.data.folder.startswith("data/tetrominoes-")
        assert not any(path.name.startswith(".") for path in zoo.iterdir())


def test_a_card_has_the_scores_of_the_stored_weights(zoo: Path) -> None:
    scores = Run.open(zoo / "tetrominoes-nwm-linear").scores()
    assert scores is not None
    card = (zoo / "tetrominoes-nwm-linear" / "card.md").read_text()
    assert f"| accuracy | {scores.acc:.3f} |" in card
    assert "0.977 ± 0.007 |" in card
    assert "the set of tiny boards" in card
    assert "--from tetrominoes-nwm-linear" in card


def test_what_is_no_finished_training_on_standard_data_becomes_no_entry(
    trained: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained["tetrominoes-cnn-2"]
    monkeypatch.setattr(command, "MAX_TOTAL_BYTES", 1000)
    with pytest.raises(ValueError, match=r"at most 0\.001 MB together"):
        command.add_entry(run, zoo=tmp_path / "zoo")
    monkeypatch.setattr(command, "find_reference_dataset", lambda dataset: None)
    with pytest.raises(ValueError, match="standard dataset"):
        command.add_entry(run, zoo=tmp_path / "zoo")
    unfinished = Run.create(tmp_path / "unfinished", run.config)
    with pytest.raises(ValueError, match="only a finished training"):
        command.add_entry(unfinished, zoo=tmp_path / "zoo")
    assert not list((tmp_path / "zoo").iterdir())


def test_a_weight_beyond_float16_is_refused() -> None:
    with pytest.raises(ValueError, match=r"readout\.far has a weight that is not finite as float16"):
        command.round_weights({"readout.near": torch.ones(2, 2), "readout.far": torch.full((2, 2), 1e5)})


@pytest.mark.parametrize("name", ["nwm", "conv_lstm", "cnn", "unet"])
def test_nothing_is_rounded_that_shapes_the_states(name: str) -> None:
    weights = build(name, in_channels=1, classes=3).state_dict()
    rounded = {key for key, values in command.round_weights(weights).items() if values.dtype == torch.float16}
    matrices = {key for key, values in weights.items() if values.ndim > 1}
    assert rounded == {key for key in matrices if key.split(".")[0] in ("readout", "pixel_network")}
    assert bool(rounded) == (name != "unet")


def test_the_commands_take_a_name_and_make_its_data(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in zoo.rglob("*")}
    name = "tetrominoes-nwm-linear"
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save("picture.png")
    assert main(["predict", name, "picture.png", "--out", "masks"]) == OK
    assert not Path("data").exists()  # predict needs none
    for args in (
        ["movie", name, "--samples", "0"],
        ["evaluate", name, "tetrominoes-cnn-2", "--accelerator", "cpu"],
        ["figure", "samples", name, "tetrominoes-cnn-2", "--samples", "0"],
        ["figure", "waves", name],
        ["figure", "scores", name],
        ["states", name, "--out", "states.npz"],
    ):
        assert main(args) == OK, capsys.readouterr().err
    assert Path("movies", f"{name}-test-0.gif").is_file()
    assert [path.name for path in Path("data").iterdir() if not path.name.startswith(".")] == [
        default_folder(Run.open(zoo / name).config.experiment.dataset or pytest.fail("no dataset")).name
    ]
    assert {path: path.stat().st_mtime_ns for path in zoo.rglob("*")} == before  # nothing is written to the package


def test_the_command_lists_networks_and_shows_cards(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrained"]) == OK
    listed = capsys.readouterr().out
    assert re.findall(r"^ (tetrominoes\S+)", listed, re.MULTILINE) == sorted(pretrained_names())
    assert main(["pretrained", "tetrominoes-cnn-2"]) == OK
    assert capsys.readouterr().out == (zoo / "tetrominoes-cnn-2" / "card.md").read_text()
    assert main(["pretrained", "tetrominoes-cnn-3"]) == USAGE_ERROR
    assert "did you mean tetrominoes-cnn-2?" in capsys.readouterr().err


def test_a_damaged_entry_is_an_error(zoo: Path) -> None:
    (zoo / "tetrominoes-cnn-2" / "scores.json").unlink()
    with pytest.raises(RunError, match="has no scores: install the package again"):
        drumhead.pretrained()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_is_whole(name: str) -> None:
    folder = pretrained_folder(name)
    assert folder is not None
    assert {path.name for path in folder.iterdir()} == FILES
    run = Run.open(folder)
    scores, data = run.scores(), run.config.data
    experiment = run.config.experiment
    assert scores is not None
    assert name == experiment.name
    assert experiment.dataset == DATASETS[data.name].config()
    assert data.folder == default_folder(experiment.dataset).as_posix()
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert f"`{train_command(run, ['paper'])}`" in card
    assert f"# {name}\n" in card
    assert f"| accuracy | {scores.acc:.3f} |" in card
    model = drumhead.load(name)
    assert not model.training
    assert all(torch.isfinite(tensor).all() for tensor in model.state_dict().values())


def test_the_shipped_networks_are_small() -> None:
    assert sum(path.stat().st_size for path in PRETRAINED_FOLDER.rglob("*") if path.is_file()) <= 6_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_has_the_scores_of_its_card(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = Run.open(PRETRAINED_FOLDER / name)
    scores, stored = evaluate_run(run, open_run_dataset(run)), run.scores()
    assert stored is not None
    assert scores.acc == pytest.approx(stored.acc, abs=1e-4)
    assert scores.iou_foreground == pytest.approx(stored.iou_foreground, abs=1e-3)
