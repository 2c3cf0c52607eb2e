"""A readout and the layers after it, prepared for products in one dtype."""

from __future__ import annotations

import torch

from drumhead.models.cpu.layers import LayersKernel
from drumhead.models.cpu.pixel_blocks import pixel_block_size
from drumhead.models.cpu.readouts import readout_kernel
from drumhead.models.readout_head import ReadoutHead


class ReadoutHeadKernel:
    """A readout and the layers after it, with copies of their parameters in the dtype of the products.

    Several threads may share one.

    Args:
        head: The modules. Their forward hooks are not called.
        states_dtype: The dtype of the states.
    """

    def __init__(self, head: ReadoutHead, *, states_dtype: torch.dtype) -> None:
        self.dtype = product_dtype(states_dtype)
        """The dtype of the products."""
        parameters = [parameter.detach().to(self.dtype) for parameter in head.parameters]
        self.readout_weights = int(head.readout.name == "linear")
        """The number of parameters that are the readout's."""
        self.channels = head.readout.channels
        self.readout = readout_kernel(
            head.readout.name,
            parameters[0] if self.readout_weights else None,
            steps=head.readout.steps,
            dtype=self.dtype,
        )
        self.layers = LayersKernel(parameters[self.readout_weights :], linear_first=head.linear_first)
        rows = max(self.readout.bins * self.channels, self.layers.widest)
        self.block_size = pixel_block_size(rows, element_size=self.dtype.itemsize)
        """The largest number of pixels that are computed together."""


def product_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of products of this dtype: bfloat16 for float32 under autocast, else the dtype itself."""
    return torch.bfloat16 if dtype == torch.float32 and torch.is_autocast_enabled("cpu") else dtype
