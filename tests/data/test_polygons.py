from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from pydantic import ValidationError
from skimage.measure import label

from drumhead.data import POLYGON_CLASSES, Polygon, PolygonConfig, Split, make_polygons, polygon_images
from drumhead.data.manifest import array_sha256
from drumhead.data.polygon_images import place_polygons, polygon_mask, render_polygon
from drumhead.data.polygons import REFERENCE_POLYGONS, REFERENCE_POLYGONS_345, Polygon345Config

SIDES = range(3, 9)


@pytest.fixture(scope="module")
def reference() -> dict[str, Split]:
    return make_polygons(PolygonConfig())


def own_config(**changes: Any) -> PolygonConfig:
    return PolygonConfig.model_validate({"seed": 3, "train": 12, "val": 6, "test": 7, **changes})


def connected_shapes(mask: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.bool_]]:
    """Return the connected parts of a mask's foreground; pixels that share a corner are connected."""
    parts = label(mask > 0, connectivity=2)
    return [parts == number for number in range(1, parts.max() + 1)]


def estimate_sides_and_angle(pixels: npt.NDArray[np.floating[Any] | np.bool_]) -> tuple[int, float]:
    """Estimate the number of sides of a regular polygon and the angle of a vertex from its pixels alone.

    The mean of (distance * e^(i angle))^k around the centroid is 0 for every k that is not a multiple of the sides.
    """
    weights = pixels / pixels.sum()
    rows, columns = np.indices(pixels.shape)
    offsets = (columns - (weights * columns).sum()) + 1j * (rows - (weights * rows).sum())
    moments = {k: (weights * offsets**k).sum() / (weights * abs(offsets) ** k).sum() for k in SIDES}
    # For a triangle and a square, 6 and 8 are multiples too: take the smallest k with a large moment.
    sides = next(k for k in SIDES if abs(moments[k]) > 0.6 * max(map(abs, moments.values())))
    return sides, float(np.angle(moments[sides])) / sides


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_fingerprints_of_the_reference_dataset(reference: dict[str, Split], split: str) -> None:
    assert reference[split].images.shape == (REFERENCE_POLYGONS.splits[split].count, 75, 75, 1)
    assert array_sha256(reference[split].images) == REFERENCE_POLYGONS.splits[split].images_sha256
    assert array_sha256(reference[split].masks) == REFERENCE_POLYGONS.splits[split].masks_sha256


def test_reference_images_are_white_shapes_on_black(reference: dict[str, Split]) -> None:
    for split in reference.values():
        assert split.images.dtype == split.masks.dtype == np.uint8
        assert np.array_equal(split.images[..., 0], (split.masks > 0) * np.uint8(255))


def test_reference_images_hold_one_or_two_separate_shapes_of_all_classes(reference: dict[str, Split]) -> None:
    numbers = np.zeros(8, int)
    classes = np.zeros(len(POLYGON_CLASSES), int)
    for mask in reference["test"].masks:
        shapes = connected_shapes(mask)
        numbers[len(shapes)] += 1
        for shape in shapes:
            (class_number,) = set(mask[shape].tolist())  # shapes of two classes never touch
            classes[class_number] += 1
    assert numbers.sum() == numbers[1] + numbers[2] == 1000
    # The standard error of each fraction is 0.016 for the numbers and 0.010 for the classes.
    assert abs(numbers[1] / 1000 - 0.5) < 0.06
    assert np.abs(classes[1:] / classes.sum() - 1 / 6).max() < 0.04


def test_reference_shapes_are_the_polygons_of_their_class(reference: dict[str, Split]) -> None:
    """Sides and angle are estimated from pixels alone; the smallest shapes are too coarse to tell all classes apart."""
    wrong, total = 0, 0
    for mask in reference["val"].masks:
        for shape in connected_shapes(mask):
            sides = int(mask[shape].max()) + 2
            estimated_sides, angle = estimate_sides_and_angle(shape)
            total += 1
            wrong += estimated_sides != sides
            if estimated_sides == sides:
                assert abs(angle) < 0.12, (sides, angle)
    assert total > 1000
    assert wrong / total < 0.02


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_large_polygons_have_their_sides_and_angle(sides: int, angle: float) -> None:
    polygon = Polygon(sides, radius=60.3, row=79.7, column=81.2, angle=angle)
    estimated_sides, estimated_angle = estimate_sides_and_angle(polygon_mask(polygon, 160))
    assert estimated_sides == sides
    assert estimated_angle == pytest.approx(angle, abs=0.01)


@pytest.mark.parametrize("sides", SIDES)
def test_vertices_are_evenly_spaced_on_the_circle(sides: int) -> None:
    polygon = Polygon(sides, radius=3.0, row=10.0, column=20.0, angle=0.3)
    vertices = polygon.vertices()
    assert vertices.shape == (sides, 2)
    offsets = (vertices[:, 1] - 20.0) + 1j * (vertices[:, 0] - 10.0)
    np.testing.assert_allclose(abs(offsets), 3.0)
    np.testing.assert_allclose(offsets[0], 3.0 * np.exp(0.3j))
    np.testing.assert_allclose(np.roll(offsets, -1) / offsets, np.exp(2j * np.pi / sides))


@pytest.mark.parametrize("sides", SIDES)
def test_areas_are_those_of_regular_polygons(sides: int) -> None:
    generator = np.random.default_rng(sides)
    errors = []
    for _ in range(200):
        row, column = generator.uniform(30, 31, 2)
        polygon = Polygon(sides, generator.uniform(8, 20), row, column, generator.uniform(0, 1))
        errors.append(polygon_mask(polygon, 62).sum() - polygon.area)
    # A pixel counts if its centre is inside: no bias, and an error of a few pixels in hundreds.
    assert abs(np.mean(errors)) < 4 * np.std(errors) / math.sqrt(len(errors))
    assert np.std(errors) < 8


@pytest.mark.parametrize("sides", SIDES)
def test_area_against_the_shoelace_formula(sides: int) -> None:
    polygon = Polygon(sides, radius=7.0, row=1.0, column=-2.0, angle=0.4)
    row, column = polygon.vertices().T
    shoelace = 0.5 * abs((row * np.roll(column, -1) - column * np.roll(row, -1)).sum())
    assert polygon.area == pytest.approx(shoelace)


def test_an_antialiased_pixel_is_the_fraction_covered_by_the_polygon() -> None:
    polygon = Polygon(5, radius=11.3, row=15.2, column=16.9, angle=0.1)
    smooth = render_polygon(polygon, 32, outline=None, antialias=True)
    assert smooth.sum() == pytest.approx(polygon.area, rel=0.005)
    sharp = polygon_mask(polygon, 32)
    assert sharp[smooth > 0.9].all()
    assert not sharp[smooth < 0.1].any()
    assert (smooth[(smooth > 0) & (smooth < 1)] * 64 % 1 == 0).all()


@pytest.mark.parametrize("antialias", [False, True])
def test_an_outline_has_the_given_width(antialias: bool) -> None:
    polygon = Polygon(6, radius=40.0, row=50.3, column=49.6, angle=0.2)
    for width in (2.0, 5.0):
        edge = render_polygon(polygon, 100, outline=width, antialias=antialias)
        inner = polygon.area * (1 - width / (40 * math.cos(math.pi / 6))) ** 2
        assert edge.sum() == pytest.approx(polygon.area - inner, rel=0.03)
        assert edge[50, 50] == 0
    # An outline wider than the polygon fills it.
    np.testing.assert_array_equal(
        render_polygon(polygon, 100, outline=99.0, antialias=False),
        render_polygon(polygon, 100, outline=None, antialias=False),
    )


def test_rendering_options_change_images_but_not_masks() -> None:
    plain = make_polygons(own_config())
    for change in ({"outline": 2.0}, {"antialias": True}, {"noise": 0.1}):
        other = make_polygons(own_config(**change))
        for name in plain:
            np.testing.assert_array_equal(other[name].masks, plain[name].masks)
            assert (other[name].images != plain[name].images).any(), change


def test_noise_has_the_given_standard_deviation() -> None:
    split = make_polygons(own_config(noise=0.1, train=20))["train"]
    values = split.images[..., 0] / 255
    dark, bright = values[split.masks == 0], values[split.masks > 0]
    # Clipping at 0 or 1 leaves half of a normal distribution: its mean is sd / sqrt(2 pi).
    assert dark.mean() == pytest.approx(0.1 / math.sqrt(2 * math.pi), rel=0.02)
    assert 1 - bright.mean() == pytest.approx(0.1 / math.sqrt(2 * math.pi), rel=0.05)
    assert (values[0] != values[1]).any()


def test_rotation_draws_all_angles() -> None:
    generator = np.random.default_rng(0)
    options: dict[str, Any] = {"canvas": 75, "sides": (5,), "radii": (8.0, 12.0)}
    angles = [place_polygons(generator, 1, **options, rotate=True)[0].angle for _ in range(300)]
    assert 0 <= min(angles) < 0.1
    assert 2 * math.pi / 5 - 0.1 < max(angles) < 2 * math.pi / 5
    assert {place_polygons(generator, 1, **options, rotate=False)[0].angle for _ in range(9)} == {0.0}
    masks = make_polygons(own_config(sides=[4], rotate=True, min_radius=18))["train"].masks
    angles = [estimate_sides_and_angle(shape)[1] for mask in masks for shape in connected_shapes(mask)]
    assert max(angles) - min(angles) > 0.8  # a square's angles range over pi / 2


@pytest.mark.parametrize("number", [1, 2, 4, 9])
def test_circles_do_not_overlap_and_lie_within_the_canvas(number: int) -> None:
    generator = np.random.default_rng(number)
    for _ in range(50):
        polygons = place_polygons(generator, number, canvas=75, sides=SIDES, radii=(5.0, 10.0), rotate=False)
        assert len(polygons) == number
        for polygon in polygons:
            assert 5 <= polygon.radius <= 10
            assert polygon.radius <= min(polygon.row, polygon.column)
            assert max(polygon.row, polygon.column) <= 74 - polygon.radius
        for i, polygon in enumerate(polygons):
            for other in polygons[:i]:
                distance = math.hypot(polygon.row - other.row, polygon.column - other.column)
                assert distance >= polygon.radius + other.radius + 2


def test_many_shapes_never_touch() -> None:
    masks = make_polygons(own_config(min_shapes=6, max_shapes=6, min_radius=6, max_radius=12, train=40))["train"].masks
    assert [len(connected_shapes(mask)) for mask in masks] == [6] * 40


@pytest.mark.parametrize("change", [{}, {"outline": 1.0}, {"antialias": True}])
def test_an_image_can_be_empty(change: dict[str, Any]) -> None:
    split = make_polygons(own_config(min_shapes=0, max_shapes=1, train=20, **change))["train"]
    numbers = [len(connected_shapes(mask)) for mask in split.masks]
    assert set(numbers) == {0, 1}
    assert not split.images[np.array(numbers) == 0].any()


def test_only_the_given_sides_are_drawn_and_keep_their_class() -> None:
    masks = make_polygons(own_config(sides=[3, 8], train=40))["train"].masks
    assert set(np.unique(masks)) == {0, 1, 6}


def test_a_crowded_canvas_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw() -> int:
        generator = np.random.default_rng(6)
        options: dict[str, Any] = {"canvas": 50, "sides": SIDES, "radii": (8.0, 9.0), "rotate": False}
        return sum(len(place_polygons(generator, 4, **options)) for _ in range(10))

    assert draw() == 40
    monkeypatch.setattr(polygon_images, "MAX_RESTARTS", 1)
    with pytest.raises(ValueError, match="no canvas of 4 polygons was found in 1 tries"):
        draw()


def test_an_impossible_canvas_is_an_error_with_a_fix() -> None:
    config = own_config(canvas=25, min_shapes=3, max_shapes=3, min_radius=12, max_radius=12)
    with pytest.raises(ValueError, match=r"3 polygons .* on 25 pixels with radii from 12 to 12: use fewer polygons"):
        make_polygons(config)


def test_the_seed_determines_the_dataset() -> None:
    first, again, other = (make_polygons(own_config(seed=seed, noise=0.1)) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name].images, again[name].images)
        np.testing.assert_array_equal(first[name].masks, again[name].masks)
        assert (first[name].masks != other[name].masks).any()
    assert (first["train"].masks[:6] != first["val"].masks).any()


def test_the_size_of_one_split_does_not_affect_others() -> None:
    small, large = make_polygons(own_config(train=2, noise=0.1)), make_polygons(own_config(noise=0.1))
    np.testing.assert_array_equal(small["train"].images, large["train"].images[:2])
    np.testing.assert_array_equal(small["test"].images, large["test"].images)


def test_progress_counts_every_image() -> None:
    seen: list[tuple[int, int]] = []
    make_polygons(own_config(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 25) for done in range(1, 26)]


def test_global_random_state_is_unchanged() -> None:
    torch_before, numpy_before = torch.get_rng_state(), pickle.dumps(np.random.get_state())  # noqa: NPY002
    make_polygons(own_config(noise=0.1, rotate=True))
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert pickle.dumps(np.random.get_state()) == numpy_before  # noqa: NPY002


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_shapes": 3, "max_shapes": 2}, "got 3 and 2"),
        ({"min_radius": 12, "max_radius": 11}, "got 12.0 and 11.0"),
        ({"max_radius": 37.5}, "at most half of canvas - 1, 37, .*got 37.5"),
        ({"sides": [2]}, "greater than or equal to 3"),
        ({"sides": [9]}, "less than or equal to 8"),
        ({"sides": []}, "at least 1 item"),
        ({"outline": 0}, "greater than 0"),
        ({"noise": float("nan")}, "finite number"),
        ({"seed": -1}, "greater than or equal to 0"),
    ],
)
def test_invalid_configurations(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        own_config(**changes)


def test_fingerprints_of_the_reference_dataset_with_3_to_5_sides() -> None:
    """The beginning of a split does not depend on its size, so the small validation split is enough to compare."""
    splits = make_polygons(Polygon345Config(train=1, test=1))
    reference = REFERENCE_POLYGONS_345.splits["val"]
    assert array_sha256(splits["val"].images) == reference.images_sha256
    assert array_sha256(splits["val"].masks) == reference.masks_sha256


def test_images_with_3_to_5_sides_never_hold_two_shapes_alike() -> None:
    masks = make_polygons(Polygon345Config(train=300, val=1, test=1, seed=4))["train"].masks
    numbers, classes = np.zeros(3, int), np.zeros(4, int)
    for mask in masks:
        found = [class_number for shape in connected_shapes(mask) for class_number in set(mask[shape].tolist())]
        assert len(found) == len(set(found))
        numbers[len(found)] += 1
        classes[found] += 1
    assert numbers[0] == 0
    # The standard error of each fraction is 0.029 for the numbers and 0.022 for the classes.
    assert abs(numbers[1] / 300 - 0.5) < 0.1
    assert np.abs(classes[1:] / classes.sum() - 1 / 3).max() < 0.08
    areas = [shape.sum() for mask in masks for shape in connected_shapes(mask)]
    assert Polygon(3, 12, 0, 0).area * 0.95 < min(areas) < max(areas) < Polygon(5, 17.5, 0, 0).area * 1.05


def test_shapes_are_alike_only_if_they_may_be() -> None:
    assert len(make_polygons(own_config(distinct=True, max_shapes=6, canvas=150))["train"].images) == 12
    with pytest.raises(ValidationError, match=r"at least max_shapes = 3 different numbers of sides; got 2"):
        own_config(distinct=True, max_shapes=3, sides=[3, 4, 4])
    with pytest.raises(ValidationError, match="less than or equal to 5"):
        Polygon345Config(sides=(3, 6))
