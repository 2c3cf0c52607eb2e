"""What is measured: models at the paper's sizes, the ways to compute them, and the least any way must do."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

import drumhead
from drumhead.fields.engine import Engine
from drumhead.models import ModelConfig, NWMConfig, model_config
from drumhead.models.recurrent import RecurrentConfig
from machine import Rates

SMALL_SIDE = 32
"""Side of the image on which operations are counted: the smallest that no model pads."""


class Variant(NamedTuple):
    """A way to compute a model."""

    name: str
    engine: Engine
    bf16: bool

    @property
    def dtype(self) -> torch.dtype:
        """In which its products are made."""
        return torch.bfloat16 if self.bf16 else torch.float32

    def precision(self) -> torch.autocast:
        """A context in which its products are made."""
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16)


PLAIN = Variant("plain", "plain", bf16=False)
FLOAT32 = Variant("float32", "fused", bf16=False)
BF16 = Variant("bf16", "fused", bf16=True)


class Goal(NamedTuple):
    """How many times faster, and with what part of the memory, a case should be computed."""

    float32: float
    bf16: float
    memory: int
    """One part of so many of what the plain model needs."""


class Data(NamedTuple):
    """Sizes of a batch of images and masks."""

    batch: int
    in_channels: int
    side: int
    classes: int

    @property
    def pixels(self) -> int:
        """In all images together."""
        return self.batch * self.side**2

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Random images, in memory as loaders give them, and masks; always the same."""
        generator = torch.Generator().manual_seed(0)
        images = torch.rand(self.batch, self.in_channels, self.side, self.side, generator=generator)
        masks = torch.randint(self.classes, (self.batch, self.side, self.side), generator=generator)
        return images.contiguous(memory_format=torch.channels_last), masks


class Case(NamedTuple):
    """Training steps, or predictions, of a model on images of some size."""

    name: str
    model: str
    fields: dict[str, Any]
    data: Data
    goal: Goal | None = None
    evaluation: bool = False

    @property
    def config(self) -> ModelConfig:
        """The model's configuration."""
        return model_config(self.model, **self.fields)

    @property
    def has_engines(self) -> bool:
        """Whether the model offers another way than plain torch."""
        return "engine" in type(self.config).model_fields

    def variants(self, *, plain: bool = True, bf16: bool) -> list[Variant]:
        """The ways to compute it; a model without engines has bfloat16 as torch itself does it."""
        return [*([PLAIN] if plain else []), *([FLOAT32] if self.has_engines else []), *([BF16] if bf16 else [])]

    def tiny(self) -> Case:
        """The same model on two tiny images, six steps in time if it has any."""
        fields = {**self.fields, **({"steps": 6} if "steps" in type(self.config).model_fields else {})}
        return self._replace(data=self.data._replace(batch=2, side=16), fields=fields)

    @property
    def operations(self) -> Operations:
        """Of the plain definition, counted on one small image: all of them grow with the number of pixels."""
        small = self.data._replace(batch=1, side=SMALL_SIDE)
        work = Work(self._replace(data=small), PLAIN)
        with FlopCounterMode(display=False) as counter:
            work()
        products = counter.get_total_flops() * self.data.pixels // small.pixels
        return Operations(products, self.coupling_operations)

    @property
    def coupling_operations(self) -> int:
        """Of the convolutions between oscillators: 3x3 from each channel to each, in each step; thrice in training."""
        if not isinstance(self.config, NWMConfig):
            return 0
        sheet = 2 * 9 * self.config.hidden_channels**2 * self.data.pixels
        return sheet * self.config.steps * (1 if self.evaluation else 3)

    @property
    def traffic(self) -> int:
        """Bytes that must move: images and masks, and each time a field that is kept is written or read.

        It is written by the evolution and read by the readout; in training its gradient is written by the one and read
        by the other, which reads the field once more. Readout ``last`` needs the field for its gradient alone.
        """
        inputs = (4 * self.data.in_channels + 8) * self.data.pixels
        if not isinstance(self.config, RecurrentConfig):
            return inputs
        field = 4 * self.config.steps * self.config.hidden_channels * self.data.pixels
        evaluation, training = (0, 2) if self.config.readout == "last" else (2, 5)
        return inputs + field * (evaluation if self.evaluation else training)


class Operations(NamedTuple):
    """Multiplications and additions of matrix products and convolutions."""

    total: int
    """All of them."""
    coupling: int
    """Those between oscillators, which are computed in float32 always."""

    def seconds(self, rates: Rates, *, bf16: bool) -> float:
        """How long they take at the best rates of a machine."""
        rate = rates.bfloat16 if bf16 else rates.float32
        assert rate is not None
        return (self.total - self.coupling) / rate + self.coupling / rates.float32


class Work:
    """A model with its optimiser and a batch of random data, the same for each variant. A call is one step of it.

    Args:
        case: what is computed.
        variant: how.
    """

    def __init__(self, case: Case, variant: Variant) -> None:
        self.case, self.variant = case, variant
        config = case.config.replace(engine=variant.engine) if case.has_engines else case.config
        self.model = drumhead.build(config, in_channels=case.data.in_channels, classes=case.data.classes)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.images, self.masks = case.data.tensors()

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
        """How long one step takes."""
        begin = time.perf_counter()
        self()
        return time.perf_counter() - begin
