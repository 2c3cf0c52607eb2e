"""The workloads that are measured: models at the paper's sizes, with their engines and their lower bounds."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

import drumhead
from drumhead.fields import Engine
from drumhead.models import ModelConfig, NWMConfig, model_config
from drumhead.models.config import RecurrentConfig
from machine import Rates

SMALL_SIDE = 32
"""Side of the image on which operations are counted: the smallest that no model pads."""


class Variant(NamedTuple):
    """An engine and a precision in which a model is computed."""

    name: str
    engine: Engine
    bf16: bool

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of matrix products."""
        return torch.bfloat16 if self.bf16 else torch.float32

    def precision(self) -> torch.autocast:
        """Return a context in which the model is computed in this precision."""
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16)


PLAIN = Variant("plain", "plain", bf16=False)
FLOAT32 = Variant("float32", "fused", bf16=False)
BF16 = Variant("bf16", "fused", bf16=True)


class Goal(NamedTuple):
    """How a case should compare with the plain engine."""

    float32: float
    """The speed-up in float32."""
    bf16: float
    """The speed-up in bfloat16."""
    memory: int
    """The factor by which memory should be smaller."""


class BatchShape(NamedTuple):
    """The sizes of a batch of images and masks."""

    batch: int
    in_channels: int
    side: int
    classes: int

    @property
    def pixels(self) -> int:
        """The number of pixels in all images together."""
        return self.batch * self.side**2

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Return random images, in channels_last as data loaders give them, and masks; always the same ones."""
        generator = torch.Generator().manual_seed(0)
        images = torch.rand(self.batch, self.in_channels, self.side, self.side, generator=generator)
        masks = torch.randint(self.classes, (self.batch, self.side, self.side), generator=generator)
        return images.contiguous(memory_format=torch.channels_last), masks


class Case(NamedTuple):
    """Training steps, or evaluations, of a model on batches of one shape."""

    name: str
    model: str
    fields: dict[str, Any]
    shape: BatchShape
    goal: Goal | None = None
    evaluation: bool = False

    @property
    def config(self) -> ModelConfig:
        """The model's configuration."""
        return model_config(self.model, **self.fields)

    @property
    def has_engines(self) -> bool:
        """Whether the model has a fused engine."""
        return "engine" in type(self.config).model_fields

    def variants(self, *, plain: bool = True, bf16: bool) -> list[Variant]:
        """Return the variants that exist; a model without a fused engine uses torch's own bfloat16."""
        return [*([PLAIN] if plain else []), *([FLOAT32] if self.has_engines else []), *([BF16] if bf16 else [])]

    def tiny(self) -> Case:
        """Return the same model on two tiny images, with six time steps if it is recurrent."""
        fields = {**self.fields, **({"steps": 6} if "steps" in type(self.config).model_fields else {})}
        return self._replace(shape=self.shape._replace(batch=2, side=16), fields=fields)

    @property
    def operations(self) -> Operations:
        """The operations of the plain engine, counted on one small image: all grow with the number of pixels."""
        small = self.shape._replace(batch=1, side=SMALL_SIDE)
        workload = Workload(self._replace(shape=small), PLAIN)
        with FlopCounterMode(display=False) as counter:
            workload()
        products = counter.get_total_flops() * self.shape.pixels // small.pixels
        return Operations(products, self.coupling_operations)

    @property
    def coupling_operations(self) -> int:
        """The operations of the coupling: a 3x3 convolution in each time step, three in training."""
        if not isinstance(self.config, NWMConfig):
            return 0
        convolution = 2 * 9 * self.config.hidden_channels**2 * self.shape.pixels
        return convolution * self.config.steps * (1 if self.evaluation else 3)

    @property
    def traffic(self) -> int:
        """The bytes that must move: images and masks, and the field each time it is written or read.

        The evolution writes the field and the readout reads it. In training, the readout writes the field's gradient,
        and the evolution's backward pass reads that gradient and the field. Readout ``last`` itself needs no field:
        it is only written and read for the backward pass.
        """
        inputs = (4 * self.shape.in_channels + 8) * self.shape.pixels
        if not isinstance(self.config, RecurrentConfig):
            return inputs
        field = 4 * self.config.steps * self.config.hidden_channels * self.shape.pixels
        evaluation, training = (0, 2) if self.config.readout == "last" else (2, 5)
        return inputs + field * (evaluation if self.evaluation else training)


class Operations(NamedTuple):
    """Multiplications and additions in matrix products and convolutions."""

    total: int
    """All operations."""
    coupling: int
    """Those of the coupling between oscillators, which is always computed in float32."""

    def seconds(self, rates: Rates, *, bf16: bool) -> float:
        """Return how long they take at a machine's peak rates."""
        rate = rates.bfloat16 if bf16 else rates.float32
        assert rate is not None
        return (self.total - self.coupling) / rate + self.coupling / rates.float32


class Workload:
    """A model with its optimiser and a batch of random data; a call computes one step.

    Weights and data are the same for each variant.

    Args:
        case: the model and the data.
        variant: the engine and the precision.
    """

    def __init__(self, case: Case, variant: Variant) -> None:
        self.case, self.variant = case, variant
        config = case.config.replace(engine=variant.engine) if case.has_engines else case.config
        self.model = drumhead.build(config, in_channels=case.shape.in_channels, classes=case.shape.classes)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.images, self.masks = case.shape.tensors()

    def __call__(self) -> None:
        if self.case.evaluation:
            with self.variant.precision():
                self.model.predict(self.images)
            return
        self.optimizer.zero_grad()
        with self.variant.precision():
            loss = self.model.loss(self.images, self.masks)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def seconds(self) -> float:
        """Compute one step and return how long it took."""
        start = time.perf_counter()
        self()
        return time.perf_counter() - start
