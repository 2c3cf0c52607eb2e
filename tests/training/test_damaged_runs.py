"""Damaged files of a run: resuming repairs them and gives a bit-identical run, or reports why it cannot."""

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

EXPERIMENT = tiny_experiment("cnn", seed=4, **{**DEMO, "epochs": 5, "learning_rate": 0.6})
"""The learning rate is so high that the best epoch is not always the last."""


def damage(path: Path, how: str = "bit") -> None:
    """Flip a bit in the middle of a file, or truncate it there."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content if how == "bit" else content[: len(content) // 2])


@pytest.fixture(scope="module")
def uninterrupted(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of the experiment without interruption."""
    return fit(EXPERIMENT, boards, tmp_path_factory.mktemp("uninterrupted") / "run")


def train_and_interrupt(boards: Dataset, folder: Path, *, after_epoch: int) -> Path:
    """Train the experiment in a folder, interrupt it after an epoch, and return the folder."""
    with pytest.raises(KeyboardInterrupt):
        fit(EXPERIMENT, boards, folder, Stop(after_epoch=after_epoch))
    return folder


def test_the_best_epoch_is_not_always_the_last(uninterrupted: Run) -> None:
    assert [int(row["kept"]) for row in uninterrupted.metrics()] == [1, 0, 0, 1, 1]


@pytest.mark.parametrize("how", ["bit", "cut"])
@pytest.mark.parametrize("after_epoch", [2, 3, 4, 5])
def test_a_damaged_last_checkpoint(
    how: str, after_epoch: int, boards: Dataset, uninterrupted: Run, tmp_path: Path
) -> None:
    folder = train_and_interrupt(boards, tmp_path, after_epoch=after_epoch)
    damage(folder / "last.ckpt", how)
    with pytest.warns(DamageWarning, match=r"last\.ckpt is damaged.*previous\.ckpt is used"):
        run = fit(EXPERIMENT, boards, folder)
    assert_same_training(run, uninterrupted)


@pytest.mark.parametrize("how", ["bit", "cut"])
@pytest.mark.parametrize(
    "names", [["metrics.csv"], ["model.safetensors"], ["metrics.csv", "model.safetensors"]], ids=str
)
def test_files_that_a_checkpoint_can_restore_are_repaired(
    how: str, names: list[str], boards: Dataset, uninterrupted: Run, tmp_path: Path
) -> None:
    folder = train_and_interrupt(boards, tmp_path, after_epoch=4)
    for name in names:
        damage(folder / name, how)
    assert_same_training(fit(EXPERIMENT, boards, folder), uninterrupted)


def test_everything_but_the_previous_checkpoint_is_damaged(boards: Dataset, uninterrupted: Run, tmp_path: Path) -> None:
    folder = train_and_interrupt(boards, tmp_path, after_epoch=4)
    for name in ("last.ckpt", "metrics.csv", "model.safetensors"):
        damage(folder / name)
    with pytest.warns(DamageWarning):
        run = fit(EXPERIMENT, boards, folder)
    assert_same_training(run, uninterrupted)


def test_both_checkpoints_are_damaged(boards: Dataset, tmp_path: Path) -> None:
    folder = train_and_interrupt(boards, tmp_path, after_epoch=3)
    for name in ("last.ckpt", "previous.ckpt"):
        damage(folder / name)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(RunError, match=r"last\.ckpt is damaged.*previous\.ckpt is damaged.*train in another folder"):
        fit(EXPERIMENT, boards, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_damaged_configuration(boards: Dataset, tmp_path: Path) -> None:
    folder = train_and_interrupt(boards, tmp_path, after_epoch=1)
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"learning_rate": 0.6', '"learning_rate": 0.1'))
    with pytest.raises(RunError, match=r"config\.json is not a run's configuration: its sha256 is not that"):
        fit(EXPERIMENT, boards, folder)


@pytest.mark.parametrize("name", ["scores.json", "metrics.csv", "model.safetensors"])
def test_the_repair_hint_of_a_finished_run_works(
    name: str, boards: Dataset, uninterrupted: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = fit(EXPERIMENT, boards, tmp_path / "run")
    damage(run.folder / name, "cut")
    with pytest.raises(RunError, match=re.escape(name)) as raised:
        _ = run.scores(), run.metrics(), run.load_model()
    assert str(raised.value).endswith(f"remove {run.scores_path} if it exists, and run: drumhead train {run.folder}")
    run.scores_path.unlink()
    assert main(["train", str(run.folder)]) == 0
    assert_same_training(run, uninterrupted)


def test_a_checkpoint_of_an_earlier_version_is_resumed(boards: Dataset, uninterrupted: Run, tmp_path: Path) -> None:
    """The checkpoint has no best weights, and none of the files has a checksum."""
    folder = train_and_interrupt(boards, tmp_path, after_epoch=4)
    state = torch.load(folder / "last.ckpt", weights_only=True)
    del state["kept_model"]
    torch.save(state, folder / "last.ckpt")
    (folder / "previous.ckpt").unlink()
    for name in ("config.json", "metrics.csv"):
        text = (folder / name).read_text()
        text = re.sub(r',\s*"sha256": "\w+"', "", text) if name == "config.json" else re.sub(r",\w+\n", "\n", text)
        (folder / name).write_text(text)
    assert Run.open(folder).metrics()
    assert_same_training(fit(EXPERIMENT, boards, folder), uninterrupted)


def test_a_checkpoint_of_something_else_is_refused(boards: Dataset, tmp_path: Path) -> None:
    folder = train_and_interrupt(boards, tmp_path, after_epoch=1)
    torch.save({"epoch": 3, "history": []}, folder / "last.ckpt")
    with pytest.raises(
        RunError, match=r"last\.ckpt is not a training checkpoint: it has no best_loss, model, optimizer"
    ):
        fit(EXPERIMENT, boards, folder)


@pytest.mark.parametrize("name", ["train_images", "val_masks", "test_images"])
def test_damaged_data_is_reported_before_training_begins(name: str, uninterrupted: Run, tmp_path: Path) -> None:
    boards = make_dataset(BOARDS, tmp_path / "boards")
    array = np.load(boards.folder / f"{name}.npy", mmap_mode="r+")
    array.reshape(-1)[array.size // 2] ^= 1
    array.flush()
    with pytest.raises(DatasetError, match=rf"{name}\.npy: damaged or changed"):
        fit(EXPERIMENT, boards, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    if name == "test_images":
        with pytest.raises(DatasetError, match=rf"{name}\.npy: damaged or changed"):
            evaluate_run(uninterrupted, boards)
