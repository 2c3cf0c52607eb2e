"""Observers of training (callbacks): the terminal, TensorBoard, Weights & Biases, or code of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from drumhead.data import Dataset
from drumhead.runs import Run
from drumhead.scores import Scores

if TYPE_CHECKING:
    from drumhead.models import Segmenter


class StepReport(NamedTuple):
    """The report of one training step."""

    epoch: int
    """The number of the epoch, from 1."""
    step: int
    """The number of the step, from 1, counted over all epochs."""
    loss: float
    """The loss of the step's batch."""
    learning_rate: float
    """The learning rate of the step."""
    progress: float
    """The share of the training that is done, 0 to 1."""


class EpochReport(NamedTuple):
    """The report of one epoch: a row of ``metrics.csv``."""

    epoch: int
    """The number of the epoch, from 1."""
    step: int
    """The number of steps so far, over all epochs."""
    seconds: float
    """Seconds spent in training steps so far, over all epochs."""
    learning_rate: float
    """The learning rate of the last step."""
    train_loss: float
    """The mean loss of the epoch's steps."""
    val_loss: float
    """The loss on the validation images; the scores that follow are on the same images."""
    val_acc: float
    val_acc_foreground: float | None
    val_iou: float
    val_iou_foreground: float | None
    val_loss_foreground: float | None
    val_mean_iou: float
    kept: int
    """1 if the epoch's weights are kept as the best so far, by the recipe's margin, else 0."""
    epochs_without_improvement: int | None = None
    """The number of epochs since weights were last kept, which ends training when it reaches the recipe's patience;
    None without early stopping."""
    train_acc: float | None = None
    """The accuracy on the recipe's scored training images, after the epoch; the scores that follow are on the same
    images. None if there are none."""
    train_acc_foreground: float | None = None
    train_iou: float | None = None
    train_iou_foreground: float | None = None
    train_mean_iou: float | None = None

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
    """The base class of observers, whose methods do nothing. An observer must not change the objects it receives."""

    def started(self, run: Run, epochs_done: int) -> None:
        """Called before the first step; ``epochs_done`` is 0 unless the run is resumed."""

    def stepped(self, report: StepReport) -> None:
        """Called after each step."""

    def batch_scored(self, done: int, total: int) -> None:
        """Called after each of ``total`` batches of validation or test images is scored."""

    def epoch_ended(self, report: EpochReport) -> None:
        """Called after each epoch, when its files are written."""

    def weights_ready(self, model: Segmenter, dataset: Dataset, step: int) -> None:
        """Called after each epoch, when it is validated; the model has the epoch's weights, and may only predict."""

    def tested(self, run: Run, dataset: Dataset, scores: Scores) -> None:
        """Called when the run is finished, with the scores of its best weights on the test set."""

    def ended(self) -> None:
        """Called at the end, also after an error or an interruption."""
