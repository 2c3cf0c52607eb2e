"""Training stops when the validation loss has not improved for the recipe's patience; training images are scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drumhead.data import Dataset, image_loader
from drumhead.runs import Run, RunError, early_stop_note
from drumhead.scores import evaluate_model

from .test_best_weights import script_losses
from .tiny_runs import Stop, assert_same_training, fit, tiny_experiment

LOSSES = [1.0, 0.9, 0.95, 0.8, 0.8, 0.81, 0.79, 0.7]


@pytest.mark.parametrize(
    ("patience", "min_delta", "epochs"),
    [(1, 0.001, 3), (2, 0.001, 6), (3, 0.001, 8), (3, 0.05, 7), (2, 0.3, 3), (2, 0.0, 6), (None, 0.3, 8)],
)
def test_training_stops_when_patience_ends(
    patience: int | None,
    min_delta: float,
    epochs: int,
    boards: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script_losses(monkeypatch, LOSSES)
    experiment = tiny_experiment("cnn", epochs=8, steps_per_epoch=1, patience=patience, min_delta=min_delta)
    run = fit(experiment, boards, tmp_path)
    assert run.state == "done"
    rows = run.metrics()
    assert len(rows) == epochs
    if patience is None:
        assert "epochs_without_improvement" not in rows[-1]
    else:
        waited = [row["epochs_without_improvement"] for row in rows]
        assert waited == [0 if row["kept"] else before + 1 for row, before in zip(rows, [0, *waited], strict=False)]
    note = early_stop_note(run)
    if epochs == 8:
        assert note is None
    else:
        assert note is not None
        assert f"after epoch {epochs} of 8: the validation loss has not improved by more than {min_delta:g}" in note


@pytest.mark.parametrize("moment", [{"after_epoch": 2}, {"after_epoch": 3}, {"after_step": 12}], ids=str)
def test_an_interrupted_run_stops_at_the_same_epoch(moment: dict[str, int], boards: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment("cnn", epochs=9, patience=2, min_delta=0.5, scored_training_images=3)
    uninterrupted = fit(experiment, boards, tmp_path / "uninterrupted")
    assert len(uninterrupted.metrics()) == 3
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, boards, tmp_path / "stopped", Stop(**moment))
    assert_same_training(fit(experiment, boards, tmp_path / "stopped"), uninterrupted)


def test_a_longer_patience_extends_a_run(boards: Dataset, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"epochs": 9, "min_delta": 0.5}
    short = fit(tiny_experiment("cnn", patience=2, **fields), boards, tmp_path / "run")
    assert len(short.metrics()) == 3
    with pytest.raises(RunError, match=r"recipe\.patience is 2, not 1"):
        fit(tiny_experiment("cnn", patience=1, **fields), boards, tmp_path / "run")
    longer = fit(tiny_experiment("cnn", patience=4, **fields), boards, tmp_path / "run")
    assert_same_training(longer, fit(tiny_experiment("cnn", patience=4, **fields), boards, tmp_path / "at once"))


def test_training_images_are_scored_after_each_epoch(boards: Dataset, tmp_path: Path) -> None:
    plain = fit(tiny_experiment("unet", epochs=2), boards, tmp_path / "plain")
    run = fit(tiny_experiment("unet", epochs=2, scored_training_images=5), boards, tmp_path / "run")
    columns = ["train_acc", "train_acc_foreground", "train_iou", "train_iou_foreground", "train_mean_iou"]
    for ours, theirs in zip(run.metrics(), plain.metrics(), strict=True):  # scoring changes nothing else
        assert [name for name in ours if name not in theirs] == columns
        assert all(ours[name] == theirs[name] for name in theirs if name != "seconds")
    last = Run.open(run.folder).load_checkpoint()
    assert last is not None
    model = run.new_model()
    model.load_state_dict(last["model"])
    first = image_loader(boards.splits["train"], batch_size=5, order=range(5))
    scores = evaluate_model(model, first, boards.class_names)
    assert [run.metrics()[-1][name] for name in columns] == pytest.approx(
        [getattr(scores, name.removeprefix("train_")) for name in columns]
    )


def test_a_run_that_was_begun_without_the_columns_resumes(boards: Dataset, tmp_path: Path) -> None:
    """The rows of a run that an earlier version began have fewer columns."""
    experiment = tiny_experiment("cnn", epochs=2)
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, boards, tmp_path, Stop(after_epoch=1))
    run = Run.open(tmp_path)
    state = run.load_checkpoint()
    assert state is not None
    for row in state["history"]:
        del row["train_acc"], row["epochs_without_improvement"]
    run.save_checkpoint(state)
    assert [row["epoch"] for row in fit(experiment, boards, tmp_path).metrics()] == [1, 2]
