"""Loggers of others: what they are told, and that they never stand in the way."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drumhead.data import Dataset
from drumhead.training import LOGGERS, LoggerName, LoggerWarning, train
from drumhead.training.loggers import Logger, TensorBoardLogger, WandbLogger

from .small import same, small_experiment, weights


def test_tensorboard_reads_what_was_written(boards: Dataset, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train(small_experiment(), boards, tmp_path / "run", observers=[TensorBoardLogger()])
    events = EventAccumulator(str(run.folder / "tensorboard"))
    events.Reload()
    losses = events.Scalars("epoch/val_loss")
    assert [event.step for event in losses] == [2, 4]
    assert [event.value for event in losses] == pytest.approx([row["val_loss"] for row in run.metrics()])
    assert len(events.Scalars("step/loss")) == 4


@pytest.mark.parametrize("name", list(LOGGERS))
def test_a_missing_package_is_named_and_training_goes_on(
    name: LoggerName, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("wandb", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.warns(LoggerWarning, match=f"pip install {name}") as warned:
        run = train(small_experiment(), boards, tmp_path / "run", observers=[LOGGERS[name]()])
    assert len(warned) == 1
    assert run.state == "done"


class Broken(Logger):
    """Fails at the second thing it is told."""

    package = "broken"
    written = 0

    def write(self, values: dict[str, float], step: int) -> None:
        self.written += 1
        if self.written == 2:
            raise ConnectionError("the line is dead")


def test_a_logger_that_fails_is_left_alone(boards: Dataset, tmp_path: Path) -> None:
    logger = Broken()
    with pytest.warns(LoggerWarning, match="ConnectionError: the line is dead") as warned:
        run = train(small_experiment(), boards, tmp_path / "run", observers=[logger])
    assert len(warned) == 1
    assert logger.written == 2
    assert same(weights(run), weights(train(small_experiment(), boards, tmp_path / "without")))


@pytest.mark.parametrize(("key", "mode"), [(None, "offline"), ("secret", "online")])
def test_wandb_never_asks_for_a_key(
    key: str | None, mode: str, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, Any]] = []
    session = SimpleNamespace(
        log=lambda values, step: calls.append(("log", step)), finish=lambda: calls.append(("finish", None))
    )

    def init(**options: Any) -> SimpleNamespace:
        calls.append(("init", options))
        return session

    fake = SimpleNamespace(api=SimpleNamespace(api_key=key), init=init)
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    run = train(small_experiment(epochs=1), boards, tmp_path / "run", observers=[WandbLogger()])
    options = calls[0][1]
    assert (options["mode"], options["config"]["experiment"]["name"]) == (mode, "small")
    assert [step for name, step in calls if name == "log"] == [1, 2, run.metrics()[-1]["step"]]
    assert calls[-1][0] == "finish"
