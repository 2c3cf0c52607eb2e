"""Tests of colours: classes are distinct for colour-blind readers too, waves are symmetric."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.colors import to_rgb

from drumhead.report.colours import (
    IGNORED,
    WAVES,
    class_colours,
    class_legend,
    colour_image,
    colour_masks,
    mark_ignored,
    wave_limit,
)

# Machado, Oliveira, Fernandes 2009, full severity, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanope": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deuteranope": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
}


def oklab(colours: npt.NDArray[np.uint8], vision: str) -> npt.NDArray[np.float64]:
    """Perceptual coordinates (Ottosson 2020), as seen with a form of colour vision."""
    value = colours / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) @ VISION[vision].T
    cones = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
    lab = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
    seen: npt.NDArray[np.float64] = np.cbrt(linear.clip(0, 1) @ cones.T) @ lab.T
    return seen


@pytest.mark.parametrize("vision", VISION)
def test_twelve_classes_are_distinct(vision: str) -> None:
    seen = oklab(class_colours(12), vision)
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 0.07
    assert seen[0, 0] < 0.25  # background is dark,
    assert seen[1:, 0].min() > 0.35  # the rest is not


def test_seven_classes_are_distinct_in_grey() -> None:
    linear = ((class_colours(7) / 255 + 0.055) / 1.055) ** 2.4
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16  # CIE L*, from 0 to 100
    assert np.diff(np.sort(lightness)).min() > 7
    assert np.diff(np.sort(lightness[:6])).min() > 11


def test_class_colours_are_unique_and_do_not_depend_on_the_number_of_classes() -> None:
    many = class_colours(100)
    assert len(np.unique(many, axis=0)) == 100
    np.testing.assert_array_equal(many[:5], class_colours(5))


def test_colour_masks_of_any_shape() -> None:
    masks = np.array([[[0, 1], [13, 2]]], np.uint8)
    coloured = colour_masks(masks)
    assert coloured.shape == (1, 2, 2, 3)
    assert coloured.dtype == np.uint8
    np.testing.assert_array_equal(coloured[0, 1, 0], class_colours(14)[13])


def test_colour_images_of_one_three_and_more_channels() -> None:
    image = np.stack([np.full((2, 3), value) for value in (0.0, 0.5, 1.5, 0.2)])
    assert colour_image(image[:3])[0, 0].tolist() == [0, 128, 255]
    assert colour_image(image[1:2])[0, 0].tolist() == [128, 128, 128]
    assert colour_image(image)[0, 0].tolist() == [0, 0, 0]
    assert colour_image(image).shape == (2, 3, 3)


def test_wave_colours_are_symmetric_in_lightness_and_dark_at_zero() -> None:
    levels = WAVES(np.linspace(0, 1, 65), bytes=True)[:, :3]
    light = oklab(levels, "normal")[:, 0]
    assert light.argmin() == 32
    assert np.abs(light - light[::-1]).max() < 0.06
    assert (np.diff(light[32:]) > 0).all()
    assert (np.diff(light[:33]) < 0).all()


def test_wave_limit_of_outliers_and_of_zeros() -> None:
    waves = np.sin(np.linspace(0, 100, 10_000))
    waves[7] = 1e9
    assert wave_limit(waves) == pytest.approx(1, abs=0.01)
    assert wave_limit(np.zeros(10)) == 1
    spike = np.zeros(1000)
    spike[3] = -2
    assert wave_limit(spike) == 2
    with pytest.raises(ValueError, match="diverged"):
        wave_limit(np.array([0, np.nan]))


def test_class_legend_has_the_classes_that_occur() -> None:
    names = ["background", "square", "disc"]
    masks = [np.array([[0, 2]]), np.array([[0, 0]])]
    legend = class_legend(masks, names)
    assert list(legend) == ["background", "disc"]
    np.testing.assert_allclose(to_rgb(legend["disc"]), class_colours(3)[2] / 255)


@pytest.mark.parametrize("vision", VISION)
def test_the_grey_of_ignored_pixels_is_like_no_class(vision: str) -> None:
    grey = np.rint(255 * np.array([to_rgb(IGNORED)])).astype(np.uint8)
    distances = np.linalg.norm(oklab(class_colours(12), vision) - oklab(grey, vision), axis=1)
    assert distances.min() > 0.07
    assert np.ptp(grey) == 0


def test_ignored_pixels_have_a_colour_of_their_own_and_a_name() -> None:
    names = ["background", "square", "disc"]
    truth, prediction = mark_ignored(np.array([[0, 2, 255]]), 255), np.array([[0, 0, 2]])
    assert colour_masks(truth)[0, 2].tolist() == [round(255 * part) for part in to_rgb(IGNORED)]
    np.testing.assert_array_equal(colour_masks(prediction)[0, 2], class_colours(3)[2])
    assert list(class_legend([truth, prediction], names)) == ["background", "disc", "ignored"]
    assert class_legend([truth], names)["ignored"] == IGNORED
    assert list(class_legend([mark_ignored(np.full((1, 2), 255), 255)], names)) == ["ignored"]
    assert list(class_legend([truth], ["background", "square", "ignored"])) == ["background", "ignored", "ignored_"]
    assert "ignored" not in class_legend([mark_ignored(prediction, 255)], names)
    with pytest.raises(ValueError, match="must name every class of the masks, 0 to 255"):
        class_legend([np.array([[0, 2, 255]])], names)
