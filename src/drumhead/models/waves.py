"""The waves of a few images, stretch by stretch: at any time no more of a field is there than one stretch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from drumhead.fields import WaveState
from drumhead.fields.wave_cpu import Sheets, at_rest
from drumhead.models.sources import Hear, Source, Tell

STRETCH_BYTES = 1 << 27
"""Most of one image's field that is there at a time unless told otherwise: 128 MB; its gradient takes as much again."""


class Waves(Source):
    """Sheets that evolve when they are heard, by the engine fused for CPUs.

    Going back, stretches are computed again from the states at their starts, which are kept; the last one is still
    there.

    Args:
        y0, omega, alpha: ``(image, channel, height, width)``, with what torch recorded of how they were made.
        coupling: ``(channel, channel, 3, 3)``.
        sheets: of these images.
        steps: frames in all.
        stretch: frames at a time; as many as ``STRETCH_BYTES`` hold by default.
    """

    def __init__(
        self,
        y0: Tensor,
        omega: Tensor,
        alpha: Tensor,
        coupling: Tensor,
        *,
        sheets: Sheets,
        steps: int,
        stretch: int | None = None,
    ) -> None:
        self.drum = y0, omega, alpha
        self.coupling = coupling
        self.sheets = sheets
        self.steps = steps
        fitting = STRETCH_BYTES // max(1, y0[:1].numel() * y0.element_size())
        self.stretch = min(steps, stretch or max(1, fitting))
        self.frames = y0.new_empty(self.stretch, *y0.shape[1:])
        self.arriving = torch.empty_like(self.frames)
        self.starts: list[WaveState] = []
        self.incoming = tuple(torch.zeros_like(values, memory_format=torch.contiguous_format) for values in self.drum)
        channels = len(coupling) if coupling.requires_grad else 0
        self.of_coupling = np.zeros((channels, channels, 3, 3))

    @property
    def dtype(self) -> torch.dtype:
        return self.frames.dtype

    @property
    def differentiable(self) -> bool:
        return any(values.requires_grad for values in (*self.drum, self.coupling))

    def play(self, image: int, hear: Hear) -> None:
        state = at_rest(self.drum[0][image])
        self.starts = []
        for start in range(0, self.steps, self.stretch):
            self.starts.append(_copy(state))
            frames = self._frames(start)
            self.sheets.play(image, state, frames)
            hear(frames.flatten(2), start)

    def play_back(self, image: int, tell: Tell) -> None:
        of_y0, of_omega, of_alpha = (values[image] for values in self.incoming)
        carried = WaveState(of_y0, torch.zeros_like(of_y0))
        for number in reversed(range(len(self.starts))):
            start = number * self.stretch
            frames = self._frames(start)
            if number < len(self.starts) - 1:
                self.sheets.play(image, _copy(self.starts[number]), frames)
            if not self.differentiable:
                tell(frames.flatten(2), start, None)
                continue
            arriving = self.arriving[: len(frames)]
            tell(frames.flatten(2), start, arriving.flatten(2))
            self.sheets.play_back(
                image,
                self.starts[number],
                frames,
                arriving,
                carried=carried,
                of_omega=of_omega,
                of_alpha=of_alpha,
                of_coupling=self.of_coupling,
            )

    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        pairs = [(o, g) for o, g in zip(self.drum, self.incoming, strict=True) if o.requires_grad]
        found: list[Tensor | None] = [None] * len(inputs)
        if pairs and inputs:
            outputs, incoming = zip(*pairs, strict=True)
            found = list(torch.autograd.grad(outputs, inputs, incoming, allow_unused=True))
        of_coupling = torch.from_numpy(self.of_coupling).to(self.coupling.dtype)
        return [of_coupling if values is self.coupling else g for values, g in zip(inputs, found, strict=True)]

    def _frames(self, start: int) -> Tensor:
        return self.frames[: self.steps - start]


def _copy(state: WaveState) -> WaveState:
    return WaveState(state.y.clone(), state.z.clone())
