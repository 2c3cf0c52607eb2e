"""The fused engine refuses what it cannot compute, and ``auto`` leaves that to plain torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from drumhead.models import CNN, NWM, ConvRNN, NWMConfig, PixelMLP, build
from drumhead.models.readouts import LastReadout


def test_auto_falls_back_where_fused_refuses() -> None:
    class DoubledReadout(LastReadout):
        def forward(self, field: Tensor) -> Tensor:
            return 2 * super().forward(field)

    config = NWMConfig(steps=4, readout="last")
    auto, fused = (
        NWM(config, in_channels=1, classes=3),
        NWM(config.replace(engine="fused"), in_channels=1, classes=3),
    )
    images, masks = torch.rand(1, 1, 4, 4), torch.randint(3, (1, 4, 4))
    before = auto.loss(images, masks)
    with torch.autocast("cpu", dtype=torch.float16):
        assert auto.loss(images, masks) != before
        with pytest.raises(ValueError, match="bfloat16, got torch\\.float16"):
            fused.loss(images, masks)
    with pytest.raises(ValueError, match="all of float32"):
        fused.loss(images.double(), masks)
    fused.readout = auto.readout = DoubledReadout(steps=4, channels=2)
    assert auto.loss(images, masks) != before
    with pytest.raises(ValueError, match="last, mean, max, fft, linear, got a DoubledReadout"):
        fused.loss(images, masks)


@pytest.mark.parametrize("name", ["nwm", "conv_gru", "cnn"])
def test_a_subclass_of_the_pixel_network_is_not_ignored(name: str) -> None:
    class Doubled(PixelMLP):
        def forward(self, features: Tensor) -> Tensor:
            return 2 * super().forward(features)

    images = torch.rand(1, 1, 5, 6)
    for engine in ("auto", "fused"):
        model = build(name, in_channels=1, classes=3, pixel_widths=(8,), engine=engine)
        assert isinstance(model, NWM | ConvRNN | CNN)
        expected = 2 * model(images).detach()
        first = model.pixel_network.layers[0]
        assert isinstance(first, nn.Linear)
        doubled = Doubled(first.in_features, 3, widths=[8])
        doubled.load_state_dict(model.pixel_network.state_dict())
        model.pixel_network = doubled
        with torch.no_grad():
            if engine == "fused":
                with pytest.raises(ValueError, match=r"got .*Doubled"):
                    model(images)
            else:
                torch.testing.assert_close(model(images), expected)


def test_a_layer_without_bias_is_refused() -> None:
    model = NWM(NWMConfig(steps=3, engine="fused", pixel_widths=(8,)), in_channels=1, classes=3)
    model.pixel_network.layers[0] = nn.Linear(model.readout.features, 8, bias=False)
    with pytest.raises(ValueError, match="with a bias"):
        model.predict(torch.rand(1, 1, 4, 5))
