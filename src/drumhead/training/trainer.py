"""The training loop: short, visible, and the same to the bit whether or not it was interrupted."""

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

from drumhead.data import Dataset, ShuffleSampler, Split, image_loader, to_tensors
from drumhead.fields import StabilityWarning
from drumhead.models import PixelSample, Segmenter, sample_pixels
from drumhead.modes import single_threaded
from drumhead.runs import Run
from drumhead.scores import Scores, compute_scores, concatenate, count_batches
from drumhead.seeds import derive_seed, generator
from drumhead.training.batch_norm import synchronize_batch_norm
from drumhead.training.observers import EpochReport, Observer, StepReport
from drumhead.training.precision import autocast, resolve_precision
from drumhead.training.processes import Processes
from drumhead.training.schedule import learning_rate

Batch = tuple[Tensor, Tensor]


class TrainingDivergedError(ArithmeticError):
    """The loss was no longer a number; the state of the last finished epoch is on disk."""


class Trainer:
    """One run's training, from its last finished epoch to its scores on the test set.

    Args:
        run: an unfinished run.
        dataset: the data of the run's configuration.
        fabric: the device it runs on, or the devices, one for each process.
        observers: who is told of each step and epoch, in the first process.
    """

    def __init__(self, run: Run, dataset: Dataset, *, fabric: Fabric, observers: Sequence[Observer] = ()) -> None:
        self.run, self.dataset, self.fabric, self.processes = run, dataset, fabric, Processes(fabric)
        self.observers = observers if self.processes.is_first else ()
        self.recipe = run.config.experiment.recipe
        self.seed = run.config.experiment.seed
        self.model = run.new_model()
        kind = torch.optim.AdamW if self.recipe.optimizer == "adamw" else torch.optim.Adam
        self.optimizer = kind(
            self.model.parameters(), lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay
        )
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.best_loss = math.inf
        self.history: list[dict[str, Any]] = []
        self.kept_weights: dict[str, Tensor] = {}
        if self.processes.world_size > 1:
            synchronize_batch_norm(self.model)
        self.wrapped, self.wrapped_optimizer = fabric.setup(self.model, self.optimizer)
        self.restore()  # after the model is on its device: the optimiser's state goes where its parameters are
        self.wrapped.mark_forward_method("loss")
        self.shuffle = ShuffleSampler(len(dataset.splits["train"].images), seed=derive_seed(self.seed, "shuffling"))
        part = self.processes.batch_slice(self.recipe.batch_size)
        self.train_batches = self.loader(dataset.splits["train"], order=self.shuffle, drop_last=True, image_slice=part)
        self.doubtful = False

    @property
    def steps_per_epoch(self) -> int:
        """Steps in an epoch."""
        return min(len(self.train_batches), self.recipe.steps_per_epoch or len(self.train_batches))

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0 to 1, by steps or by seconds, whichever is further."""
        by_steps = self.step / (self.recipe.epochs * self.steps_per_epoch)
        by_seconds = self.seconds / self.recipe.seconds if self.recipe.seconds else 0.0
        return min(max(by_steps, by_seconds), 1.0)

    def fit(self) -> Scores:
        """Train what is left, then score the test set with the weights that were kept.

        Raises:
            TrainingDivergedError: at the first loss or gradient that is not finite.
        """
        self.notify("started", self.run, self.epoch)
        self.processes.run_on_first(lambda: self.run.divergence_path.unlink(missing_ok=True))
        try:
            self.warn_if_unstable()
            while self.progress < 1:
                self.train_epoch()
                self.warn_if_unstable()
            self.processes.run_on_first(lambda: self.run.write_metrics(self.history))
            scores = self.evaluate(self.kept_model(), "test")
            self.processes.run_on_first(lambda: self.run.write_scores(scores))
        except (TrainingDivergedError, FloatingPointError) as error:
            message = str(error)
            self.processes.run_on_first(lambda: self.run.write_divergence(message))
            raise
        finally:
            self.notify("ended")
        return scores

    def train_epoch(self) -> None:
        """One epoch: its steps, a validation, and what is written of it."""
        self.epoch += 1
        self.shuffle.epoch = self.epoch
        pixel_generator = generator(self.seed, "pixels", self.epoch)
        self.model.train()
        losses = [
            self.train_step(images, masks, pixel_generator)
            for images, masks in self.within_time(islice(self.train_batches, self.steps_per_epoch))
        ]
        scores = self.validate()
        assert scores.loss is not None
        kept = scores.loss < self.best_loss - self.recipe.min_delta
        report = EpochReport(
            epoch=self.epoch,
            step=self.step,
            seconds=round(self.seconds, 3),
            learning_rate=self.optimizer.param_groups[0]["lr"],
            train_loss=math.fsum(losses) / len(losses),
            val_loss=scores.loss,
            val_acc=scores.acc,
            val_acc_foreground=scores.acc_foreground,
            val_iou=scores.iou,
            val_iou_foreground=scores.iou_foreground,
            val_loss_foreground=scores.loss_foreground,
            val_mean_iou=scores.mean_iou,
            kept=int(kept),
        )
        self.history.append(report._asdict())
        if kept:
            self.best_loss = report.val_loss
        self.processes.run_on_first(lambda: self.save(report))
        self.notify("epoch_ended", report)

    def train_step(self, images: Tensor, masks: Tensor, pixel_generator: torch.Generator) -> float:
        """One step of the optimiser, from this process's images and all masks of a batch; returns the loss before it.

        The pixels are drawn for the whole batch in every process: they are the same for any number of processes.
        """
        begin = time.perf_counter()
        rate = learning_rate(self.recipe, self.progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        count = max(1, round(self.recipe.pixels * masks[0].numel()))
        with single_threaded():
            pixels = None if self.recipe.pixels == 1 else sample_pixels(masks, count, generator=pixel_generator)
        part = self.processes.batch_slice(len(masks))
        own_pixels = None if pixels is None else PixelSample(*(values[part] for values in pixels))
        with autocast(resolve_precision(self.recipe, self.fabric.device), self.fabric.device):
            loss = self.wrapped.loss(images, masks[part], pixels=own_pixels)
        value = self.processes.mean(loss)
        self.check_finite(value, "the loss")
        self.wrapped_optimizer.zero_grad()
        self.fabric.backward(loss)
        with single_threaded():
            if self.recipe.clip is not None:
                norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
                self.check_finite(norm.item(), "the gradient's norm")
            self.wrapped_optimizer.step()
        self.step += 1
        self.seconds += time.perf_counter() - begin
        if self.recipe.seconds is not None:
            self.seconds = self.processes.broadcast(self.seconds)
        self.notify("stepped", StepReport(self.epoch, self.step, value, rate, self.progress))
        return value

    def within_time(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Batches until the recipe's seconds are over; at least one."""
        for batch in batches:
            yield batch
            if self.progress >= 1:
                return

    def kept_model(self) -> Segmenter:
        """The model with the weights that were kept, as the first process reads them."""
        return self.processes.broadcast(self.processes.run_on_first(self.run.load_model) or self.model)

    def validate(self) -> Scores:
        """Scores on the validation images."""
        try:
            return self.evaluate(self.model, "val")
        except FloatingPointError as error:
            raise TrainingDivergedError(f"validation after epoch {self.epoch}: {error}; {self.what_is_kept}") from error

    def evaluate(self, model: torch.nn.Module, split: str) -> Scores:
        """Scores on the validation or test images."""
        images, masks = self.dataset.splits[split]
        if split == "val":
            images, masks = images[: self.recipe.validation_images], masks[: self.recipe.validation_images]
        own = self.processes.own_samples(len(images), batch_size=self.recipe.batch_size)
        batches = self.loader(Split(images, masks), order=own)
        self.fabric.to_device(model)
        counts = self.processes.gather_batches(lambda: count_batches(model, self.watched(batches)))
        return compute_scores(concatenate(counts), self.dataset.class_names)

    def warn_if_unstable(self) -> None:
        """Warn, once, if the numbers are doubtful by what the model finds on some validation images."""
        if self.doubtful or not self.processes.is_first:
            return
        split = self.dataset.splits["val"]
        images, _ = to_tensors(split, range(min(len(split.images), self.recipe.batch_size)))
        if message := self.model.stability_warning(self.fabric.to_device(images)):
            self.doubtful = True
            warnings.warn(message, StabilityWarning, stacklevel=2)

    def watched(self, batches: Any) -> Iterator[Batch]:
        """The batches, with the observers told of each."""
        for number, (images, masks) in enumerate(batches, start=1):
            yield images, masks
            self.notify("batch_scored", number, len(batches))

    def loader(self, split: Split, **options: Any) -> Any:
        """Batches of a split on the device."""
        return self.fabric.setup_dataloaders(
            image_loader(split, batch_size=self.recipe.batch_size, **options), use_distributed_sampler=False
        )

    def check_finite(self, value: float, what: str) -> None:
        """Raise ``TrainingDivergedError`` for a loss or gradient that is not a number."""
        if not math.isfinite(value):
            raise TrainingDivergedError(
                f"{what} is {value} in epoch {self.epoch}, after {self.step} steps; {self.what_is_kept}"
            )

    @property
    def what_is_kept(self) -> str:
        """What a user can do when training has diverged."""
        kept = (
            f"the state after epoch {len(self.history)} is in {self.run.folder}" if self.history else "no epoch is done"
        )
        return f"{kept}. A lower --recipe.learning-rate or --recipe.clip 1 often helps"

    def save(self, report: EpochReport) -> None:
        """Write an epoch: the weights first if they are kept, then the state to go on from, then the row."""
        if report.kept:
            self.run.save_model(self.model)
            self.kept_weights = {
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
                "kept_model": self.kept_weights,
                "optimizer": self.optimizer.state_dict(),
            }
        )
        self.run.write_metrics(self.history)

    def restore(self) -> None:
        """Go back to the last finished epoch, if there is one."""
        state = self.processes.broadcast(self.processes.run_on_first(self.run.resume))
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.best_loss, self.history = state["best_loss"], state["history"]
        self.kept_weights = state["kept_model"]

    def notify(self, event: str, *details: Any) -> None:
        """Tell every observer."""
        for observer in self.observers:
            getattr(observer, event)(*details)
