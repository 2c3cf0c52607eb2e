"""From images to logits or classes on a CPU, a few images at a time, without gradients.

The states of a batch are never in memory as a whole; see :mod:`drumhead.models.cpu.fused_loss`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from drumhead.models.cpu.graph_break import graph_break
from drumhead.models.cpu.image_pass import ImagePass
from drumhead.models.cpu.micro_batches import micro_batches, split_evenly
from drumhead.models.cpu.readout_head import ReadoutHeadKernel
from drumhead.models.cpu.state_stream import StateStreamFactory
from drumhead.models.cpu.threads import run_parts
from drumhead.models.cpu.workspace import Workspace, acquire_workspace
from drumhead.models.readout_head import ReadoutHead
from drumhead.modes import single_threaded


@graph_break
def fused_logits(
    make_stream: StateStreamFactory, images: Tensor, *, head: ReadoutHead, classes: int, workspaces: list[Workspace]
) -> Tensor:
    """Return class logits ``(batch, class, height, width)`` without gradients.

    The arguments are those of :func:`~drumhead.models.cpu.fused_loss.fused_cross_entropy`.
    """
    batch, height, width = len(images), *images.shape[-2:]
    logits = images.new_empty(batch, classes, height * width)
    _for_each_image(
        make_stream, images, head, workspaces, lambda image_pass, index: image_pass.write_logits(logits[index])
    )
    return logits.view(batch, classes, height, width)


@graph_break
def fused_predict(
    make_stream: StateStreamFactory, images: Tensor, *, head: ReadoutHead, workspaces: list[Workspace]
) -> Tensor:
    """Return the class with the largest logit, int64 ``(batch, height, width)``.

    The arguments are those of :func:`~drumhead.models.cpu.fused_loss.fused_cross_entropy`.
    """
    batch, height, width = len(images), *images.shape[-2:]
    classes = torch.empty(batch, height * width, dtype=torch.int64)
    _for_each_image(
        make_stream, images, head, workspaces, lambda image_pass, index: image_pass.write_classes(classes[index])
    )
    return classes.view(batch, height, width)


def _for_each_image(
    make_stream: StateStreamFactory,
    images: Tensor,
    head: ReadoutHead,
    workspaces: list[Workspace],
    write_result: Callable[[ImagePass, int], None],
) -> None:
    """Run the forward pass of each image, then call ``write_result`` with it and the index of the image."""
    with torch.no_grad(), single_threaded() as threads:
        parts = split_evenly(micro_batches(len(images)))
        kernel, pixel_count = ReadoutHeadKernel(head, states_dtype=images.dtype), images.shape[-2] * images.shape[-1]

        def run(part: int) -> None:
            with acquire_workspace(workspaces) as workspace:
                image_pass = ImagePass(kernel, workspace)
                for micro_batch in parts[part]:
                    stream = make_stream(images[micro_batch], workspace)
                    for image, index in enumerate(range(micro_batch.start, micro_batch.stop)):
                        image_pass.begin(pixel_count, dtype=stream.dtype)
                        stream.forward_image(image, image_pass.consume)
                        write_result(image_pass, index)

        run_parts(run, len(parts), threads=threads)
