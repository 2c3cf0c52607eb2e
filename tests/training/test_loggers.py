"""TensorBoard and Weights & Biases log the reports they receive, and never stop or change training."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
import torch

from drumhead.data import Dataset
from drumhead.models import Segmenter
from drumhead.runs import Run
from drumhead.training import LOGGERS, LoggerName, LoggerWarning, Pictures, WandbOptions
from drumhead.training.loggers import Logger, TensorBoardLogger, WandbLogger

from .tiny_runs import STEPS_PER_EPOCH, StepRecorder, assert_same_training, fit, tiny_experiment

Pixels = npt.NDArray[np.uint8]

EPOCHS = 2
GIF = b"GIF89a, a movie"
LOGGED_SCORES = ("acc", "iou", "loss", "mean_iou", "mean_dice")


def draw(model: Segmenter, dataset: Dataset) -> Pixels:
    """Return a picture, after a prediction of the model."""
    assert model.predict(torch.zeros(1, dataset.channels, 8, 8)).shape == (1, 8, 8)
    return np.full((4, 6, 3), 7, np.uint8)


def movie(run: Run, dataset: Dataset, path: Path) -> bool:
    """Write a movie of a finished run."""
    assert run.state == "done"
    path.write_bytes(GIF)
    return True


PICTURES = Pictures(draw_samples=draw, write_movie=movie)


@pytest.fixture(scope="module")
def unlogged(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run without a logger, which every run with a logger must equal."""
    return fit(tiny_experiment(epochs=EPOCHS), boards, tmp_path_factory.mktemp("loggers") / "unlogged")


def test_every_name_has_a_logger() -> None:
    assert set(LOGGERS) == set(get_args(LoggerName))
    assert {name: logger.package for name, logger in LOGGERS.items()} == {name: name for name in LOGGERS}


def test_tensorboard_reads_back_what_was_logged(boards: Dataset, tmp_path: Path, unlogged: Run) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    steps = StepRecorder()
    logger = TensorBoardLogger(pictures=PICTURES)
    run = fit(tiny_experiment(epochs=EPOCHS), boards, tmp_path / "run", logger, steps)
    assert_same_training(run, unlogged)
    events = accumulator.EventAccumulator(str(run.folder / "tensorboard"))
    events.Reload()
    logged = [(event.step, event.value) for event in events.Scalars("step/loss")]
    assert logged == [(report.step, pytest.approx(report.loss, rel=1e-6)) for report in steps.reports]
    for name in ("val_loss", "val_mean_iou", "kept"):
        logged = [(event.step, event.value) for event in events.Scalars(f"epoch/{name}")]
        assert logged == [(row["step"], pytest.approx(row[name], rel=1e-6)) for row in run.metrics()]

    scores = run.scores()
    assert scores is not None
    for name in LOGGED_SCORES:
        ((step, value),) = [(event.step, event.value) for event in events.Scalars(f"test/{name}")]
        assert (step, value) == (EPOCHS * STEPS_PER_EPOCH, pytest.approx(getattr(scores, name), rel=1e-6))
    pictures = events.Images("samples/val")
    assert [(event.step, event.height, event.width) for event in pictures] == [
        (epoch * STEPS_PER_EPOCH, 4, 6) for epoch in (1, 2)
    ]
    (waves,) = events.Images("waves/test")
    assert waves.encoded_image_string == GIF


@pytest.mark.parametrize("name", get_args(LoggerName))
def test_a_missing_package_is_reported_with_how_to_install_it(
    name: LoggerName, boards: Dataset, tmp_path: Path, unlogged: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.warns(LoggerWarning, match=f"no more logging to {name}.*pip install {name}") as caught:
        run = fit(tiny_experiment(epochs=EPOCHS), boards, tmp_path / "run", LOGGERS[name]())
    assert len(caught) == 1
    assert_same_training(run, unlogged)


@pytest.mark.parametrize("failing", ["open", "write", "close"])
def test_a_logger_that_fails_warns_once_and_is_off(
    failing: str, boards: Dataset, tmp_path: Path, unlogged: Run
) -> None:
    calls: list[str] = []

    class Failing(Logger):
        package = "failing"

        def call(self, method: str) -> None:
            calls.append(method)
            if method == failing and calls.count(method) == (3 if method == "write" else 1):
                raise OSError("disk full")

        def open(self, run: Run) -> None:
            self.call("open")

        def write(self, values: dict[str, float], step: int) -> None:
            self.call("write")

        def close(self) -> None:
            self.call("close")

    with pytest.warns(LoggerWarning, match="no more logging to failing: OSError: disk full$") as caught:
        run = fit(tiny_experiment(epochs=EPOCHS), boards, tmp_path / "run", Failing())
    assert len(caught) == 1
    writes = EPOCHS * (STEPS_PER_EPOCH + 1) + 1  # the last is that of the test scores
    assert (
        calls
        == {
            "open": ["open"],
            "write": ["open", "write", "write", "write"],
            "close": ["open", *["write"] * writes, "close"],
        }[failing]
    )
    assert_same_training(run, unlogged)


class FakeWandb(ModuleType):
    """The part of the wandb package that is used; it records what it receives."""

    def __init__(self, api_key: str | None) -> None:
        super().__init__("wandb")
        self.api = SimpleNamespace(api_key=api_key)
        self.init_options: list[dict[str, Any]] = []
        self.logged: list[tuple[int, dict[str, Any]]] = []
        self.finished = 0

    def init(self, **options: Any) -> FakeWandb:
        self.init_options.append(options)
        return self

    def Image(self, pixels: Pixels) -> Pixels:  # noqa: N802, the package's name
        return pixels

    def Video(self, path: str, *, format: str) -> bytes:  # noqa: N802
        assert format == "gif"
        return Path(path).read_bytes()

    def log(self, values: dict[str, Any], *, step: int) -> None:
        self.logged.append((step, values))

    def finish(self) -> None:
        self.finished += 1


@pytest.mark.parametrize(
    ("api_key", "wandb_mode", "mode"),
    [(None, None, "offline"), ("secret", None, "online"), ("secret", "disabled", "disabled")],
)
def test_wandb_logs_offline_where_there_is_no_key(
    api_key: str | None,
    wandb_mode: str | None,
    mode: str,
    boards: Dataset,
    tmp_path: Path,
    unlogged: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wandb = FakeWandb(api_key)
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    if wandb_mode is not None:
        monkeypatch.setenv("WANDB_MODE", wandb_mode)
    steps = StepRecorder()
    where = WandbOptions(project="cells", entity="lab", group="seeds", tags=("a", "b"))
    logger = WandbLogger(wandb=where, pictures=PICTURES)
    run = fit(tiny_experiment(epochs=EPOCHS), boards, tmp_path / "run", logger, steps)
    assert_same_training(run, unlogged)
    (options,) = wandb.init_options
    assert options["mode"] == mode
    assert options["name"] == "run"
    assert [options[name] for name in ("project", "entity", "group", "tags")] == ["cells", "lab", "seeds", ["a", "b"]]
    assert options["dir"] == str(run.folder)
    assert options["config"]["experiment"]["seed"] == 3
    assert wandb.finished == 1
    losses = [(step, values["step/loss"]) for step, values in wandb.logged if "step/loss" in values]
    assert losses == [(report.step, report.loss) for report in steps.reports]
    epochs = [step for step, values in wandb.logged if "epoch/val_loss" in values]
    assert epochs == [STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH]
    assert [step for step, _ in wandb.logged] == sorted(step for step, _ in wandb.logged)  # as wandb requires
    scores = run.scores()
    assert scores is not None
    (test,) = [values for _, values in wandb.logged if "test/acc" in values]
    assert {name: test[f"test/{name}"] for name in LOGGED_SCORES} == {n: getattr(scores, n) for n in LOGGED_SCORES}
    pictures = [step for step, values in wandb.logged if "samples/val" in values]
    assert pictures == epochs
    assert [values["waves/test"] for _, values in wandb.logged if "waves/test" in values] == [GIF]
