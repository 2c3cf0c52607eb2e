"""The evolution of a batch on a GPU by Triton kernels: a torch operator with its gradient.

The operator is ``torch.ops.drumhead.evolve_cuda``; :func:`drumhead.fields.evolve` chooses it. It starts from any
position and velocity and returns the last velocity, so that a long evolution can be computed in chunks
(:mod:`drumhead.fields.chunked_evolution`). ``torch.compile`` can trace it, and CUDA graphs can record it. Sums over
pixels and images have a fixed order: on one GPU, results are the same to the last bit.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor

from drumhead.fields.cuda.boundary_codes import BOUNDARY_CODES
from drumhead.fields.cuda.launch_plan import (
    BACKWARD_ARRAYS,
    FORWARD_ARRAYS,
    PRODUCT_PRECISION,
    LaunchPlan,
    find_processor,
    images_per_launch,
    make_plan,
)
from drumhead.fields.second_derivative import refuse_second_derivative


class StateGradients(NamedTuple):
    """The loss's gradients with respect to the arguments of the evolution, each of its argument's shape, contiguous."""

    y: Tensor
    z: Tensor
    omega: Tensor
    alpha: Tensor
    coupling: Tensor


class WaveProblem:
    """The evolution of a batch and its adjoint, as launches of kernels.

    Args:
        y, z: Position and velocity at the start, ``(batch, channel, height, width)``, float32, on one GPU. On a CPU,
            Triton's interpreter has to run, see :mod:`drumhead.fields.cuda.kernels`.
        omega, alpha, coupling, dt, boundary, nonlinearity: As in :func:`drumhead.fields.evolve`.
        plan: How to split the work; None: by the sizes.
    """

    def __init__(
        self,
        y: Tensor,
        z: Tensor,
        omega: Tensor,
        alpha: Tensor,
        coupling: Tensor,
        *,
        dt: float,
        boundary: str,
        nonlinearity: str,
        plan: LaunchPlan | None = None,
    ) -> None:
        self.y, self.z, self.omega, self.alpha = (each.detach().contiguous() for each in (y, z, omega, alpha))
        self.batch, self.channels, *self.size = y.shape
        self.taps = coupling.detach().permute(2, 3, 0, 1).reshape(9, self.channels, self.channels).contiguous()
        self.zero = torch.zeros(1, dtype=torch.int32, device=y.device)
        self.dt = dt
        self.plan = plan or make_plan(*y.shape[1:])
        self.options: dict[str, Any] = {
            "CHANNELS": self.channels,
            "OWN": self.plan.channel_block,
            "ROWS": self.plan.rows,
            "COLUMNS": self.plan.columns,
            "BOUNDARY": BOUNDARY_CODES[boundary],
            "TANH": nonlinearity == "tanh",
            "DOT": self.plan.dot,
            "PRECISION": PRODUCT_PRECISION,
            "num_warps": self.plan.warps,
            # Loads must not move ahead of the stores of the step before.
            "num_stages": 1,
        }

    def forward(self, steps: int) -> tuple[Tensor, Tensor]:
        """Return the frames, ``(batch, steps, channel, height, width)``, and the last velocity."""
        frames = self.y.new_empty((self.batch, steps, *self.y.shape[1:]))
        z_end = self.z.clone()
        if not frames.numel():
            return frames, z_end
        with _current_device(self.y):
            if self.plan.whole_images:
                from drumhead.fields.cuda.kernels.whole_images import evolve_images

                evolve_images[self.batch,](
                    self.y, self.z, self.omega, self.alpha, self.taps, frames, z_end, self.zero, self.dt, steps,
                    *self.size, **self.options,
                )  # fmt: skip
                return frames, z_end
            from drumhead.fields.cuda.kernels.single_steps import evolve_step

            for first, grid in self._launches(FORWARD_ARRAYS):
                for t in range(steps):
                    evolve_step[grid](
                        self.y, self.omega, self.alpha, self.taps, frames, z_end, self.dt, first, t, steps, *self.size,
                        **self.options,
                    )  # fmt: skip
        return frames, z_end

    def backward(
        self, frames: Tensor, grad_frames: Tensor, grad_z_end: Tensor, *, needs_grad_coupling: bool
    ) -> StateGradients:
        """Return the gradients of the arguments, given those of the frames and of the last velocity.

        Without ``needs_grad_coupling``, the gradient of the coupling is 0.
        """
        frames, grad_frames = frames.contiguous(), grad_frames.contiguous()
        grad_y, grad_omega, grad_alpha = (torch.zeros_like(self.y) for _ in range(3))
        grad_z = grad_z_end.clone(memory_format=torch.contiguous_format)
        partial = self.y.new_zeros((self._parts(), 9, self.channels, self.channels))
        options = {**self.options, "GROUPS": self.plan.groups, "WITH_SUMS": needs_grad_coupling}
        arguments = (self.y, self.z, self.omega, self.alpha, self.taps, frames, grad_frames)
        gradients = (grad_y, grad_z, grad_omega, grad_alpha, partial)
        numbers = (self.dt, 1 / self.dt)
        steps = frames.shape[1]
        if frames.numel():
            with _current_device(self.y):
                if self.plan.whole_images:
                    from drumhead.fields.cuda.kernels.whole_images import evolve_images_adjoint

                    exchange = self.y.new_empty((self.batch, 2, *self.y.shape[1:]))
                    evolve_images_adjoint[self.batch,](
                        *arguments,
                        grad_z.clone(),
                        exchange,
                        *gradients,
                        self.zero,
                        *numbers,
                        steps,
                        *self.size,
                        **options,
                    )
                else:
                    from drumhead.fields.cuda.kernels.single_steps import evolve_step_adjoint

                    lu = torch.empty_like(self.y), torch.empty_like(self.y)
                    for first, grid in self._launches(BACKWARD_ARRAYS):
                        for t in range(steps - 1, -2, -1):
                            evolve_step_adjoint[grid](
                                *arguments, lu[t % 2], lu[1 - t % 2], *gradients, *numbers, first, t, steps, *self.size,
                                **options,
                            )  # fmt: skip
        taps = partial.sum(0, dtype=torch.float64).to(self.y.dtype)
        coupling = taps.permute(1, 2, 0).reshape(self.channels, self.channels, 3, 3)
        return StateGradients(grad_y, grad_z, grad_omega, grad_alpha, coupling)

    def _launches(self, arrays: int) -> list[tuple[int, tuple[int, int, int]]]:
        """Return the first image and the grid of programs of each group of images that takes its steps together."""
        together = self._together(arrays)
        blocks = self.plan.tiles(*self.size), self.plan.channel_blocks(self.channels)
        return [(first, (*blocks, min(together, self.batch - first))) for first in range(0, self.batch, together)]

    def _together(self, arrays: int) -> int:
        processor = find_processor(self.y.device)
        return images_per_launch(self.plan, shape=self.y.shape, arrays=arrays, processor=processor)

    def _parts(self) -> int:
        """Return the number of parts of the coupling's gradient: one for each program that adds to one of its own."""
        if self.plan.whole_images:
            return self.batch
        return self._together(BACKWARD_ARRAYS) * self.plan.tiles(*self.size)


def evolve_fused(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    dt: float,
    steps: int,
    boundary: str,
    nonlinearity: str,
) -> Tensor:
    """Compute :func:`drumhead.fields.evolve` by Triton kernels, for float32 tensors on a GPU.

    For the backward pass it keeps nothing but the arguments and the frames. It cannot be differentiated twice.
    """
    frames, _ = evolve_from(y0, torch.zeros_like(y0), omega, alpha, coupling, dt, steps, boundary, nonlinearity)
    result: Tensor = frames
    return result


def _current_device(values: Tensor) -> AbstractContextManager[object]:
    """Return a context in which the tensor's GPU is the current one, where Triton launches."""
    return torch.cuda.device(values.device) if values.is_cuda else nullcontext()


@torch.library.custom_op("drumhead::evolve_cuda", mutates_args=())
def evolve_from(
    y: Tensor,
    z: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    dt: float,
    steps: int,
    boundary: str,
    nonlinearity: str,
) -> tuple[Tensor, Tensor]:
    """Return the frames after a state and the last velocity, see :class:`WaveProblem`."""
    problem = WaveProblem(y, z, omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)
    return problem.forward(steps)


@torch.library.custom_op("drumhead::evolve_cuda_adjoint", mutates_args=())
def _evolve_adjoint(
    y: Tensor,
    z: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    dt: float,
    boundary: str,
    nonlinearity: str,
    frames: Tensor,
    grad_frames: Tensor,
    grad_z_end: Tensor,
    needs_grad_coupling: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    problem = WaveProblem(y, z, omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)
    return problem.backward(frames, grad_frames, grad_z_end, needs_grad_coupling=needs_grad_coupling)


@evolve_from.register_fake
def _(
    y: Tensor,
    z: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    dt: float,
    steps: int,
    boundary: str,
    nonlinearity: str,
) -> tuple[Tensor, Tensor]:
    return y.new_empty((y.shape[0], steps, *y.shape[1:])), y.new_empty(y.shape)


@_evolve_adjoint.register_fake
def _(y: Tensor, z: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor, *settings: Any) -> StateGradients:
    return StateGradients(*(values.new_empty(values.shape) for values in (y, z, omega, alpha, coupling)))


def _save_for_backward(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, dt, _, boundary, nonlinearity = inputs
    ctx.save_for_backward(*tensors, output[0])
    ctx.settings = (dt, boundary, nonlinearity)


def _backward(ctx: Any, grad_frames: Tensor, grad_z_end: Tensor) -> tuple[Any, ...]:
    *inputs, frames = ctx.saved_tensors
    needs_grad = ctx.needs_input_grad[: len(inputs)]
    gradients = _evolve_adjoint(*inputs, *ctx.settings, frames, grad_frames, grad_z_end, needs_grad[4])
    return *(g if needed else None for g, needed in zip(gradients, needs_grad, strict=True)), None, None, None, None


evolve_from.register_autograd(_backward, setup_context=_save_for_backward)
_evolve_adjoint.register_autograd(refuse_second_derivative)
