"""The evolution of a batch on a CPU, compiled: one image a thread, as an operator of torch with its gradient.

The operator is ``torch.ops.drumhead.evolve``; :func:`drumhead.fields.evolve` chooses it. It can be traced by
``torch.compile``, checkpointed, and run in inference mode. What is compiled is in
:mod:`drumhead.fields.kernels`, loaded when first needed.
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
from drumhead.fields.wave import Nonlinearity

if TYPE_CHECKING:
    from drumhead.fields.kernels.wave import Sheet


class FieldGradients(NamedTuple):
    """The loss's gradients with respect to what a field follows from, each of its shape, contiguous."""

    y0: Tensor
    omega: Tensor
    alpha: Tensor
    coupling: Tensor


def fill_frames(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    *,
    dt: float,
    boundary: Boundary,
    nonlinearity: Nonlinearity,
    frames: Tensor,
    threads: int,
) -> None:
    """Write the evolution into memory that is there already.

    Args:
        y0, omega, alpha, coupling, dt, boundary, nonlinearity: as in :func:`drumhead.fields.evolve`, CPU tensors of
            one type, float32 or float64. Not checked.
        frames: ``(batch, steps, channel, height, width)``, contiguous.
        threads: how many images at a time; with 1, all on the calling thread. Python's lock is not held meanwhile.
    """
    from drumhead.fields.kernels.wave import forward

    sheets = _sheets(y0, omega, alpha, coupling, dt, boundary, nonlinearity)
    out = _array(frames)
    _share(len(y0), lambda n: forward(sheets(n), out[n]), threads=threads)


def find_gradients(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    *,
    dt: float,
    boundary: Boundary,
    nonlinearity: Nonlinearity,
    frames: Tensor,
    incoming: Tensor,
    of_coupling: bool,
    threads: int,
) -> FieldGradients:
    """The gradients of ``y0``, ``omega``, ``alpha`` and ``coupling`` from the one of ``frames``.

    Args:
        frames: what :func:`fill_frames` wrote for the same arguments.
        incoming: the loss's gradient with respect to ``frames``, any strides.
        of_coupling: whether the coupling's gradient is wanted, a quarter of the work; without it that one is 0.

    Returns:
        The four gradients: the same bits whatever the number of threads.
    """
    from drumhead.fields.kernels.stencils import packed
    from drumhead.fields.kernels.wave import Gradients, adjoint

    sheets = _sheets(y0, omega, alpha, coupling, dt, boundary, nonlinearity)
    kernel, field, arriving = _array(coupling), _array(frames), _array(incoming)
    transposed = packed(kernel[:, :, ::-1, ::-1].swapaxes(0, 1))
    of_y0, of_omega, of_alpha = (np.empty(y0.shape, kernel.dtype) for _ in range(3))
    by_image = np.zeros((len(y0), *(kernel.shape if of_coupling else (0, 0, 3, 3))))

    def run(n: int) -> None:
        gradients = Gradients(of_y0[n], of_omega[n], of_alpha[n], by_image[n])
        adjoint(sheets(n), transposed, *map(np.ascontiguousarray, (field[n], arriving[n])), gradients)

    _share(len(y0), run, threads=threads)
    total = by_image.sum(axis=0).astype(kernel.dtype) if of_coupling else np.zeros_like(kernel)
    return FieldGradients(*map(torch.from_numpy, (of_y0, of_omega, of_alpha, total)))


def _sheets(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    dt: float,
    boundary: Boundary,
    nonlinearity: Nonlinearity,
) -> Callable[[int], Sheet]:
    """What gives the ``n``-th image's sheet."""
    from drumhead.fields.kernels.stencils import packed
    from drumhead.fields.kernels.wave import Sheet

    images, kernel = [_array(values) for values in (y0, omega, alpha)], _array(coupling)
    weights, step, tanh = packed(kernel), kernel.dtype.type(dt), nonlinearity == "tanh"
    code = get_args(Boundary).index(boundary)

    def sheet(n: int) -> Sheet:
        y, stiffness, damping = (np.ascontiguousarray(values[n]) for values in images)
        return Sheet(y, stiffness, damping, weights, step, code, tanh)

    return sheet


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
    fill_frames(
        y0,
        omega,
        alpha,
        coupling,
        dt=dt,
        boundary=boundary,  # type: ignore[arg-type]
        nonlinearity=nonlinearity,  # type: ignore[arg-type]
        frames=frames,
        threads=torch.get_num_threads(),
    )
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
    incoming: Tensor,
    of_coupling: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return find_gradients(
        y0,
        omega,
        alpha,
        coupling,
        dt=dt,
        boundary=boundary,  # type: ignore[arg-type]
        nonlinearity=nonlinearity,  # type: ignore[arg-type]
        frames=frames,
        incoming=incoming,
        of_coupling=of_coupling,
        threads=torch.get_num_threads(),
    )


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
def _(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor, *settings: Any) -> FieldGradients:
    return FieldGradients(*(values.new_empty(values.shape) for values in (y0, omega, alpha, coupling)))


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    y0, omega, alpha, coupling, dt, _, boundary, nonlinearity = inputs
    ctx.save_for_backward(y0, omega, alpha, coupling, output)
    ctx.settings = (dt, boundary, nonlinearity)


def _backward(ctx: Any, incoming: Tensor) -> tuple[Any, ...]:
    *inputs, frames = ctx.saved_tensors
    wanted = ctx.needs_input_grad
    found = _evolve_adjoint(*inputs, *ctx.settings, frames, incoming, wanted[3])
    return *(g if want else None for g, want in zip(found, wanted[:4], strict=True)), None, None, None, None


def _refuse_second(ctx: Any, *incoming: Tensor) -> None:
    raise RuntimeError(
        "the fused evolution cannot be differentiated twice; call drumhead.fields.evolve with engine='plain'"
    )


evolve_fused.register_autograd(_backward, setup_context=_keep)
_evolve_adjoint.register_autograd(_refuse_second)
