"""Movies of synthetic waves: what each frame shows, how many there are, and how long they last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageSequence

from drumhead.report.colours import class_colours
from drumhead.report.movies import wave_movie

NAMES = ["background", "square", "disc"]
CREST, TROUGH = (255, 240, 207), (217, 244, 255)


def scene(steps: int = 12, channels: int = 1, height: int = 16, width: int = 24) -> dict[str, Any]:
    """A bright column that travels one pixel a step, upright in channel 1 and upside down in channel 2."""
    mask = np.zeros((height, width), np.uint8)
    mask[2:6, 3:9] = 1
    field = np.zeros((steps, channels, height, width), np.float32)
    for step in range(steps):
        field[step, :, :, step] = 0.5
    field[:, 1::2] *= -1
    return {
        "image": np.repeat(mask[None] * 0.6, 3, axis=0),
        "mask": mask,
        "prediction": 2 * mask,
        "field": field,
        "class_names": NAMES,
    }


def frames_of(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as movie:
        return np.stack([np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(movie)])


def at(frame: npt.NDArray[np.uint8], colour: Any) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns where a frame has a colour, in the part where the panels are."""
    rows, columns = np.nonzero((frame[26 : 26 + 192] == np.asarray(colour)).all(axis=-1))
    return rows, columns


def test_the_wave_travels_and_the_rest_stays(tmp_path: Path) -> None:
    wave_movie(**scene(channels=2), path=tmp_path / "waves.gif")
    frames = frames_of(tmp_path / "waves.gif")
    assert len(frames) == 12
    # 16 pixels at 12 times: 192 high; each channel shows one column, 12 wide.
    crests, troughs = ([at(frame, end) for frame in frames] for end in (CREST, TROUGH))
    for step, (crest, trough) in enumerate(zip(crests, troughs, strict=True)):
        assert len(crest[0]) == len(trough[0]) == 192 * 12
        assert crest[1].min() == crests[0][1].min() + 12 * step
        assert trough[1].min() == troughs[0][1].min() + 12 * step
    for label in (1, 2):
        colour = class_colours(3)[label]
        rows, columns = at(frames[0], colour)
        assert (int(rows.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1) == (2 * 12, 4 * 12, 6 * 12)
        assert all(len(at(frame, colour)[0]) == 24 * 144 for frame in frames)


def test_loops_for_ever_at_the_wished_speed(tmp_path: Path) -> None:
    wave_movie(**scene(), path=tmp_path / "waves.gif", frames_per_second=12.5)
    with Image.open(tmp_path / "waves.gif") as movie:
        assert movie.info["loop"] == 0
        assert {frame.info["duration"] for frame in ImageSequence.Iterator(movie)} == {80}
    assert [path.name for path in tmp_path.iterdir()] == ["waves.gif"]


def test_a_silent_field_still_has_a_frame_per_step(tmp_path: Path) -> None:
    given = scene(steps=7)
    wave_movie(**{**given, "field": 0 * given["field"]}, path=tmp_path / "waves.gif")
    assert len(frames_of(tmp_path / "waves.gif")) == 7


def test_four_channels_of_many_are_shown(tmp_path: Path) -> None:
    sizes = []
    for channels in (3, 4, 16):
        wave_movie(**scene(steps=2, channels=channels), path=tmp_path / "waves.gif")
        sizes.append(frames_of(tmp_path / "waves.gif").shape)
    assert sizes[0] < sizes[1] == sizes[2]


def test_truth_may_be_unknown(tmp_path: Path) -> None:
    wave_movie(**{**scene(), "mask": None}, path=tmp_path / "waves.gif")
    frame = frames_of(tmp_path / "waves.gif")[0]
    assert len(at(frame, class_colours(2)[1])[0]) == 0
    assert len(at(frame, class_colours(3)[2])[0]) == 24 * 144


@pytest.mark.parametrize(("height", "width", "panel"), [(3, 2, 192), (75, 75, 225), (500, 400, 250)])
def test_any_size(tmp_path: Path, height: int, width: int, panel: int) -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros((height, width), np.uint8)
    wave_movie(
        rng.random((1, height, width)),
        labels,
        labels,
        rng.standard_normal((2, 1, height, width)),
        class_names=NAMES,
        path=tmp_path / "waves.gif",
    )
    assert 0 < frames_of(tmp_path / "waves.gif").shape[1] - panel < 100


def test_scale(tmp_path: Path) -> None:
    shapes = []
    for scale in (10, 11):
        wave_movie(**scene(steps=1), path=tmp_path / "waves.gif", scale=scale)
        shapes.append(frames_of(tmp_path / "waves.gif").shape)
    assert shapes[1][1] - shapes[0][1] == 16
    assert shapes[1][2] - shapes[0][2] == 24 * 4


def struck_drum(steps: int) -> npt.NDArray[np.float64]:
    """Two channels of a 64 x 64 drum, struck by rectangles."""
    position: npt.NDArray[np.float64] = np.zeros((2, 64, 64))
    position[0, 20:34, 10:24] = position[0, 40:50, 30:50] = 1
    position[1, 20:34, 20:30] = -0.8
    velocity: npt.NDArray[np.float64] = np.zeros_like(position)
    field = []
    for _ in range(steps):
        laplacian = sum(np.roll(position, shift, axis) for shift in (1, -1) for axis in (1, 2)) - 4 * position
        velocity = velocity + 0.1 * (np.tanh(laplacian) - 0.05 * position)
        position = position + 0.1 * velocity
        field.append(position)
    return np.stack(field)


def test_a_hundred_steps_make_a_small_file(tmp_path: Path) -> None:
    given = {**scene(height=64, width=64), "field": struck_drum(100)}
    wave_movie(**given, path=tmp_path / "waves.gif")
    assert (tmp_path / "waves.gif").stat().st_size < 1.5e6
    assert len(frames_of(tmp_path / "waves.gif")) == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames_per_second": 60}, "at most 50; got 60"),
        ({"scale": 0}, "1 or more; got 0"),
        ({"field": np.zeros((3, 1, 5, 5))}, "on the same grid"),
        ({"field": np.full((3, 1, 16, 24), np.nan)}, "must be finite"),
        ({"prediction": np.zeros((5, 5), int)}, r"prediction must be .* got \(5, 5\)"),
        ({"mask": np.full((16, 24), 3)}, "must name every class of the truth, 3 to 3"),
    ],
)
def test_refuses(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wave_movie(**{**scene(), **change}, path=tmp_path / "waves.gif")
    assert not list(tmp_path.iterdir())
