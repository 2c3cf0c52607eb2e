"""The pixel network on a chunk of pixels, and its gradients; :mod:`drumhead.models.pixel_network` defines it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from drumhead.models.kernels.threads import Workspace


class LayersKernel:
    """Fully connected layers with ReLU between, features by pixels.

    Args:
        parameters: a weight ``(after, before)`` and a bias ``(after,)`` for each layer in turn.
        workspace: where activations and their gradients are.
    """

    def __init__(self, parameters: Sequence[Tensor], *, workspace: Workspace) -> None:
        self.weights, self.biases = parameters[::2], parameters[1::2]
        self.workspace = workspace

    def activations(self, features: Tensor) -> list[Tensor]:
        """What enters each layer of features ``(feature, pixel)``, and last the logits ``(class, pixel)``."""
        values = [features]
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            out = self.workspace.matrix(f"activation {number}", len(weight), features.shape[1])
            torch.addmm(bias[:, None], weight, values[-1], out=out)
            values.append(out if number == len(self.weights) - 1 else out.relu_())
        return values

    def propagate(
        self, activations: Sequence[Tensor], incoming: Tensor, *, parameters: Sequence[Tensor], features: bool
    ) -> Tensor:
        """Take the gradient of the logits back through the layers.

        Args:
            activations: from :meth:`activations`.
            incoming: gradient of the logits; it may be overwritten.
            parameters: where to add the gradients of the parameters, in their order; empty to leave them out.
            features: whether the gradient of the features is wanted.

        Returns:
            The gradient of the features, if it is wanted.
        """
        for number in reversed(range(len(self.weights))):
            entering = activations[number]
            if parameters:
                parameters[2 * number].addmm_(incoming, entering.T)
                parameters[2 * number + 1].add_(incoming.sum(dim=1))
            if number > 0 or features:
                gradient = self.workspace.matrix(f"gradient {number % 2}", *entering.shape)
                incoming = torch.mm(self.weights[number].T, incoming, out=gradient)
            if number > 0:
                torch.ops.aten.threshold_backward.grad_input(incoming, entering, 0, grad_input=incoming)
        return incoming


def widest(parameters: Sequence[Tensor]) -> int:
    """Rows of the largest matrix between the layers, their features and logits included."""
    return max(max(weight.shape) for weight in parameters[::2])
