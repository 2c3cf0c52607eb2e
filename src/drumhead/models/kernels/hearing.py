"""From the states of a chunk of pixels to its share of the loss and back, in one go."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from drumhead.models.kernels.chunks import Chunk, chunk_size
from drumhead.models.kernels.layers import LayersKernel, widest
from drumhead.models.kernels.readouts import FourierKernel, LinearKernel, readout_kernel
from drumhead.models.kernels.threads import Workspace


class HearingKernel:
    """A readout, a pixel network and the cross-entropy, for chunks of pixels. Threads may share one.

    Args:
        readout: name of the readout.
        parameters: the linear readout's weight if it is that one, then weight and bias of each layer; all of one
            type and contiguous or not.
        steps: frames T of the fields.
        channels: channels C of the fields.
    """

    def __init__(self, readout: str, parameters: Sequence[Tensor], *, steps: int, channels: int) -> None:
        learned = int(readout == "linear")
        self.channels = channels
        self.workspace = Workspace(parameters[0])
        self.readout = readout_kernel(
            readout, parameters[0] if learned else None, steps=steps, workspace=self.workspace
        )
        self.layers = LayersKernel(parameters[learned:], workspace=self.workspace)
        columns = self.readout.bins * channels * (2 if isinstance(self.readout, FourierKernel) else 1)
        rows = max(columns, widest(parameters[learned:]))
        self.chunk_size = chunk_size(rows, element_size=parameters[0].element_size())
        """Most pixels of a chunk."""

    def write_logits(self, field: Tensor, chunk: Chunk, out: Tensor) -> None:
        """Write the chunk's logits.

        Args:
            field: the image's states ``(time, channel, pixel)``, contiguous.
            chunk: a run of pixels.
            out: the image's logits ``(class, pixel)``.
        """
        out[:, chunk.pixel] = self.layers.activations(self._features(self._states(field, chunk)).flatten(0, 1))[-1]

    def add_loss(
        self,
        field: Tensor,
        targets: Tensor,
        weights: Tensor,
        chunk: Chunk,
        *,
        field_gradient: Tensor | None,
        parameter_gradients: Sequence[Tensor],
    ) -> float:
        """The chunk's share of the loss: the weighted sum of the cross-entropy of its pixels.

        Args:
            field: the image's states ``(time, channel, pixel)``, contiguous.
            targets: the image's classes, int64 ``(pixel,)``.
            weights: what each pixel counts for, ``(pixel,)``.
            chunk: which pixels.
            field_gradient: where to write the loss's gradient with respect to ``field``, at these pixels; contiguous.
            parameter_gradients: where to add those with respect to the parameters, in their order; empty for none.
        """
        states = self._states(field, chunk)
        features = self._features(states)
        activations = self.layers.activations(features.flatten(0, 1))
        target, weight = targets[chunk.pixel][None], weights[chunk.pixel]
        log_probability = torch.log_softmax(activations[-1], dim=0)
        loss = -(log_probability.gather(0, target)[0] * weight).sum().item()
        if field_gradient is None and not parameter_gradients:
            return loss

        incoming = log_probability.exp_()
        incoming.scatter_add_(0, target, incoming.new_full((1, 1), -1).expand_as(target)).mul_(weight)
        learned = len(parameter_gradients) - 2 * len(self.layers.weights) if parameter_gradients else 0
        wanted = field_gradient is not None or learned > 0
        incoming = self.layers.propagate(
            activations, incoming, parameters=parameter_gradients[learned:], features=wanted
        )
        if learned:
            assert isinstance(self.readout, LinearKernel)
            self.readout.add_weight_gradient(states, incoming.view(features.shape), parameter_gradients[0])
        if field_gradient is not None:
            self._write_field_gradient(states, features, incoming.view(features.shape), chunk, field_gradient)
        return loss

    def _states(self, field: Tensor, chunk: Chunk) -> Tensor:
        rows = field.shape[0] * field.shape[1]
        return chunk.take(field, out=lambda: self.workspace.matrix("states", rows, chunk.size))

    def _features(self, states: Tensor) -> Tensor:
        bins, pixels = self.readout.bins, states.shape[2]
        features = self.workspace.matrix("features", bins * self.channels, pixels).view(bins, self.channels, pixels)
        self.readout.write_features(states, features)
        return features

    def _write_field_gradient(
        self, states: Tensor, features: Tensor, incoming: Tensor, chunk: Chunk, field_gradient: Tensor
    ) -> None:
        if isinstance(chunk.pixel, slice):
            self.readout.write_state_gradient(states, features, incoming, field_gradient[..., chunk.pixel])
            return
        gradient = self.workspace.matrix("state gradient", states.shape[0] * states.shape[1], chunk.size)
        self.readout.write_state_gradient(states, features, incoming, gradient.view(states.shape))
        field_gradient.flatten(0, 1).index_copy_(1, chunk.pixel, gradient)
