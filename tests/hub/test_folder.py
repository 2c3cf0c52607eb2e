"""Models in folders: the round trip is exact, the run is kept where it is known, and other folders are refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tests.models.test_contract import equal_weights, every_model, every_variant, small, uniform
from tests.training.tiny_runs import BOARDS, fit, tiny_experiment

import drumhead
from drumhead.cli import main
from drumhead.data import Dataset, make_dataset
from drumhead.models import NWM, Segmenter
from drumhead.runs import Run, RunError
from drumhead.runs.weights import read_weights

RUN_FOLDER = {"README.md", "config.json", "metrics.csv", "model.safetensors", "scores.json"}


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("hub") / "boards")


@pytest.fixture(scope="module")
def run(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of a small wave network."""
    return fit(tiny_experiment("nwm", epochs=1), boards, tmp_path_factory.mktemp("hub") / "run")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def header(folder: Path) -> Any:
    """Return the fields of the card's header, as the hub reads them."""
    _, fields, _ = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(fields)


@every_variant
def test_the_round_trip_is_exact(name: str, readout: str | None, tmp_path: Path) -> None:
    model = small(name, readout, seed=3)
    model.train()
    model.save_pretrained(tmp_path / "model")
    opened = Segmenter.from_pretrained(tmp_path / "model")
    assert type(opened) is type(model)
    assert opened.config == model.config
    assert equal_weights(opened, model)
    assert not opened.training
    images = uniform(1, 3, 9, 12)
    assert torch.equal(opened(images), model.eval()(images))
    assert equal_weights(drumhead.load(tmp_path / "model"), model)


@every_model
def test_other_precisions_are_kept(name: str, tmp_path: Path) -> None:
    model = small(name).double()
    model.save_pretrained(tmp_path)
    opened = Segmenter.from_pretrained(tmp_path)
    assert {tensor.dtype for tensor in opened.parameters()} == {torch.float64}
    assert equal_weights(opened, model)
    half = small(name).half()
    half.save_pretrained(tmp_path)
    assert equal_weights(Segmenter.from_pretrained(tmp_path).half(), half)


def test_a_model_without_a_run_has_a_configuration_of_its_own(tmp_path: Path) -> None:
    small("unet").save_pretrained(tmp_path)
    assert names(tmp_path) == {"README.md", "config.json", "model.safetensors"}
    fields = json.loads((tmp_path / "config.json").read_text())
    assert (fields["library"], fields["in_channels"], fields["classes"]) == ("drumhead", 3, 4)
    assert header(tmp_path)["library_name"] == "drumhead"
    assert "not known on which data" in (tmp_path / "README.md").read_text()
    with pytest.raises(RunError, match="without the run that trained it"):
        drumhead.states(tmp_path)


def test_a_run_stays_a_run(run: Run, boards: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = drumhead.load(run.folder)
    model.save_pretrained(tmp_path / "shared")
    assert names(tmp_path / "shared") == RUN_FOLDER
    shared = Run.open(tmp_path / "shared")
    assert shared.state == "done"
    assert shared.scores() == run.scores()
    assert shared.metrics() == run.metrics()
    assert shared.config.experiment == run.config.experiment
    assert equal_weights(shared.load_model(), model)
    assert str(tmp_path) not in "".join(path.read_text(errors="replace") for path in (tmp_path / "shared").iterdir())
    arguments = ["evaluate", str(tmp_path / "shared"), "--data", str(boards.folder), "--accelerator", "cpu"]
    assert main(arguments) == 0
    np.save(tmp_path / "board.npy", boards.splits["test"].images[0])
    board, masks = str(tmp_path / "board.npy"), str(tmp_path / "masks")
    assert main(["predict", str(tmp_path / "shared"), board, "--out", masks]) == 0
    capsys.readouterr()
    assert drumhead.states(tmp_path / "shared", data=boards.folder).model == "nwm"


def test_the_card_says_data_recipe_and_scores(run: Run, tmp_path: Path) -> None:
    drumhead.load(run.folder).save_pretrained(tmp_path)
    card = (tmp_path / "README.md").read_text()
    scores = run.scores()
    assert scores is not None
    for words in ("`tetrominoes`", run.config.data.fingerprint, "epochs 1", f"| accuracy | {scores.acc:.3f} |"):
        assert words in card
    assert header(tmp_path)["datasets_used"] == ["tetrominoes"]


def test_the_card_of_a_trained_network_is_its_own(tmp_path: Path) -> None:
    name = "tetrominoes-nwm-linear"
    drumhead.load(name).save_pretrained(tmp_path)
    assert "| IoU, foreground | 0.980 | 0.980 | 0.977" in (tmp_path / "README.md").read_text()
    stored = drumhead.zoo.pretrained_folder(name)
    assert stored is not None
    assert (tmp_path / "model.safetensors").read_bytes() == (stored / "model.safetensors").read_bytes()
    assert equal_weights(Segmenter.from_pretrained(tmp_path), drumhead.load(name))


def test_a_changed_model_is_not_the_run_any_more(run: Run, tmp_path: Path) -> None:
    model = drumhead.load(run.folder)
    with torch.no_grad():
        next(model.parameters()).add_(1)
    model.save_pretrained(tmp_path)
    assert names(tmp_path) == {"README.md", "config.json", "model.safetensors"}
    assert equal_weights(Segmenter.from_pretrained(tmp_path), model)


def test_a_card_is_kept_and_other_files_are_replaced(tmp_path: Path) -> None:
    small("cnn", seed=1).save_pretrained(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    other = small("cnn", seed=2)
    other.save_pretrained(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
    assert equal_weights(Segmenter.from_pretrained(tmp_path), other)


def test_a_run_folder_is_not_written_into(run: Run) -> None:
    before = {path: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}
    with pytest.raises(RunError, match=r"is the folder of a run, with last\.ckpt"):
        drumhead.load(run.folder).save_pretrained(run.folder)
    assert {path: path.read_bytes() for path in run.folder.iterdir() if path.is_file()} == before


def test_a_subclass_opens_its_own_kind(tmp_path: Path) -> None:
    small("nwm").save_pretrained(tmp_path)
    assert isinstance(NWM.from_pretrained(tmp_path), NWM)
    small("cnn").save_pretrained(tmp_path)
    with pytest.raises(TypeError, match="holds a CNN, not a NWM"):
        NWM.from_pretrained(tmp_path)


@pytest.mark.parametrize("where", ["nowhere", "some/where/else", "/nowhere/at/all", "..", "a/b.c/"])
def test_what_is_neither_a_folder_nor_a_repository_is_an_error(where: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"neither a folder nor|no config\.json"):
        Segmenter.from_pretrained(where if where != ".." else tmp_path)


def test_without_huggingface_hub_folders_work_and_the_hub_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    model = small("cnn")
    model.save_pretrained(tmp_path)
    assert equal_weights(Segmenter.from_pretrained(tmp_path), model)
    for call in (lambda: model.push_to_hub("some/model"), lambda: Segmenter.from_pretrained("some/model")):
        with pytest.raises(RunError, match=r"pip install 'drumhead\[hub\]'"):
            call()


def test_the_functions_of_huggingface_hub_write_folders_that_open(tmp_path: Path) -> None:
    """Their mixin writes the weights and the configuration; ours opens them."""
    hub = pytest.importorskip("huggingface_hub")
    small("nwm", seed=4).save_pretrained(tmp_path / "ours")

    their_class: Any = type("TheirNWM", (hub.PyTorchModelHubMixin, NWM), {})  # their methods come before ours
    ours = NWM.from_pretrained(tmp_path / "ours")
    theirs = their_class(ours.config, in_channels=3, classes=4)
    theirs.load_state_dict(ours.state_dict())
    config = json.loads((tmp_path / "ours" / "config.json").read_text())
    theirs.save_pretrained(tmp_path / "theirs", config=config)
    assert (tmp_path / "theirs" / "README.md").is_file()
    assert "sha256" not in (tmp_path / "theirs" / "model.safetensors").read_bytes()[:5000].decode(errors="replace")
    opened = Segmenter.from_pretrained(tmp_path / "theirs")
    assert type(opened) is NWM
    assert equal_weights(opened, ours)


def test_weights_are_those_of_the_file(tmp_path: Path) -> None:
    model = small("cnn")
    model.save_pretrained(tmp_path)
    stored = read_weights(tmp_path / "model.safetensors")
    assert all(torch.equal(stored[name], tensor) for name, tensor in model.state_dict().items())
