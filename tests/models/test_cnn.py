"""The local CNN: its layers and its receptive field."""

from __future__ import annotations

import pytest
import torch

from drumhead.models import CNN, build


@pytest.mark.parametrize("layers", [1, 2, 4, 8])
def test_a_pixel_depends_on_exactly_its_receptive_field(layers: int) -> None:
    model = build("cnn", in_channels=3, classes=4, layers=layers, hidden_channels=8).double()
    assert isinstance(model, CNN)
    assert model.receptive_field == 2 * layers + 1
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(8, 3, 23, 25, generator=generator, dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(model(images)[..., 11, 12].pow(2).sum(), images)
    reached = gradient.abs().amax(dim=(0, 1)) > 0
    square = torch.zeros_like(reached)
    square[11 - layers : 11 + layers + 1, 12 - layers : 12 + layers + 1] = True
    assert not (reached & ~square).any()
    for edge in (reached[11 - layers], reached[11 + layers], reached[:, 12 - layers], reached[:, 12 + layers]):
        assert edge.any()


def test_layers_are_those_of_the_paper() -> None:
    model = build("cnn", in_channels=3, classes=6, layers=4)
    assert isinstance(model, CNN)
    layer_types = [type(layer).__name__ for layer in model.encoder]
    assert layer_types == ["Conv2d", "ReLU"] * 4
    shapes = [tuple(layer.weight.shape) for layer in model.encoder if isinstance(layer, torch.nn.Conv2d)]
    assert shapes == [(16, 3, 3, 3), (16, 16, 3, 3), (16, 16, 3, 3), (2, 16, 3, 3)]
    assert tuple(model.expand.weight.shape) == (98, 2, 1, 1)
    assert [tuple(p.shape) for p in model.pixel_network.parameters() if p.ndim == 2] == [
        (256, 98),
        (256, 256),
        (256, 256),
        (6, 256),
    ]
