"""Who watches a training: the terminal, TensorBoard, Weights & Biases, or code of your own."""

from __future__ import annotations

from typing import NamedTuple

from drumhead.runs import Run


class StepReport(NamedTuple):
    """What a step of training was like."""

    epoch: int
    """Number of the epoch, from 1."""
    step: int
    """Number of the step, from 1, counted over all epochs."""
    loss: float
    """Loss of the step's batch."""
    learning_rate: float
    """Learning rate of the step."""
    progress: float
    """Share of the training that is done, 0 to 1."""


class EpochReport(NamedTuple):
    """What an epoch of training was like: a row of ``metrics.csv``."""

    epoch: int
    """Number of the epoch, from 1."""
    step: int
    """Steps so far, over all epochs."""
    seconds: float
    """Seconds spent in training steps so far."""
    learning_rate: float
    """Learning rate of the last step."""
    train_loss: float
    """Mean of the steps' losses."""
    val_loss: float
    """Loss on the validation images; so are the scores that follow."""
    val_acc: float
    val_acc_foreground: float | None
    val_iou: float
    val_iou_foreground: float | None
    val_loss_foreground: float | None
    val_mean_iou: float
    kept: int
    """1 if its weights are the best so far, by the recipe's margin, else 0."""

    def __str__(self) -> str:
        scores = " ".join(
            f" {name} {'-' if value is None else f'{value:.3f}'}"
            for name, value in (("IoU fg", self.val_iou_foreground), ("mean IoU", self.val_mean_iou))
        )
        return (
            f"epoch {self.epoch:3}  loss {self.train_loss:.3f}  val loss {self.val_loss:.3f} {scores}  "
            f"{self.seconds:.0f} s{' kept' if self.kept else ''}"
        )


class Observer:
    """Watches a training; does nothing until a method is overridden. It must not change what it is shown."""

    def started(self, run: Run, epochs_done: int) -> None:
        """Before the first step."""

    def stepped(self, report: StepReport) -> None:
        """After each step."""

    def batch_scored(self, done: int, total: int) -> None:
        """After each batch of a validation or of the test."""

    def epoch_ended(self, report: EpochReport) -> None:
        """After each epoch, its files written."""

    def ended(self) -> None:
        """At the end, however it came about."""
