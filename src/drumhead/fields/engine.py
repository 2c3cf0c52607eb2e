"""The choice of an engine: the definitions in plain torch, or the same computations compiled for a CPU or a GPU.

The rule is the same for the evolution of a field (:mod:`drumhead.fields.evolution`) and for the loss and predictions of
a model (:mod:`drumhead.models.engine`): ``plain`` and ``fused`` force an engine; ``auto`` takes the fused one if it can
run.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils._python_dispatch import _get_current_dispatch_mode

from drumhead.fields.options import Engine

MIN_CAPABILITY = (8, 0)
"""The lowest compute capability of GPUs that the kernels are compiled for: that of the A100."""

MIN_TRITON = (3, 7)
"""The oldest Triton whose compiler the kernels were tried with."""


def use_fused(engine: Engine, find_unsupported_reason: Callable[[], str | None]) -> bool:
    """Return whether to use the fused engine.

    Args:
        engine: The requested engine.
        find_unsupported_reason: Returns why the fused engine cannot run here, or None if it can. It is not called
            for ``engine="plain"``.

    Raises:
        ValueError: If ``engine`` is ``"fused"`` and the fused engine cannot run here.
    """
    if engine == "plain":
        return False
    reason = find_unsupported_reason()
    if reason and engine == "fused":
        raise ValueError(f"engine='fused' cannot run here: {reason}; use engine='plain' or 'auto'")
    return reason is None


def observation_reason() -> str | None:
    """Return what observes or transforms single torch operations now, as the end of a sentence; None if nothing does.

    Compiled code is a single operation to torch. So anything that records or transforms single operations misses what
    it computes, or fails: forward-mode differentiation, ``torch.func``, ``torch.jit.trace``, ``torch.export``, ONNX
    export and operation counters. ``torch.compile`` is supported: it calls the compiled code.
    """
    if torch.compiler.is_compiling():
        return "torch.export records single operations" if _is_exporting() else None
    if torch._C._get_tracing_state() is not None:
        return "torch.jit.trace records single operations"
    if forward_ad._current_level >= 0:
        return "it has no forward-mode derivatives"
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return "it supports no transformation of torch.func"
    mode = _get_current_dispatch_mode()
    if mode is not None:
        return f"{type(mode).__name__} observes single operations"
    return None


def _is_exporting() -> bool:
    """Return whether ``torch.export`` is running; False before torch 2.7, which does not report it."""
    is_exporting = getattr(torch.compiler, "is_exporting", None)
    return is_exporting is not None and bool(is_exporting())


def evolution_unsupported_reason(y0: Tensor, *others: Tensor) -> str | None:
    """Return why the fused engine cannot evolve these tensors, as the end of a sentence; None if it can.

    Args:
        y0: The initial position.
        *others: The stiffness, damping and coupling.
    """
    if reason := observation_reason() or device_unsupported_reason(y0.device, y0.dtype):
        return reason
    for values in others:
        if values.device != y0.device or values.dtype != y0.dtype:
            return (
                f"it needs tensors of one device and dtype, got {y0.device} {y0.dtype} and "
                f"{values.device} {values.dtype}"
            )
    if 0 in y0.shape[1:]:
        return f"it needs at least one channel, row and column, got shape {tuple(y0.shape)}"
    return compiler_failure(y0.device)


def device_unsupported_reason(device: torch.device, dtype: torch.dtype) -> str | None:
    """Return why the fused engine cannot compute on a device in a dtype, as the end of a sentence; None if it can.

    >>> device_unsupported_reason(torch.device("cuda"), torch.float64)
    'on a GPU it needs float32, got torch.float64'
    """
    if device.type not in ("cpu", "cuda"):
        return f"it needs tensors on the CPU or on a CUDA device, got one on {device}"
    if device.type == "cuda" and dtype != torch.float32:
        return f"on a GPU it needs float32, got {dtype}"
    if dtype not in (torch.float32, torch.float64):
        return f"it needs float32 or float64, got {dtype}"
    return None


def compiler_failure(device: torch.device) -> str | None:
    """Return why the code for a device cannot be compiled, as the end of a sentence; None if it can."""
    return triton_failure(device) if device.type == "cuda" else numba_failure()


def triton_failure(device: torch.device) -> str | None:
    """Return why Triton cannot compile for a CUDA device, as the end of a sentence; None if it can.

    Builds of torch for CUDA on Linux come with Triton.
    """
    if torch.version.hip is not None:
        return "it supports GPUs of NVIDIA, and this build of torch is for AMD"
    if (capability := torch.cuda.get_device_capability(device)) < MIN_CAPABILITY:
        return f"it needs a GPU of compute capability {_dotted(MIN_CAPABILITY)}, got {_dotted(capability)}"
    try:
        import triton
    except ImportError as error:
        return f"it needs Triton, and importing that failed ({error})"
    if (version := tuple(int(part) for part in triton.__version__.split(".")[:2])) < MIN_TRITON:
        return f"it needs Triton {_dotted(MIN_TRITON)}, got {_dotted(version)}"
    return None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def numba_failure() -> str | None:
    """Return why Numba cannot be imported, as the end of a sentence; None if it can.

    Numba is imported here and not at the top of the file, because that takes most of a second.
    """
    try:
        import numba  # noqa: F401
    except ImportError as error:
        return f"it needs Numba, and importing that failed ({error})"
    return None
