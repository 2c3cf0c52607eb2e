"""From a field to the loss, or to logits, on a CPU without any activation of the whole batch.

The same computation as ``pixel_network(readout(field))`` and its cross-entropy, on chunks of pixels whose
intermediate results stay in cache, forward and backward at once: what is kept for the backward pass is gradients
alone. The threads torch is set to each take chunks; the sums do not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from drumhead.models.kernels.chunks import chunks_of, parts_of
from drumhead.models.kernels.hearing import HearingKernel
from drumhead.models.kernels.threads import run_parts, torch_on_one_thread
from drumhead.models.pixel_network import PixelNetwork
from drumhead.models.readouts import READOUTS, Readout


def fused_loss(
    field: Tensor, targets: Tensor, weights: Tensor, *, readout: Readout, pixel_network: PixelNetwork
) -> Tensor:
    """The weighted sum over pixels of the cross-entropy of ``pixel_network(readout(field))``, a scalar.

    Gradients flow to the field and to the parameters, and are made at once if they are needed at all; they cannot be
    differentiated again.

    Args:
        field: ``(batch, time, channel, height, width)``, float32 or float64, on the CPU.
        targets: classes, int64 ``(batch, height, width)``.
        weights: what each pixel counts for, of the field's type, ``(batch, height, width)``; a pixel of weight 0 costs
            nothing. It gets no gradient.
        readout: one of :mod:`drumhead.models.readouts`.
        pixel_network: what follows it. Forward hooks on either are not called.

    Raises:
        ValueError: where :func:`obstacle` finds one.

    >>> from drumhead.models.readouts import build_readout
    >>> field, masks = torch.zeros(1, 8, 2, 5, 7), torch.zeros(1, 5, 7, dtype=torch.int64)
    >>> readout = build_readout("linear", steps=8, channels=2)
    >>> network = PixelNetwork(readout.features, 3, widths=[16])
    >>> loss = fused_loss(field, masks, torch.ones(1, 5, 7) / 35, readout=readout, pixel_network=network)
    >>> torch.testing.assert_close(loss, nn.functional.cross_entropy(network(readout(field)), masks))
    """
    _check(field, readout, pixel_network)
    parameters = _parameters(readout, pixel_network)
    recording = torch.is_grad_enabled()
    loss: Tensor = _pixel_loss(
        field,
        targets,
        weights,
        parameters,
        readout.name,
        recording and field.requires_grad,
        recording and any(parameter.requires_grad for parameter in parameters),
    )[0]
    return loss


def fused_logits(field: Tensor, *, readout: Readout, pixel_network: PixelNetwork) -> Tensor:
    """``pixel_network(readout(field))``, ``(batch, class, height, width)``, without gradients.

    Args:
        field, readout, pixel_network: as in :func:`fused_loss`.

    Raises:
        ValueError: where :func:`obstacle` finds one.
    """
    _check(field, readout, pixel_network)
    with torch.no_grad():
        logits: Tensor = _pixel_logits(field, _parameters(readout, pixel_network), readout.name)
    return logits


def obstacle(field: Tensor, readout: Readout, pixel_network: PixelNetwork) -> str | None:
    """Why :func:`fused_loss` and :func:`fused_logits` cannot take these, in a sentence's end; none if they can."""
    if type(readout) not in READOUTS.values():
        return f"it knows the readouts {', '.join(READOUTS)}, got a {type(readout).__name__}"
    layers = list(pixel_network.layers)
    if type(pixel_network) is not PixelNetwork or [type(layer) for layer in layers] != [
        nn.ReLU if number % 2 else nn.Linear for number in range(len(layers))
    ]:
        return "it needs a PixelNetwork of linear layers with ReLU between"
    if torch.is_autocast_enabled("cpu"):
        return "it does not work under autocast"
    for tensor in (field, *_parameters(readout, pixel_network)):
        if tensor.device.type != "cpu":
            return f"it needs tensors on the CPU, got one on {tensor.device}"
        if tensor.dtype not in (torch.float32, torch.float64) or tensor.dtype != field.dtype:
            return f"it needs all of float32 or all of float64, got {field.dtype} and {tensor.dtype}"
    return None


def _check(field: Tensor, readout: Readout, pixel_network: PixelNetwork) -> None:
    if reason := obstacle(field, readout, pixel_network):
        raise ValueError(f"engine='fused' cannot run here: {reason}; use engine='plain' or 'auto'")


def _parameters(readout: Readout, pixel_network: PixelNetwork) -> list[Tensor]:
    """The readout's weight, if it has one, then weight and bias of each layer."""
    linears = [layer for layer in pixel_network.layers if isinstance(layer, nn.Linear)]
    return [*readout.parameters(), *(tensor for linear in linears for tensor in (linear.weight, linear.bias))]


@torch.library.custom_op("drumhead::pixel_loss", mutates_args=(), device_types="cpu")
def _pixel_loss(
    field: Tensor,
    targets: Tensor,
    weights: Tensor,
    parameters: Sequence[Tensor],
    readout: str,
    of_field: bool,
    of_parameters: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """The loss, its gradient with respect to the field, and those with respect to the parameters end to end.

    Gradients that are not wanted are empty.
    """
    shapes = [parameter.shape for parameter in parameters]
    numbers = sum(shape.numel() for shape in shapes) if of_parameters else 0
    with torch_on_one_thread() as threads:
        states, target, weight = field.contiguous().flatten(3), targets.flatten(1), weights.flatten(1)
        kernel = HearingKernel(readout, parameters, steps=states.shape[1], channels=states.shape[2])
        counted = weight != 0
        parts = parts_of(chunks_of(*counted.shape, size=kernel.chunk_size, counted=counted))
        losses = [0.0] * len(parts)
        by_part = field.new_empty(len(parts), numbers)
        field_gradient = torch.empty_like(states if of_field else states[:0])
        if of_field and not counted.all():
            run_parts(lambda image: field_gradient[image].zero_(), len(states), threads=threads)

        def run(part: int) -> None:
            gradients = _split(by_part[part].zero_(), shapes) if of_parameters else []
            for chunk in parts[part]:
                losses[part] += kernel.add_loss(
                    states[chunk.image],
                    target[chunk.image],
                    weight[chunk.image],
                    chunk,
                    field_gradient=field_gradient[chunk.image] if of_field else None,
                    parameter_gradients=gradients,
                )

        run_parts(run, len(parts), threads=threads)
        total = field.new_zeros(numbers)
        for gradients in by_part:  # in this order, whichever part was ready first
            total += gradients
    return field.new_tensor(sum(losses)), field_gradient.view(field.shape if of_field else (0,)), total


@_pixel_loss.register_fake
def _(
    field: Tensor,
    targets: Tensor,
    weights: Tensor,
    parameters: Sequence[Tensor],
    readout: str,
    of_field: bool,
    of_parameters: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    numbers = sum(parameter.numel() for parameter in parameters) if of_parameters else 0
    return field.new_empty(()), field.new_empty(field.shape if of_field else (0,)), field.new_empty(numbers)


def _keep_gradients(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
    ctx.set_materialize_grads(False)  # of the outputs that are gradients themselves: zeros as large as the field
    ctx.of_leaf = inputs[0].is_leaf
    ctx.shapes = [parameter.shape for parameter in inputs[3]]
    ctx.save_for_backward(*output[1:])


def _scale_gradients(ctx: Any, incoming: Tensor | None, *_: Tensor | None) -> tuple[Any, ...]:
    if torch.is_grad_enabled():
        raise NotImplementedError("the fused loss cannot be differentiated twice; use engine='plain' for that")
    if incoming is None:
        return None, None, None, [None] * len(ctx.shapes), None, None, None
    of_field, of_parameters = ctx.saved_tensors
    # A field is large and fresh memory slow, so its gradient is handed on as it is where it is to be scaled by 1; but
    # not to a leaf, whose gradient may be added to in place.
    if of_field.numel() and (ctx.of_leaf or torch.compiler.is_compiling() or incoming != 1):
        of_field = of_field * incoming
    parameters = _split(of_parameters * incoming, ctx.shapes) if of_parameters.numel() else [None] * len(ctx.shapes)
    return of_field if of_field.numel() else None, None, None, parameters, None, None, None


_pixel_loss.register_autograd(_scale_gradients, setup_context=_keep_gradients)


@torch.library.custom_op("drumhead::pixel_logits", mutates_args=(), device_types="cpu")
def _pixel_logits(field: Tensor, parameters: Sequence[Tensor], readout: str) -> Tensor:
    batch, _, _, height, width = field.shape
    with torch_on_one_thread() as threads:
        states = field.contiguous().flatten(3)
        kernel = HearingKernel(readout, parameters, steps=states.shape[1], channels=states.shape[2])
        parts = parts_of(chunks_of(batch, height * width, size=kernel.chunk_size))
        logits = field.new_empty(batch, len(parameters[-1]), height * width)

        def run(part: int) -> None:
            for chunk in parts[part]:
                kernel.write_logits(states[chunk.image], chunk, logits[chunk.image])

        run_parts(run, len(parts), threads=threads)
    return logits.view(batch, -1, height, width)


@_pixel_logits.register_fake
def _(field: Tensor, parameters: Sequence[Tensor], readout: str) -> Tensor:
    return field.new_empty(field.shape[0], len(parameters[-1]), *field.shape[3:])


def _split(numbers: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """Parameters end to end, as views of each one's shape."""
    parts = torch.split(numbers, [shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
