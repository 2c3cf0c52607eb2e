from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drumhead.data import DatasetError, ImportOptions, import_dataset, open_dataset, read_image
from drumhead.data.pixel_scale import scale_pixels


@pytest.mark.parametrize(
    ("pixels", "scale", "expected"),
    [
        (np.array([255, 51], "uint8"), None, [1, 0.2]),
        (np.array([65535, 13107], "uint16"), None, [1, 0.2]),
        (np.array([65535, 13107], ">u2"), None, [1, 0.2]),
        (np.array([1, 0.25], ">f8"), None, [1, 0.25]),
        (np.array([1, 0.25], "float16"), None, [1, 0.25]),
        (np.array([4095, 0], "uint16"), 4095.0, [1, 0]),
        (np.array([4095, 0], "int32"), 4095.0, [1, 0]),
        (np.array([1023.75, 0], "float64"), 4095.0, [0.25, 0]),
        (np.array([100, 0], "uint8"), 200.0, [0.5, 0]),
        (np.array([0, 0], "float32"), 4095.0, [0, 0]),
    ],
)
def test_pixels_are_from_0_to_1(pixels: Any, scale: float | None, expected: list[float]) -> None:
    scaled = scale_pixels(pixels, scale, "here")
    assert scaled.dtype == np.dtype("=f4")
    np.testing.assert_array_equal(scaled, np.array(expected, np.float32))


@pytest.mark.parametrize(
    ("pixels", "scale", "message"),
    [
        (np.array([7], "int32"), None, "uint8 or uint16, or float from 0 to 1; got int32.*--scale"),
        (np.array([4096], "uint16"), 4095.0, "from 0 to 4095, the scale; got uint16 from 4096 to 4096.*larger --scale"),
        (np.array([1.5], "float64"), None, "got float64 from 1.5.*--scale"),
        (np.array([np.nan], "float64"), 4095.0, "nan"),
        (np.array([-1], "float64"), 4095.0, "from -1"),
        (np.array([255], "uint8"), 4095.0, "nearly black: got uint8 up to 255"),
        (np.array([0.7], "float32"), 4095.0, "nearly black: got float32 up to 0.7"),
    ],
)
def test_pixels_beyond_the_scale_are_refused(pixels: Any, scale: float | None, message: str) -> None:
    with pytest.raises(DatasetError, match=f"here: .*{message}"):
        scale_pixels(pixels, scale, "here")


def test_a_scale_is_kept_and_predictions_follow_it(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 4096, (6, 8, 9, 1)).astype(">u2")
    np.save(tmp_path / "images.npy", pixels)
    np.save(tmp_path / "masks.npy", (pixels[..., 0] > 2000).astype(np.uint8))
    options = ImportOptions(split=(4, 1, 1), scale=4095)
    import_dataset(tmp_path, tmp_path / "new", options)
    dataset = open_dataset(tmp_path / "new")
    assert (dataset.scale, dataset.manifest.image_dtype) == (4095, "float32")
    stored = np.concatenate([split.images for split in dataset.splits.values()])
    np.testing.assert_array_equal(np.sort(stored, axis=None), np.sort((pixels / 4095).astype(np.float32), axis=None))
    np.save(tmp_path / "one.npy", pixels[0])
    np.testing.assert_array_equal(
        read_image(tmp_path / "one.npy", channels=1, scale=dataset.scale)[0], (pixels[0, ..., 0] / 4095).astype("f4")
    )
