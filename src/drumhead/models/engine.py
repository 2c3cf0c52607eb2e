"""Whether the fused engine can compute the loss and predictions of a model.

The rule by which an engine is chosen is in :mod:`drumhead.fields.engine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules import module as module_hooks
from torch.nn.utils.parametrize import is_parametrized

from drumhead.fields.engine import compiler_failure, device_unsupported_reason, observation_reason
from drumhead.models.readout_head import ReadoutHead
from drumhead.models.readouts import READOUTS


def loss_unsupported_reason(
    tensors: Sequence[Tensor], modules: Mapping[str, nn.Module], head: ReadoutHead
) -> str | None:
    """Return why the fused engine cannot compute this, as the end of a sentence; None if it can.

    Args:
        tensors: The images and all parameters of the model.
        modules: The modules inside the model, by name.
        head: The readout and the layers after it.
    """
    device = tensors[0].device
    if reason := observation_reason() or modules_unsupported_reason(modules):
        return reason
    if device.type == "cpu" and (reason := head_unsupported_reason(head)):
        return reason
    if torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") != torch.bfloat16:
        return f"under autocast it supports bfloat16, got {torch.get_autocast_dtype('cpu')}"
    parameters = head.parameters
    for tensor in (*tensors, *parameters):
        if tensor.device != device:
            return f"it needs all tensors on one device, got {device} and {tensor.device}"
        if reason := device_unsupported_reason(tensor.device, tensor.dtype):
            return reason
        if tensor.dtype not in (torch.float32, torch.float64) or tensor.dtype != parameters[0].dtype:
            return f"it needs all of float32 or all of float64, got {parameters[0].dtype} and {tensor.dtype}"
    return compiler_failure(device)


def modules_unsupported_reason(modules: Mapping[str, nn.Module]) -> str | None:
    """Return which module the fused engine cannot compute as it is, as the end of a sentence; None if there is none.

    The fused engine reads the parameters of modules instead of calling them, or calls them on a few images at a time.
    So hooks would not see what they expect, and weights that a hook or a parametrization computes would be stale.
    """
    if has_global_hooks():
        return "it does not call the hooks that are registered for all modules"
    for name, module in modules.items():
        if has_hooks(module):
            return f"it does not call the hooks of {name}"
        if is_parametrized(module):
            return f"it does not compute the parametrization of {name}"
    return None


def has_global_hooks() -> bool:
    """Return whether hooks are registered for all modules."""
    return bool(
        module_hooks._global_forward_hooks
        or module_hooks._global_forward_pre_hooks
        or module_hooks._global_backward_hooks
        or module_hooks._global_backward_pre_hooks
    )


def has_hooks(module: nn.Module) -> bool:
    """Return whether hooks are registered that a call of the module or its backward pass runs."""
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    )


def head_unsupported_reason(head: ReadoutHead) -> str | None:
    """Return why the fused engine cannot compute this head, as the end of a sentence; None if it can."""
    if type(head.readout) not in READOUTS.values():
        return f"it supports the readouts {', '.join(READOUTS)}, got a {type(head.readout).__name__}"
    first, *rest = [layer for layer in head.layers if type(layer) is not nn.ReLU]
    is_relu = [type(layer) is nn.ReLU for layer in head.layers[1 if head.linear_first else 0 :]]
    alternating = is_relu == [number % 2 == 1 for number in range(len(is_relu))] and not is_relu[-1]
    pointwise = type(first) is nn.Linear or (isinstance(first, nn.Conv2d) and first.kernel_size == (1, 1))
    with_bias = all(getattr(layer, "bias", None) is not None for layer in (first, *rest))
    if alternating and pointwise and with_bias and all(type(layer) is nn.Linear for layer in rest):
        return None
    names = ", ".join(type(layer).__name__ for layer in head.layers)
    return f"it needs linear layers with a bias and a ReLU between two layers, got {names}"
