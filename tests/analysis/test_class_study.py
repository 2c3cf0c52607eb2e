"""The study of classes on a network whose dynamics are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from drumhead.analysis.class_study import ClassStudy, study_classes
from drumhead.models import NWM, NWMConfig, build

OMEGA = {0: 0.0, 1: 4.0}
"""The stiffness where the image is black (0) and where it is white (1)."""


def stiff_where_white() -> NWM:
    """Return an uncoupled network whose first channel is stiff where the image is white; ``y0`` is tanh(0.5)."""
    model = NWM(NWMConfig(steps=50, hidden_channels=2, width=2, pixel_widths=(4,)), in_channels=1, classes=3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        convolutions = [layer for layer in model.omega_encoder if isinstance(layer, nn.Conv2d)]
        for layer in convolutions:
            layer.weight[0, 0, 1, 1] = 1.0
        convolutions[-1].weight[0, 0, 1, 1] = OMEGA[1]
        last = [layer for layer in model.y0_encoder if isinstance(layer, nn.Conv2d)][-1]
        assert last.bias is not None
        last.bias.fill_(0.5)
    return model.eval()


def batches(images: int = 6) -> list[tuple[Tensor, Tensor]]:
    """Return batches of images, half with a white shape of class 1 and half with a black shape of class 2."""
    masks = torch.zeros(images, 9, 11, dtype=torch.int64)
    masks[::2, 2:5, 3:8] = 1
    masks[1::2, 2:5, 3:8] = 2
    pictures = (masks == 1).float()[:, None]
    return [(pictures[i : i + 4], masks[i : i + 4]) for i in range(0, images, 4)]


@pytest.fixture
def study() -> ClassStudy:
    return study_classes(
        stiff_where_white(), batches(), classes=3, per_class=10, generator=np.random.default_rng(0), window="none"
    )


def test_natural_frequencies_inside_and_outside(study: ClassStudy) -> None:
    assert study.images == 6
    assert study.inside.uncoupled.shape == (2, 6 * 15)
    assert study.outside.uncoupled.shape == (2, 6 * (99 - 15))
    stiff = OMEGA[1] ** 0.5 / (2 * np.pi)
    assert np.unique(study.inside.uncoupled[0]) == pytest.approx([0, stiff])  # a black shape is like its background
    assert not study.outside.uncoupled.any()
    assert not study.inside.uncoupled[1].any()
    np.testing.assert_array_equal(study.inside.neighbours_fixed, study.inside.uncoupled)  # nothing is coupled here


def test_spectra_are_those_of_the_known_oscillations(study: ClassStudy) -> None:
    assert study.spectra.pixels.tolist() == [60, 30, 30]
    peaks = study.spectra.frequencies[study.spectra.mean[:, 0].argmax(axis=-1)]
    nearest = round(OMEGA[1] ** 0.5 / (2 * np.pi) * 5) / 5  # bins are 0.2 apart in T dt = 5
    assert peaks.tolist() == pytest.approx([0, nearest, 0])


def test_the_probe_separates_only_classes_that_oscillate_differently(study: ClassStudy) -> None:
    """Class 1 oscillates; classes 0 and 2 both stay at rest, so no probe can separate them."""
    confusion = study.probe.confusion
    assert confusion[1].tolist() == [0, confusion[1].sum(), 0]
    assert confusion[:, 1].tolist() == [0, confusion[1, 1], 0]
    assert study.probe.balanced_accuracy == pytest.approx(2 / 3)


def test_a_seed_gives_the_same_study() -> None:
    model = build(NWMConfig(steps=8, width=2, pixel_widths=(4,)), in_channels=1, classes=3, seed=0)
    assert isinstance(model, NWM)
    means = []
    for seed in (0, 0, 1):
        study = study_classes(model, batches(), classes=3, per_class=3, generator=np.random.default_rng(seed))
        means.append(study.spectra.mean.tobytes())
    assert means[0] == means[1] != means[2]


@pytest.mark.parametrize("label", [0, 2])
def test_there_must_be_shapes_and_background(label: int) -> None:
    alike = [(pictures, torch.full_like(masks, label)) for pictures, masks in batches()]
    with pytest.raises(ValueError, match=rf"shapes and background; got only the classes \[{label}\]"):
        study_classes(stiff_where_white(), alike, classes=3, per_class=2, generator=np.random.default_rng(0))


def test_ignored_pixels_are_left_out() -> None:
    ignored = []
    for images, masks in batches():
        masks[:, :, :4] = 255  # one column of each shape
        ignored.append((images, masks))
    ignored[0][1][0] = 255  # all of the first image
    study = study_classes(
        stiff_where_white(),
        ignored,
        classes=3,
        per_class=100,
        generator=np.random.default_rng(0),
        window="none",
        ignored_label=255,
    )
    assert study.images == 5
    assert study.inside.uncoupled.shape == (2, 5 * 12)
    assert study.outside.uncoupled.shape == (2, 5 * (63 - 12))
    assert study.spectra.pixels.tolist() == [5 * 51, 2 * 12, 3 * 12]
    assert study.probe.confusion.sum() in (2 * 63, 3 * 63)
