"""The polygon dataset: regular polygons in white on black; each pixel's class is the number of sides of its polygon.

The paper shows such images in movies but gives no recipe. There are two standard sets, whose details are our choice:
``polygons`` has 3 to 8 sides; ``polygons_345`` has the shapes that the movies show, with 3, 4 and 5 sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from typing_extensions import Self

from drumhead.config import Config
from drumhead.data.manifest import SplitManifest
from drumhead.data.polygon_images import Polygon, place_polygons, polygon_mask, render_polygon
from drumhead.data.progress import progress_counter
from drumhead.data.random_streams import split_generators
from drumhead.data.reference_dataset import ReferenceDataset
from drumhead.data.split import Split

POLYGON_CLASSES = ("background", "triangle", "square", "pentagon", "hexagon", "heptagon", "octagon")
POLYGON_345_CLASSES = POLYGON_CLASSES[:4]
REFERENCE_POLYGONS = ReferenceDataset(
    "Drumhead's standard polygon set",
    {
        "train": SplitManifest(
            count=10_000,
            images_sha256="0483d9549e448d33d735509632800c777181e1dca2c4183f5b4d2edec15b55ec",
            masks_sha256="5230455304640ddaca2b500f82d5d180e2da8de9575bf0598ceed9b161a5ef00",
        ),
        "val": SplitManifest(
            count=1_000,
            images_sha256="9151396c1d59bc63a1e6f6a19f7d4590154ab3d6731c00f32400710fa2614cbb",
            masks_sha256="1c6880595a786860432fbacf8cb827fcd6187ba4bd3a359e4b55228ee78570a3",
        ),
        "test": SplitManifest(
            count=1_000,
            images_sha256="db9e9bb78dc7b170f25f65d64c3f1ae67b90442e968563391e1f4caeeaa7242c",
            masks_sha256="f4246039f47d257632b864911d3d5e8794183d6758d5e75864a5e7a75b044268",
        ),
    },
)
REFERENCE_POLYGONS_345 = ReferenceDataset(
    "Drumhead's standard set of triangles, squares and pentagons",
    {
        "train": SplitManifest(
            count=10_000,
            images_sha256="8be828edbb54247bfa690abcf9d9e6677b73695eb7667b47fd6b22db463c7f04",
            masks_sha256="a888e82605cd0bd00eaff10493a6f75b6f3a75739197822b9f384f39f8ccf1dc",
        ),
        "val": SplitManifest(
            count=1_000,
            images_sha256="a96fe1076dfed04e39b8cbc4e4788e50bb8bb6827925e941dca8274ece4bc37b",
            masks_sha256="72ca7f34f2ac1699d9a47eb646b0221ec653171caae259e3e48a1ad7e52d8915",
        ),
        "test": SplitManifest(
            count=1_000,
            images_sha256="26e14ecbb61cefdde41311d9656b9fbec47976958b6565e4afb9c8c1f35f8fc5",
            masks_sha256="e93ca315edb529eafd66f9f9baa730f06dce7b65ca67519ffe7bffe1e09dd788",
        ),
    },
)

Sides = Annotated[int, Field(ge=3, le=8)]


class PolygonFields(Config):
    """The fields of both polygon datasets.

    The class of a pixel is its polygon's number of sides minus 2, whichever numbers of sides are drawn.
    """

    canvas: int = Field(default=75, ge=8)
    """Side of the square image, in pixels."""
    sides: tuple[Sides, ...] = Field(default=(3, 4, 5, 6, 7, 8), min_length=1)
    """Numbers of sides to draw from, all equally likely; a number given twice is drawn twice as often."""
    min_shapes: int = Field(default=1, ge=0)
    """Smallest number of polygons in an image."""
    max_shapes: int = Field(default=2, ge=1)
    """Largest number of polygons in an image; all numbers from the smallest to the largest are equally likely."""
    min_radius: float = Field(default=10.0, ge=2)
    """Smallest distance from a polygon's centre to its vertices, in pixels."""
    max_radius: float = Field(default=18.0, ge=2)
    """Largest distance from a polygon's centre to its vertices, in pixels."""
    distinct: bool = False
    """No two polygons of an image have the same number of sides."""
    rotate: bool = False
    """Rotate each polygon by a random angle; by default its first vertex is to the right of its centre."""
    outline: float | None = Field(default=None, gt=0)
    """Draw only the edge of each polygon, with this width in pixels; by default polygons are filled. The mask is
    always filled."""
    antialias: bool = False
    """Draw smooth edges: each pixel is as bright as the fraction of it that the polygon covers. Masks do not change."""
    noise: float = Field(default=0.0, ge=0)
    """Standard deviation of Gaussian noise added to each pixel; 1 is the brightness of a polygon."""
    train: int = Field(default=10_000, ge=1)
    """Number of training images."""
    val: int = Field(default=1_000, ge=1)
    """Number of validation images."""
    test: int = Field(default=1_000, ge=1)
    """Number of test images."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the random streams."""

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if self.distinct and len(set(self.sides)) < self.max_shapes:
            raise ValueError(
                f"distinct polygons need at least max_shapes = {self.max_shapes} different numbers of sides; "
                f"got {len(set(self.sides))}"
            )
        if self.min_shapes > self.max_shapes:
            raise ValueError(f"min_shapes must be at most max_shapes; got {self.min_shapes} and {self.max_shapes}")
        if self.min_radius > self.max_radius:
            raise ValueError(f"min_radius must be at most max_radius; got {self.min_radius} and {self.max_radius}")
        if 2 * self.max_radius > self.canvas - 1:
            raise ValueError(
                f"max_radius must be at most half of canvas - 1, {(self.canvas - 1) / 2:g}, "
                f"for the polygon to fit; got {self.max_radius:g}"
            )
        return self


class PolygonConfig(PolygonFields):
    """Images of one or two regular polygons with 3 to 8 sides."""

    name: Literal["polygons"] = "polygons"
    """Name of the dataset."""


class Polygon345Config(PolygonFields):
    """Images of one or two regular polygons with 3, 4 or 5 sides, like those in the paper's movies."""

    name: Literal["polygons_345"] = "polygons_345"
    """Name of the dataset."""
    sides: tuple[Annotated[int, Field(ge=3, le=5)], ...] = Field(default=(3, 4, 5), min_length=1)
    """Numbers of sides to draw from, all equally likely; a number given twice is drawn twice as often."""
    min_radius: float = Field(default=12.0, ge=2)
    """Smallest distance from a polygon's centre to its vertices, in pixels."""
    max_radius: float = Field(default=17.5, ge=2)
    """Largest distance from a polygon's centre to its vertices, in pixels."""
    distinct: bool = True
    """No two polygons of an image have the same number of sides."""


def make_polygons(config: PolygonFields, *, progress: Callable[[int, int], None] | None = None) -> dict[str, Split]:
    """Make the train, val and test splits that a configuration describes.

    Each split has its own random stream, so the size of one does not affect another, and a smaller split is the
    beginning of a larger one.

    Args:
        config: the configuration of the dataset.
        progress: called after each image with the number done and the total.

    Raises:
        ValueError: no canvas with the number of polygons drawn was found; see :func:`place_polygons`.

    Example:
        >>> splits = make_polygons(PolygonConfig(train=4, val=2, test=2))
        >>> splits["train"].images.shape, splits["train"].masks.shape
        ((4, 75, 75, 1), (4, 75, 75))
    """
    sizes = {"train": config.train, "val": config.val, "test": config.test}
    update_progress = progress_counter(progress, total=sum(sizes.values()))
    generators = split_generators(config.seed)
    return {split: draw_split(generators[split], size, config, update_progress) for split, size in sizes.items()}


def draw_split(
    generator: np.random.Generator, num_images: int, config: PolygonFields, update_progress: Callable[[int], None]
) -> Split:
    """Draw the images and masks of a split; ``update_progress`` is called with 1 after each."""
    noise_generator = generator.spawn(1)[0]  # separate, so that the polygons are the same with and without noise
    images = np.zeros((num_images, config.canvas, config.canvas, 1), np.uint8)
    masks = np.zeros((num_images, config.canvas, config.canvas), np.uint8)
    for image, mask in zip(images, masks, strict=True):
        polygons = place_polygons(
            generator,
            int(generator.integers(config.min_shapes, config.max_shapes, endpoint=True)),
            canvas=config.canvas,
            sides=config.sides,
            radii=(config.min_radius, config.max_radius),
            rotate=config.rotate,
            distinct=config.distinct,
        )
        for polygon in polygons:
            mask[polygon_mask(polygon, config.canvas)] = polygon.sides - 2
        brightness = render_polygons(polygons, mask, config)
        if config.noise > 0:
            brightness += noise_generator.normal(0.0, config.noise, size=brightness.shape)
        image[..., 0] = np.rint(255 * brightness.clip(0.0, 1.0))
        update_progress(1)
    return Split(images, masks)


def render_polygons(
    polygons: list[Polygon], mask: npt.NDArray[np.uint8], config: PolygonFields
) -> npt.NDArray[np.float64]:
    """Return the brightness of an image without noise: (canvas, canvas), 0 to 1.

    Filled polygons without antialiasing are taken from the mask.
    """
    if config.outline is None and not config.antialias:
        return (mask > 0).astype(np.float64)
    brightness = np.zeros(mask.shape)
    for polygon in polygons:
        brightness += render_polygon(polygon, config.canvas, outline=config.outline, antialias=config.antialias)
    return brightness
