"""The training loop. A run that is interrupted and resumed is bit-identical to one that is not."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from drumhead.data import Dataset, ShuffleSampler, image_loader, to_tensors
from drumhead.fields import StabilityWarning
from drumhead.models import Segmenter, sample_pixels
from drumhead.modes import single_threaded
from drumhead.runs import Run, RunError, epochs_without_improvement, has_stopped_early
from drumhead.scores import Scores
from drumhead.seeds import derive_seed, generator
from drumhead.training.augmentation import Augmentation
from drumhead.training.batch_loss import BatchLoss
from drumhead.training.batch_norm import synchronize_batch_norm
from drumhead.training.class_weights import class_weights
from drumhead.training.graphed_loss import make_graphed_loss
from drumhead.training.initial_weights import initial_model
from drumhead.training.observers import EpochReport, Observer, StepReport
from drumhead.training.precision import autocast, resolve_precision
from drumhead.training.processes import Processes
from drumhead.training.schedule import learning_rate
from drumhead.training.split_scorer import (
    TRAINING_SCORES,
    VALIDATION_SCORES,
    Batch,
    SplitScorer,
    on_device,
    score_columns,
)


class TrainingDivergedError(ArithmeticError):
    """A loss or gradient is not finite; the state of the last finished epoch is on disk."""


class Trainer:
    """Trains a run from its last finished epoch to its scores on the test set.

    Args:
        run: an unfinished run.
        dataset: the data of the run's configuration.
        fabric: Lightning Fabric for the device of this process.
        observers: notified of each step and epoch, in the first process only.
    """

    def __init__(self, run: Run, dataset: Dataset, *, fabric: Fabric, observers: Sequence[Observer] = ()) -> None:
        self.run, self.dataset, self.fabric, self.processes = run, dataset, fabric, Processes(fabric)
        self.observers = observers if self.processes.is_first else ()
        self.recipe = run.config.experiment.recipe
        self.seed = run.config.experiment.seed
        self.model = initial_model(run)
        optimizer_class = torch.optim.AdamW if self.recipe.optimizer == "adamw" else torch.optim.Adam
        self.optimizer = optimizer_class(
            self.model.parameters(), lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay
        )
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.best_loss = math.inf
        self.history: list[dict[str, Any]] = []
        self.best_weights: dict[str, Tensor] = {}
        if self.processes.world_size > 1:
            synchronize_batch_norm(self.model)
        self.fabric_model, self.fabric_optimizer = fabric.setup(self.model, self.optimizer)
        self.restore()  # only now, because the optimiser's state goes to the device its parameters are on
        self.fabric_model.mark_forward_method("loss")
        self.shuffle = ShuffleSampler(len(dataset.splits["train"].images), seed=derive_seed(self.seed, "shuffling"))
        own_slice = self.processes.batch_slice(self.recipe.batch_size)
        train_loader = image_loader(
            dataset.splits["train"],
            batch_size=self.recipe.batch_size,
            order=self.shuffle,
            drop_last=True,
            image_slice=own_slice,
        )
        self.train_batches = on_device(fabric, train_loader)
        self.scorer = SplitScorer(
            dataset,
            self.recipe,
            fabric=fabric,
            processes=self.processes,
            batch_scored=lambda number, batches: self.notify("batch_scored", number, batches),
        )
        self.augmentation = Augmentation(
            self.recipe,
            circular=getattr(self.model.config, "boundary", None) == "circular",
            ignored_label=dataset.ignored_label,
        )
        weights = self.processes.broadcast(self.processes.run_on_first(lambda: class_weights(self.recipe, dataset)))
        self.batch_loss = BatchLoss(
            self.fabric_model,
            self.processes,
            class_weights=weights,
            ignored_label=self.augmentation.loss_ignored_label,
        )
        self.precision = resolve_precision(self.recipe, fabric.device)
        self.graphed_loss = make_graphed_loss(
            self.model,
            self.recipe,
            fabric.device,
            precision=self.precision,
            processes=self.processes.world_size,
            weighted=weights is not None or self.batch_loss.ignored_label is not None,
        )
        self.instability: str | None = None
        """The warning that the time step is too long for the model's dynamics, once it was given."""

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in an epoch."""
        return min(len(self.train_batches), self.recipe.steps_per_epoch or len(self.train_batches))

    @property
    def progress(self) -> float:
        """The share of the training that is done, 0 to 1: the larger of the shares of its steps and of its seconds."""
        by_steps = self.step / (self.recipe.epochs * self.steps_per_epoch)
        by_seconds = self.seconds / self.recipe.seconds if self.recipe.seconds else 0.0
        return min(max(by_steps, by_seconds), 1.0)

    def fit(self) -> Scores:
        """Train the remaining epochs, then score the test set with the best weights.

        Raises:
            TrainingDivergedError: at the first loss or gradient that is not finite.
        """
        self.notify("started", self.run, self.epoch)
        self.processes.run_on_first(lambda: self.run.divergence_path.unlink(missing_ok=True))
        try:
            self.warn_if_unstable()
            while self.progress < 1 and not has_stopped_early(self.recipe, self.history):
                self.train_epoch()
                self.warn_if_unstable()
            self.processes.run_on_first(lambda: self.run.write_metrics(self.history))
            scores = self.scorer.score(self.best_model(), "test")
            self.processes.run_on_first(lambda: self.run.write_scores(scores))
            self.processes.run_on_first(lambda: self.notify("tested", self.run, self.dataset, scores))
        except (TrainingDivergedError, FloatingPointError) as error:
            message = str(error)
            self.processes.run_on_first(lambda: self.run.write_divergence(message))
            raise
        finally:
            self.notify("ended")
        return scores

    def train_epoch(self) -> None:
        """Train one epoch, validate, and write the state to the run folder."""
        self.epoch += 1
        self.shuffle.epoch = self.epoch
        pixel_generator = generator(self.seed, "pixels", self.epoch)
        self.model.train()
        step_losses = [
            self.train_step(images, masks, pixel_generator) for images, masks in self.until_done(self.epoch_batches())
        ]
        losses = [loss for loss in step_losses if loss is not None]
        if not losses:
            raise RunError(
                f"no pixel of the {len(step_losses)} batches of epoch {self.epoch} counts in the loss: all are ignored "
                "or of a class with weight 0. Larger batches or more steps per epoch help"
            )
        scores = self.validate()
        assert scores.loss is not None
        is_best = scores.loss < self.best_loss - self.recipe.min_delta
        report = EpochReport(
            epoch=self.epoch,
            step=self.step,
            seconds=round(self.seconds, 3),
            learning_rate=self.optimizer.param_groups[0]["lr"],
            train_loss=math.fsum(losses) / len(losses),
            **score_columns("val", scores, VALIDATION_SCORES),
            kept=int(is_best),
        )
        if self.recipe.patience is not None:
            rows = [*self.history, report._asdict()]
            report = report._replace(epochs_without_improvement=epochs_without_improvement(rows))
        if self.recipe.scored_training_images is not None:
            report = report._replace(**score_columns("train", self.validate("train"), TRAINING_SCORES))
        self.history.append(report._asdict())
        if is_best:
            self.best_loss = report.val_loss
        self.processes.run_on_first(lambda: self.save(report))
        self.notify("weights_ready", self.model, self.dataset, self.step)
        self.notify("epoch_ended", report)

    def train_step(self, images: Tensor, masks: Tensor, pixel_generator: torch.Generator) -> float | None:
        """Make one step of the optimiser, and return the loss of the batch before it.

        Every process samples the pixels of the whole batch, so that they are the same for any number of processes. If
        no pixel of the batch counts, the weights stay as they are and the result is None.

        Args:
            images: this process's images of a batch.
            masks: all masks of the batch.
            pixel_generator: draws the pixels of the loss.
        """
        start = time.perf_counter()
        current_rate = learning_rate(self.recipe, self.progress)
        for group in self.optimizer.param_groups:
            group["lr"] = current_rate
        count = max(1, round(self.recipe.pixels * masks[0].numel()))
        ignored_label = self.batch_loss.ignored_label
        with single_threaded():
            pixels = (
                None
                if self.recipe.pixels == 1
                else sample_pixels(masks, count, generator=pixel_generator, ignored_label=ignored_label)
            )
        loss = None if self.graphed_loss is None else self.graphed_loss(images, masks, pixels)
        has_gradients = loss is not None
        if loss is None:
            with autocast(self.precision, self.fabric.device):
                loss = self.batch_loss.own_part(images, masks, pixels)
        if loss is None:
            self.step += 1
            return None
        loss_value = self.processes.mean(loss)
        self.check_finite(loss_value, "the loss")
        if not has_gradients:
            self.fabric_optimizer.zero_grad()
            self.fabric.backward(loss)
        with single_threaded():
            if self.recipe.clip is not None:
                norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
                self.check_finite(norm.item(), "the gradient's norm")
            self.fabric_optimizer.step()
            self.model.constrain_parameters()
        self.step += 1
        self.seconds += time.perf_counter() - start
        if self.recipe.seconds is not None:
            self.seconds = self.processes.broadcast(self.seconds)
        self.notify("stepped", StepReport(self.epoch, self.step, loss_value, current_rate, self.progress))
        return loss_value

    def epoch_batches(self) -> Iterator[Batch]:
        """Yield the batches of this epoch, with the random changes of the recipe's augmentation."""
        changes = generator(self.seed, "augmentation", self.epoch)
        all_sizes = self.dataset.splits["train"].sizes
        samples = iter(self.shuffle)
        for images, masks in islice(self.train_batches, self.steps_per_epoch):
            own_slice = self.processes.batch_slice(len(masks))
            batch_samples = list(islice(samples, len(masks)))
            sizes = None if all_sizes is None else all_sizes[batch_samples].tolist()
            with single_threaded():
                batch = self.augmentation(images, masks, own=own_slice, sizes=sizes, generator=changes)
            yield batch

    def until_done(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield batches, at least one, until all steps are done or the recipe's seconds are over."""
        for batch in batches:
            yield batch
            if self.progress >= 1:
                return

    def best_model(self) -> Segmenter:
        """Return the model with the best weights, which the first process reads from the run folder."""
        return self.processes.broadcast(self.processes.run_on_first(self.run.load_model) or self.model)

    def validate(self, split: str = "val") -> Scores:
        """Return the scores of the current weights on the validation images, or on some images of another split."""
        try:
            return self.scorer.score(self.model, split)
        except FloatingPointError as error:
            raise TrainingDivergedError(
                f"validation after epoch {self.epoch}: {error}; {self.recovery_hint}"
            ) from error

    def warn_if_unstable(self) -> None:
        """Warn once if the model's dynamics are unstable on the first validation images."""
        if self.instability is not None or not self.processes.is_first:
            return
        split = self.dataset.splits["val"]
        images, _ = to_tensors(split, range(min(len(split.images), self.recipe.batch_size)))
        if message := self.model.stability_warning(self.fabric.to_device(images)):
            self.instability = message
            warnings.warn(message, StabilityWarning, stacklevel=2)

    def check_finite(self, value: float, name: str) -> None:
        """Raise ``TrainingDivergedError`` if a loss or gradient is not finite; ``name`` says what the value is."""
        if not math.isfinite(value):
            raise TrainingDivergedError(
                f"{name} is {value} in epoch {self.epoch}, after {self.step} steps; {self.recovery_hint}"
            )

    @property
    def recovery_hint(self) -> str:
        """A sentence on what is on disk when training has diverged, and one on the likely cause or what often helps."""
        saved = (
            f"the state after epoch {len(self.history)} is in {self.run.folder}"
            if self.history
            else "no epoch has finished"
        )
        if self.instability is not None:
            return f"{saved}. The likely cause: {self.instability}"
        return f"{saved}. A lower --recipe.learning-rate or --recipe.clip 1 often helps"

    def save(self, report: EpochReport) -> None:
        """Write an epoch to the run folder: first the weights if they are the best, then the checkpoint and metrics."""
        if report.kept:
            self.run.save_model(self.model)
            self.best_weights = {
                name: tensor.detach().cpu().clone() for name, tensor in self.model.state_dict().items()
            }
        self.run.save_checkpoint(
            {
                "epoch": self.epoch,
                "step": self.step,
                "seconds": self.seconds,
                "best_loss": self.best_loss,
                "history": self.history,
                "model": self.model.state_dict(),
                "kept_model": self.best_weights,
                "optimizer": self.optimizer.state_dict(),
            }
        )
        self.run.write_metrics(self.history)

    def restore(self) -> None:
        """Restore the state after the last finished epoch, if there is one."""
        state = self.processes.broadcast(self.processes.run_on_first(self.run.resume))
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.best_loss, self.history = state["best_loss"], state["history"]
        self.best_weights = state["kept_model"]

    def notify(self, event: str, *details: Any) -> None:
        """Call the method ``event`` of every observer."""
        for observer in self.observers:
            getattr(observer, event)(*details)
