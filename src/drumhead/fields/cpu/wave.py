"""The evolution of a batch on a CPU, compiled: one image a thread, as an operator of torch with its gradient.

The operator is ``torch.ops.drumhead.evolve``; :func:`drumhead.fields.evolve` chooses it. It can be traced by
``torch.compile``, checkpointed, and run in inference mode. What is compiled is in
:mod:`drumhead.fields.cpu.kernels`, loaded when first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drumhead.fields.boundaries import Boundary
from drumhead.fields.wave import Nonlinearity, WaveState

if TYPE_CHECKING:
    from drumhead.fields.cpu.kernels.wave import OscillatorGrid


class WaveGradients(NamedTuple):
    """The loss's gradients with respect to what a field follows from, each of its shape, contiguous."""

    y0: Tensor
    omega: Tensor
    alpha: Tensor
    coupling: Tensor


class WaveKernel:
    """The sheets of a batch, each evolving by itself, forth and back, in as many pieces as wanted.

    Threads may share one, each with images of its own. Python's lock is not held while a sheet evolves.

    Args:
        omega, alpha, coupling, dt, boundary, nonlinearity: as in :func:`drumhead.fields.evolve`, CPU tensors of one
            type, float32 or float64. Not checked.
    """

    def __init__(
        self,
        omega: Tensor,
        alpha: Tensor,
        coupling: Tensor,
        *,
        dt: float,
        boundary: Boundary,
        nonlinearity: Nonlinearity,
    ) -> None:
        from drumhead.fields.cpu.kernels.convolutions import packed

        kernel = _array(coupling)
        self.omega, self.alpha = _array(omega), _array(alpha)
        self.weights = packed(kernel)
        self.transposed = packed(kernel[:, :, ::-1, ::-1].swapaxes(0, 1))
        self.dt = dt
        self.settings = kernel.dtype.type(dt), get_args(Boundary).index(boundary), nonlinearity == "tanh"

    def forward_image(self, image: int, state: WaveState, frames: Tensor) -> None:
        """Fill ``frames`` from a state, and move the state to its end.

        Args:
            image: number of the image in the batch.
            state: ``(channel, height, width)`` each, contiguous.
            frames: ``(time, channel, height, width)``, contiguous.
        """
        from drumhead.fields.cpu.kernels.wave import State, forward

        forward(self._sheet(image), State(*map(_array, state)), _array(frames))

    def backward_image(
        self,
        image: int,
        past: tuple[Tensor, Tensor],
        frames: Tensor,
        grad_frames: Tensor,
        *,
        pixels: Tensor | None = None,
        grad_state: WaveState,
        grad_omega: Tensor,
        grad_alpha: Tensor,
        grad_coupling: NDArray[np.float64],
    ) -> None:
        """The gradients from the one of frames that :meth:`forward_image` filled.

        Args:
            image: number of the image in the batch.
            past: the last two positions before the frames, the later one first, contiguous.
            frames: what :meth:`forward_image` filled, or some of it, contiguous.
            grad_frames: the loss's gradient with respect to ``frames``, by what reads them,
                ``(time, channel, pixel)``.
            pixels: the numbers of the pixels at which it is given, int64, each once; all by default.
            grad_state: its gradient with respect to the state at their end, by what comes later; becomes the gradient
                with respect to the state before them.
            grad_omega, grad_alpha: where the gradients of this image's stiffness and damping are added, contiguous.
            grad_coupling: where the coupling's is added; with no elements it is left out, a quarter of the work.
        """
        from drumhead.fields.cpu.kernels.wave import Gradients, Past, State, adjoint

        arrays = map(np.ascontiguousarray, map(_array, (frames, grad_frames)))
        places = np.zeros(0, np.int64) if pixels is None else _array(pixels)
        gradients = Gradients(_array(grad_omega), _array(grad_alpha), grad_coupling)
        positions = Past(*map(_array, past)), *arrays, places, State(*map(_array, grad_state))
        adjoint(self._sheet(image), self.transposed, *positions, gradients)

    def _sheet(self, image: int) -> OscillatorGrid:
        from drumhead.fields.cpu.kernels.wave import OscillatorGrid

        omega, alpha = (np.ascontiguousarray(values[image]) for values in (self.omega, self.alpha))
        return OscillatorGrid(omega, alpha, self.weights, *self.settings)


def initial_state(y0: Tensor) -> WaveState:
    """The state in which a sheet is let go from ``y0``, contiguous and in memory of its own."""
    y = y0.detach().clone(memory_format=torch.contiguous_format)
    return WaveState(y, torch.zeros_like(y))


def forward_batch(y0: Tensor, sheets: WaveKernel, frames: Tensor, *, threads: int) -> None:
    """Write the evolution of a batch from rest into memory that is there already.

    Args:
        y0: as in :func:`drumhead.fields.evolve`.
        sheets: of the batch.
        frames: ``(batch, steps, channel, height, width)``, contiguous.
        threads: how many images at a time; with 1, all on the calling thread.
    """
    _share(len(y0), lambda n: sheets.forward_image(n, initial_state(y0[n]), frames[n]), threads=threads)


def backward_batch(
    y0: Tensor, sheets: WaveKernel, frames: Tensor, grad_frames: Tensor, *, needs_grad_coupling: bool, threads: int
) -> WaveGradients:
    """The gradients of ``y0``, ``omega``, ``alpha`` and ``coupling`` from the one of ``frames``.

    Args:
        y0, sheets, frames: as in :func:`forward_batch`, the frames filled.
        grad_frames: the loss's gradient with respect to ``frames``, any strides.
        needs_grad_coupling: whether the coupling's gradient is wanted; without it that one is 0.
        threads: how many images at a time.

    Returns:
        The four gradients: the same bits whatever the number of threads.
    """
    channels = y0.shape[1]
    grad_y0, grad_omega, grad_alpha = (torch.zeros(y0.shape, dtype=y0.dtype) for _ in range(3))
    size = channels if needs_grad_coupling else 0
    grad_coupling_by_image = np.zeros((len(y0), size, size, 3, 3))

    def run(n: int) -> None:
        start = y0[n].detach().contiguous()
        grad_state = WaveState(grad_y0[n], torch.zeros_like(grad_y0[n]))
        sheets.backward_image(
            n,
            (start, start),  # at rest
            frames[n],
            grad_frames[n].flatten(2),
            grad_state=grad_state,
            grad_omega=grad_omega[n],
            grad_alpha=grad_alpha[n],
            grad_coupling=grad_coupling_by_image[n],
        )

    _share(len(y0), run, threads=threads)
    total = torch.zeros(channels, channels, 3, 3, dtype=y0.dtype)
    if needs_grad_coupling:
        total.copy_(torch.from_numpy(grad_coupling_by_image.sum(axis=0)))
    return WaveGradients(grad_y0, grad_omega, grad_alpha, total)


def _array(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = values.numpy(force=True)
    return array


def _share(count: int, run: Callable[[int], None], *, threads: int) -> None:
    """Call ``run`` for each of ``count`` images, each thread taking the next as it gets free."""
    if min(count, threads) <= 1:
        for n in range(count):
            run(n)
        return
    # Threads of one call: none is alive when a process forks between calls, so no child waits for one it lacks.
    with ThreadPoolExecutor(min(count, threads)) as pool:
        for _ in pool.map(run, range(count)):  # raises here what was raised there
            pass


@torch.library.custom_op("drumhead::evolve", mutates_args=(), device_types="cpu")
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
    """:func:`drumhead.fields.evolve`, compiled, for CPU tensors of one type, float32 or float64.

    As many images at a time as ``torch.get_num_threads()``. Its gradient keeps nothing but the arguments and the
    frames. It cannot be differentiated twice.
    """
    frames = y0.new_empty((y0.shape[0], steps, *y0.shape[1:]))
    sheets = WaveKernel(omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)  # type: ignore[arg-type]
    forward_batch(y0, sheets, frames, threads=torch.get_num_threads())
    return frames


@torch.library.custom_op("drumhead::evolve_adjoint", mutates_args=(), device_types="cpu")
def _evolve_adjoint(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    dt: float,
    boundary: str,
    nonlinearity: str,
    frames: Tensor,
    grad_frames: Tensor,
    needs_grad_coupling: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    sheets = WaveKernel(omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)  # type: ignore[arg-type]
    threads = torch.get_num_threads()
    return backward_batch(y0, sheets, frames, grad_frames, needs_grad_coupling=needs_grad_coupling, threads=threads)


@evolve_fused.register_fake
def _(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    dt: float,
    steps: int,
    boundary: str,
    nonlinearity: str,
) -> Tensor:
    return y0.new_empty((y0.shape[0], steps, *y0.shape[1:]))


@_evolve_adjoint.register_fake
def _(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor, *settings: Any) -> WaveGradients:
    return WaveGradients(*(values.new_empty(values.shape) for values in (y0, omega, alpha, coupling)))


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    y0, omega, alpha, coupling, dt, _, boundary, nonlinearity = inputs
    ctx.save_for_backward(y0, omega, alpha, coupling, output)
    ctx.settings = (dt, boundary, nonlinearity)


def _backward(ctx: Any, grad_frames: Tensor) -> tuple[Any, ...]:
    *inputs, frames = ctx.saved_tensors
    wanted = ctx.needs_input_grad
    found = _evolve_adjoint(*inputs, *ctx.settings, frames, grad_frames, wanted[3])
    return *(g if want else None for g, want in zip(found, wanted[:4], strict=True)), None, None, None, None


def _refuse_second(ctx: Any, *grad_frames: Tensor) -> None:
    raise RuntimeError(
        "the fused evolution cannot be differentiated twice; call drumhead.fields.evolve with engine='plain'"
    )


evolve_fused.register_autograd(_backward, setup_context=_keep)
_evolve_adjoint.register_autograd(_refuse_second)
