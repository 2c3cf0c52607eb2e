"""Damage to the files of a run: a training that goes on mends it and ends the same to the bit, or says why not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from drumhead.cli import main
from drumhead.data import Dataset, DatasetError, make_dataset
from drumhead.evaluation import evaluate_run
from drumhead.runs import DamageWarning, Run, RunError

from .tiny_runs import BOARDS, DEMO, Stop, assert_same_training, fit, tiny_experiment

EXPERIMENT = tiny_experiment("cnn", **{**DEMO, "epochs": 5, "learning_rate": 0.3})
"""Of a learning rate so high that the best epoch is not always the last."""


def spoil(path: Path, how: str = "bit") -> None:
    """Turn over a bit in the middle of a file, or cut it off there."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content if how == "bit" else content[: len(content) // 2])


@pytest.fixture(scope="module")
def through(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The experiment, trained without interruption."""
    return fit(EXPERIMENT, boards, tmp_path_factory.mktemp("through") / "run")


def stopped(boards: Dataset, folder: Path, *, after_epoch: int) -> Path:
    """The folder of the experiment, stopped after an epoch."""
    with pytest.raises(KeyboardInterrupt):
        fit(EXPERIMENT, boards, folder, Stop(after_epoch=after_epoch))
    return folder


def test_the_best_epoch_is_not_always_the_last(through: Run) -> None:
    assert [int(row["kept"]) for row in through.metrics()] == [1, 0, 0, 1, 1]


@pytest.mark.parametrize("how", ["bit", "cut"])
@pytest.mark.parametrize("after_epoch", [2, 3, 4, 5])
def test_a_damaged_last_checkpoint(how: str, after_epoch: int, boards: Dataset, through: Run, tmp_path: Path) -> None:
    folder = stopped(boards, tmp_path, after_epoch=after_epoch)
    spoil(folder / "last.ckpt", how)
    with pytest.warns(DamageWarning, match=r"last\.ckpt is damaged.*previous\.ckpt is used"):
        run = fit(EXPERIMENT, boards, folder)
    assert_same_training(run, through)


@pytest.mark.parametrize("how", ["bit", "cut"])
@pytest.mark.parametrize(
    "names", [["metrics.csv"], ["model.safetensors"], ["metrics.csv", "model.safetensors"]], ids=str
)
def test_what_follows_from_a_checkpoint_is_mended(
    how: str, names: list[str], boards: Dataset, through: Run, tmp_path: Path
) -> None:
    folder = stopped(boards, tmp_path, after_epoch=4)
    for name in names:
        spoil(folder / name, how)
    assert_same_training(fit(EXPERIMENT, boards, folder), through)


def test_all_but_the_previous_checkpoint_is_damaged(boards: Dataset, through: Run, tmp_path: Path) -> None:
    folder = stopped(boards, tmp_path, after_epoch=4)
    for name in ("last.ckpt", "metrics.csv", "model.safetensors"):
        spoil(folder / name)
    with pytest.warns(DamageWarning):
        run = fit(EXPERIMENT, boards, folder)
    assert_same_training(run, through)


def test_both_checkpoints_are_damaged(boards: Dataset, tmp_path: Path) -> None:
    folder = stopped(boards, tmp_path, after_epoch=3)
    for name in ("last.ckpt", "previous.ckpt"):
        spoil(folder / name)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(RunError, match=r"last\.ckpt is damaged.*previous\.ckpt is damaged.*train in another folder"):
        fit(EXPERIMENT, boards, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_damaged_configuration(boards: Dataset, tmp_path: Path) -> None:
    folder = stopped(boards, tmp_path, after_epoch=1)
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"learning_rate": 0.3', '"learning_rate": 0.1'))
    with pytest.raises(RunError, match=r"config\.json is not a run's configuration: its sha256 is not that"):
        fit(EXPERIMENT, boards, folder)


@pytest.mark.parametrize("name", ["scores.json", "metrics.csv", "model.safetensors"])
def test_the_remedy_of_a_finished_run_helps(
    name: str, boards: Dataset, through: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = fit(EXPERIMENT, boards, tmp_path / "run")
    spoil(run.folder / name, "cut")
    with pytest.raises(RunError, match=re.escape(name)) as raised:
        _ = run.scores(), run.metrics(), run.load_model()
    assert str(raised.value).endswith(f"remove {run.scores_path} if it exists, and run: drumhead train {run.folder}")
    run.scores_path.unlink()
    assert main(["train", str(run.folder)]) == 0
    assert_same_training(run, through)


def test_a_checkpoint_of_an_earlier_version_goes_on(boards: Dataset, through: Run, tmp_path: Path) -> None:
    """It has no kept weights and no checksum, nor have the other files."""
    folder = stopped(boards, tmp_path, after_epoch=4)
    state = torch.load(folder / "last.ckpt", weights_only=True)
    del state["kept_model"]
    torch.save(state, folder / "last.ckpt")
    (folder / "previous.ckpt").unlink()
    for name in ("config.json", "metrics.csv"):
        text = (folder / name).read_text()
        text = re.sub(r',\s*"sha256": "\w+"', "", text) if name == "config.json" else re.sub(r",\w+\n", "\n", text)
        (folder / name).write_text(text)
    assert Run.open(folder).metrics()
    assert_same_training(fit(EXPERIMENT, boards, folder), through)


def test_a_checkpoint_of_something_else_is_refused(boards: Dataset, tmp_path: Path) -> None:
    folder = stopped(boards, tmp_path, after_epoch=1)
    torch.save({"epoch": 3, "history": []}, folder / "last.ckpt")
    with pytest.raises(
        RunError, match=r"last\.ckpt is not a training checkpoint: it has no best_loss, model, optimizer"
    ):
        fit(EXPERIMENT, boards, folder)


@pytest.mark.parametrize("name", ["train_images", "val_masks", "test_images"])
def test_damaged_data_is_named_before_a_training_begins(name: str, through: Run, tmp_path: Path) -> None:
    boards = make_dataset(BOARDS, tmp_path / "boards")
    array = np.load(boards.folder / f"{name}.npy", mmap_mode="r+")
    array.reshape(-1)[array.size // 2] ^= 1
    array.flush()
    with pytest.raises(DatasetError, match=rf"{name}\.npy: damaged or changed"):
        fit(EXPERIMENT, boards, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    if name == "test_images":
        with pytest.raises(DatasetError, match=rf"{name}\.npy: damaged or changed"):
            evaluate_run(through, boards)
