"""The evolution of a batch on a CPU by compiled code: a torch operator with its gradient, one image per thread.

The operator is ``torch.ops.drumhead.evolve``; :func:`drumhead.fields.evolve` chooses it. ``torch.compile`` can trace
it, and it works with activation checkpointing and in inference mode. The compiled kernels are in
:mod:`drumhead.fields.cpu.kernels`, which is imported when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drumhead.fields.options import Boundary, Nonlinearity
from drumhead.fields.second_derivative import refuse_second_derivative
from drumhead.fields.wave import WaveState

if TYPE_CHECKING:
    from drumhead.fields.cpu.kernels.wave import OscillatorGrid


class WaveGradients(NamedTuple):
    """The loss's gradients with respect to the arguments of the evolution, each of its argument's shape, contiguous."""

    y0: Tensor
    omega: Tensor
    alpha: Tensor
    coupling: Tensor


class WaveKernel:
    """The compiled evolution of single images of a batch and its adjoint.

    An evolution may be computed in chunks of any number of steps. Several threads may share an instance if each has
    its own images. Python's global interpreter lock is released during a computation.

    Args:
        omega, alpha, coupling, dt, boundary, nonlinearity: As in :func:`drumhead.fields.evolve`; CPU tensors of one
            dtype, float32 or float64. They are not checked.
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
        from drumhead.fields.cpu.kernels.convolutions import pack_weights

        kernel = _array(coupling)
        self.omega, self.alpha = _array(omega), _array(alpha)
        self.coupling = pack_weights(kernel)
        self.transposed = pack_weights(kernel[:, :, ::-1, ::-1].swapaxes(0, 1))
        self.dt = dt
        self.settings = kernel.dtype.type(dt), get_args(Boundary).index(boundary), nonlinearity == "tanh"

    def forward_image(self, image: int, state: WaveState, frames: Tensor) -> None:
        """Fill ``frames`` from a state, and overwrite the state with the one after the last frame.

        Args:
            image: The image's number in the batch.
            state: Position and velocity, ``(channel, height, width)`` each, contiguous.
            frames: ``(time, channel, height, width)``, contiguous.
        """
        from drumhead.fields.cpu.kernels.wave import WaveArrays, wave_forward

        wave_forward(self._grid(image), WaveArrays(*map(_array, state)), _array(frames))

    def backward_image(
        self,
        image: int,
        previous: tuple[Tensor, Tensor],
        frames: Tensor,
        grad_frames: Tensor,
        *,
        pixels: Tensor | None = None,
        grad_state: WaveState,
        grad_omega: Tensor,
        grad_alpha: Tensor,
        grad_coupling: NDArray[np.float64],
    ) -> None:
        """Compute the gradients of an image's parameters and first state from those of its frames and last state.

        Args:
            image: The image's number in the batch.
            previous: The last position before the first frame and the one before it, contiguous.
            frames: All or some consecutive frames that :meth:`forward_image` filled, contiguous.
            grad_frames: The loss's gradient with respect to ``frames``, ``(time, channel, pixel)``.
            pixels: The numbers of the pixels of ``grad_frames`` in the image, int64, each at most once; None for all
                pixels, in order.
            grad_state: The gradient with respect to the state after the last frame, through what follows it;
                overwritten with the gradient with respect to the state before the first frame. Contiguous.
            grad_omega, grad_alpha: The gradients of this image's stiffness and damping are added to these. Contiguous.
            grad_coupling: The gradient of the coupling is added to this, ``(channel, channel, 3, 3)``. If it has no
                elements, this gradient is not computed, which saves a quarter of the work.
        """
        from drumhead.fields.cpu.kernels.wave import ParameterGradients, PreviousPositions, WaveArrays, wave_adjoint

        if pixels is not None and not len(pixels):  # the compiled code would read a gradient at all pixels
            pixels, grad_frames = None, torch.zeros_like(frames).flatten(2)
        frame_arrays = map(np.ascontiguousarray, map(_array, (frames, grad_frames)))
        wave_adjoint(
            self._grid(image),
            self.transposed,
            PreviousPositions(*map(_array, previous)),
            *frame_arrays,
            np.zeros(0, np.int64) if pixels is None else _array(pixels),
            WaveArrays(*map(_array, grad_state)),
            ParameterGradients(_array(grad_omega), _array(grad_alpha), grad_coupling),
        )

    def _grid(self, image: int) -> OscillatorGrid:
        from drumhead.fields.cpu.kernels.wave import OscillatorGrid

        omega, alpha = (np.ascontiguousarray(values[image]) for values in (self.omega, self.alpha))
        return OscillatorGrid(omega, alpha, self.coupling, *self.settings)


def initial_state(y0: Tensor) -> WaveState:
    """Return the state at rest at position ``y0``, as contiguous copies."""
    y = y0.detach().clone(memory_format=torch.contiguous_format)
    return WaveState(y, torch.zeros_like(y))


def forward_batch(y0: Tensor, kernel: WaveKernel, frames: Tensor, *, threads: int) -> None:
    """Compute the evolution of a batch from rest.

    Args:
        y0: As in :func:`drumhead.fields.evolve`.
        kernel: The kernel of this batch.
        frames: Overwritten with the positions, ``(batch, steps, channel, height, width)``, contiguous.
        threads: The number of images computed at a time; with 1, the calling thread computes all.
    """
    _run_images(len(y0), lambda n: kernel.forward_image(n, initial_state(y0[n]), frames[n]), threads=threads)


def backward_batch(
    y0: Tensor, kernel: WaveKernel, frames: Tensor, grad_frames: Tensor, *, needs_grad_coupling: bool, threads: int
) -> WaveGradients:
    """Return the gradients of ``y0``, ``omega``, ``alpha`` and ``coupling``, given the gradient of ``frames``.

    Args:
        y0, kernel, frames: As in :func:`forward_batch`, which has filled the frames.
        grad_frames: The loss's gradient with respect to ``frames``, any strides.
        needs_grad_coupling: Whether to compute the gradient of the coupling; otherwise it is 0.
        threads: The number of images computed at a time.

    Returns:
        The four gradients: the same bits for any number of threads.
    """
    channels = y0.shape[1]
    grad_y0, grad_omega, grad_alpha = (torch.zeros(y0.shape, dtype=y0.dtype) for _ in range(3))
    size = channels if needs_grad_coupling else 0
    grad_coupling_by_image = np.zeros((len(y0), size, size, 3, 3))

    def run(n: int) -> None:
        start = y0[n].detach().contiguous()
        kernel.backward_image(
            n,
            (start, start),  # equal, since the evolution starts at rest
            frames[n],
            grad_frames[n].flatten(2),
            grad_state=WaveState(grad_y0[n], torch.zeros_like(grad_y0[n])),
            grad_omega=grad_omega[n],
            grad_alpha=grad_alpha[n],
            grad_coupling=grad_coupling_by_image[n],
        )

    _run_images(len(y0), run, threads=threads)
    grad_coupling = torch.zeros(channels, channels, 3, 3, dtype=y0.dtype)
    if needs_grad_coupling:
        grad_coupling.copy_(torch.from_numpy(grad_coupling_by_image.sum(axis=0)))
    return WaveGradients(grad_y0, grad_omega, grad_alpha, grad_coupling)


def _array(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = values.numpy(force=True)
    return array


def _run_images(count: int, run: Callable[[int], None], *, threads: int) -> None:
    """Call ``run`` for each of ``count`` images; each thread takes the next image when it is free."""
    if min(count, threads) <= 1:
        for n in range(count):
            run(n)
        return
    # The threads end with this call. So no thread is alive when the process forks between two calls, and no child
    # process waits for a thread that it does not have.
    with ThreadPoolExecutor(min(count, threads)) as pool:
        for _ in pool.map(run, range(count)):  # the loop raises what a thread raised
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
    """Compute :func:`drumhead.fields.evolve` by compiled code, for CPU tensors of one dtype, float32 or float64.

    It computes ``torch.get_num_threads()`` images at a time. For the backward pass it keeps nothing but the arguments
    and the frames. It cannot be differentiated twice.
    """
    frames = y0.new_empty((y0.shape[0], steps, *y0.shape[1:]))
    kernel = WaveKernel(omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)  # type: ignore[arg-type]
    forward_batch(y0, kernel, frames, threads=torch.get_num_threads())
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
    kernel = WaveKernel(omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)  # type: ignore[arg-type]
    threads = torch.get_num_threads()
    return backward_batch(y0, kernel, frames, grad_frames, needs_grad_coupling=needs_grad_coupling, threads=threads)


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


def _save_for_backward(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    y0, omega, alpha, coupling, dt, _, boundary, nonlinearity = inputs
    ctx.save_for_backward(y0, omega, alpha, coupling, output)
    ctx.settings = (dt, boundary, nonlinearity)


def _backward(ctx: Any, grad_frames: Tensor) -> tuple[Any, ...]:
    *inputs, frames = ctx.saved_tensors
    needs_grad = ctx.needs_input_grad[: len(inputs)]
    gradients = _evolve_adjoint(*inputs, *ctx.settings, frames, grad_frames, needs_grad[3])
    return *(g if needed else None for g, needed in zip(gradients, needs_grad, strict=True)), None, None, None, None


evolve_fused.register_autograd(_backward, setup_context=_save_for_backward)
_evolve_adjoint.register_autograd(refuse_second_derivative)
