"""The pixel network on a chunk of pixels, and its gradients; :mod:`drumhead.models.pixel_mlp` defines it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from drumhead.models.cpu.elementwise import add_bias_relu_, relu_backward_
from drumhead.models.cpu.products import add_product, affine_in, multiply, multiply_in
from drumhead.models.cpu.workspace import Workspace


class LayersKernel:
    """Fully connected layers with ReLU between, features by pixels. Threads may share one.

    Args:
        parameters: a weight ``(after, before)`` and a bias ``(after,)`` for each layer in turn, of the type in which
            products are made.
        linear_first: whether the first layer is followed by no ReLU.
    """

    def __init__(self, parameters: Sequence[Tensor], *, linear_first: bool = False) -> None:
        self.weights, self.biases = parameters[::2], parameters[1::2]
        self.turned = [weight.T.contiguous() for weight in self.weights]  # products with these are faster
        self.bent = [number > 0 or not linear_first for number in range(len(self.weights))]
        self.bent[-1] = False

    @property
    def widest(self) -> int:
        """Rows of the largest matrix between the layers, their features and logits included."""
        return max(max(weight.shape) for weight in self.weights)

    def activations(self, features: Tensor, workspace: Workspace) -> list[Tensor]:
        """What enters each layer of features ``(feature, pixel)``, and last the logits ``(class, pixel)``."""
        values = [features]
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            scratch = workspace.tensor(f"activation {number}", (len(weight), features.shape[1]), weight.dtype)
            if self.bent[number]:
                values.append(add_bias_relu_(multiply_in(scratch, weight, values[-1]), bias))
            else:
                values.append(affine_in(scratch, weight, values[-1], bias))
        return values

    def backward(
        self,
        activations: Sequence[Tensor],
        incoming: Tensor,
        workspace: Workspace,
        *,
        parameters: Sequence[Tensor],
        out: Tensor | None,
    ) -> None:
        """Take the gradient of the logits back through the layers.

        Args:
            activations: from :meth:`activations`.
            incoming: gradient of the logits; it may be overwritten.
            workspace: where intermediate matrices are.
            parameters: where to add the gradients of the parameters, in their order; empty to leave them out.
            out: where to write the gradient of the features; none to leave it out.
        """
        for number in reversed(range(len(self.weights))):
            entering = activations[number]
            if parameters:
                add_product(parameters[2 * number], incoming, entering.T)
                parameters[2 * number + 1].add_(incoming.sum(dim=1))
            if number == 0:
                if out is not None:
                    multiply(self.turned[0], incoming, out=out)
                return
            scratch = workspace.tensor(f"gradient {number % 2}", entering.shape, incoming.dtype)
            incoming = multiply_in(scratch, self.turned[number], incoming)
            if self.bent[number - 1]:
                relu_backward_(incoming, entering)
