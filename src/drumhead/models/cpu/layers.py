"""The pixel network on a block of pixels, forward and backward; :mod:`drumhead.models.pixel_mlp` defines it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from drumhead.models.cpu.elementwise import add_bias_relu_, relu_backward_
from drumhead.models.cpu.products import add_product, affine_with_scratch, multiply, multiply_with_scratch
from drumhead.models.cpu.workspace import Workspace


class LayersKernel:
    """Fully connected layers with a ReLU between two layers, on matrices ``(feature, pixel)``.

    Several threads may share one.

    Args:
        parameters: A weight ``(output, input)`` and a bias ``(output,)`` for each layer in turn, in the dtype of the
            products.
        linear_first: Whether no ReLU follows the first layer.
    """

    def __init__(self, parameters: Sequence[Tensor], *, linear_first: bool = False) -> None:
        self.weights, self.biases = parameters[::2], parameters[1::2]
        self.transposed_weights = [weight.T.contiguous() for weight in self.weights]  # faster than strided transposes
        self.has_relu = [layer > 0 or not linear_first for layer in range(len(self.weights))]
        self.has_relu[-1] = False

    @property
    def widest(self) -> int:
        """The number of rows of the largest matrix; features and logits count too."""
        return max(max(weight.shape) for weight in self.weights)

    def activations(self, features: Tensor, workspace: Workspace) -> list[Tensor]:
        """Return the input of each layer, starting with ``features``, and last the logits ``(class, pixel)``."""
        activations = [features]
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            scratch = workspace.tensor(f"activation {layer}", (len(weight), features.shape[1]), weight.dtype)
            if self.has_relu[layer]:
                product = multiply_with_scratch(weight, activations[-1], scratch=scratch)
                activations.append(add_bias_relu_(product, bias))
            else:
                activations.append(affine_with_scratch(weight, activations[-1], bias, scratch=scratch))
        return activations

    def backward(
        self,
        activations: Sequence[Tensor],
        grad_logits: Tensor,
        workspace: Workspace,
        *,
        grad_parameters: Sequence[Tensor],
        out: Tensor | None,
    ) -> None:
        """Propagate the gradient of the logits back through the layers.

        Args:
            activations: The result of :meth:`activations`.
            grad_logits: The gradient of the logits, ``(class, pixel)``; it may be overwritten.
            workspace: Memory for intermediate matrices.
            grad_parameters: Where the gradients of the parameters are added, in the order of the parameters; empty if
                they are not needed.
            out: Where the gradient of the features is written; None if it is not needed.
        """
        grad_output = grad_logits
        for layer in reversed(range(len(self.weights))):
            layer_input = activations[layer]
            if grad_parameters:
                add_product(grad_parameters[2 * layer], grad_output, layer_input.T)
                grad_parameters[2 * layer + 1].add_(grad_output.sum(dim=1))
            if layer == 0:
                if out is not None:
                    multiply(self.transposed_weights[0], grad_output, out=out)
                return
            scratch = workspace.tensor(f"gradient {layer % 2}", layer_input.shape, grad_output.dtype)
            grad_output = multiply_with_scratch(self.transposed_weights[layer], grad_output, scratch=scratch)
            if self.has_relu[layer - 1]:
                relu_backward_(grad_output, layer_input)
