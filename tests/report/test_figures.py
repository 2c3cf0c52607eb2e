"""Still pictures: sizes, colours at known places, and nothing left behind on failure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from drumhead.files import replacing
from drumhead.report.colours import class_colours
from drumhead.report.figures import predictions_figure, wave_strip

NAMES = ["background", "square", "disc"]


def pixels(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


def samples(number: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    masks = np.zeros((number, 20, 30), np.uint8)
    masks[:, 5:10, 10:20] = 1
    return np.repeat(masks[:, None] * 0.5, 3, axis=1), masks


def area(picture: npt.NDArray[np.uint8], label: int) -> int:
    return int((picture == class_colours(3)[label]).all(axis=-1).sum())


def test_predictions_figure(tmp_path: Path) -> None:
    images, masks = samples(2)
    path = tmp_path / "new" / "figure.png"
    predictions_figure(images, masks, {"NWM\n0.7": masks, "CNN": 2 * masks}, class_names=NAMES, path=path)
    picture = pixels(path)
    # Panels are 20 x 30 pixels at 9 times; truth and one model show 50 pixels of class 1, twice each.
    shown = 9 * 9 * 50 * 2
    assert area(picture, 1) - 2 * shown == pytest.approx(0, abs=1500)  # what is over is its legend
    assert area(picture, 1) >= 2 * shown
    assert area(picture, 2) >= shown
    assert list(path.parent.iterdir()) == [path]


def test_at_most_eight_samples_and_one_is_enough(tmp_path: Path) -> None:
    widths = []
    for number in (1, 8, 11):
        images, masks = samples(number)
        predictions_figure(images, masks, {}, class_names=NAMES, path=tmp_path / "figure.png")
        widths.append(pixels(tmp_path / "figure.png").shape[1])
    assert widths[0] < widths[1] == widths[2]


def test_predictions_figure_refuses(tmp_path: Path) -> None:
    images, masks = samples(2)
    path = tmp_path / "figure.png"
    with pytest.raises(ValueError, match=r"masks of 'CNN' must be .* got \(1, 20, 30\)"):
        predictions_figure(images, masks, {"CNN": masks[:1]}, class_names=NAMES, path=path)
    with pytest.raises(ValueError, match="must name every class"):
        predictions_figure(images, masks, {"CNN": masks * 3}, class_names=NAMES, path=path)
    with pytest.raises(ValueError, match="at least one sample"):
        predictions_figure(images[:0], masks[:0], {}, class_names=NAMES, path=path)
    assert not list(tmp_path.iterdir())


def test_wave_strip_shows_a_wave_travel(tmp_path: Path) -> None:
    image = np.zeros((1, 20, 20))
    waves = np.zeros((10, 20, 20))
    for time in range(10):
        waves[time, :, 2 * time : 2 * time + 2] = 1 if time < 5 else -1
    wave_strip(waves, image, frames=[0, 9], path=tmp_path / "strip.png")
    picture = pixels(tmp_path / "strip.png")[100].astype(int)  # a row through the middle of the panels
    crest, trough = (np.flatnonzero((picture == end).all(axis=-1)) for end in ([255, 240, 207], [217, 244, 255]))
    assert len(crest) == len(trough) == 18  # 2 columns at 9 times
    assert np.ptp(crest) == np.ptp(trough) == 17
    # From the left edge of one panel to the right edge of the next: panels are 180 wide, 12 apart.
    assert trough[0] - crest[0] == 180 + 12 + 162


def test_wave_strip_refuses(tmp_path: Path) -> None:
    waves, image = np.zeros((10, 4, 5)), np.zeros((1, 4, 5))
    with pytest.raises(ValueError, match=r"some of 0 to 9; got \[10\]"):
        wave_strip(waves, image, frames=[10], path=tmp_path / "strip.png")
    with pytest.raises(ValueError, match="on the grid of the image"):
        wave_strip(waves[:, :3], image, frames=[0], path=tmp_path / "strip.png")


def test_a_failed_write_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_text("former")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]
