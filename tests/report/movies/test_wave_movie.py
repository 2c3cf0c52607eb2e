"""Tests of movies of synthetic waves: the number of frames and what each shows."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.colors import to_rgb
from matplotlib.transforms import Bbox
from PIL import Image, ImageDraw, ImageSequence

from drumhead.report.colours import IGNORED, class_colours, mark_ignored
from drumhead.report.movies.wave_movie import wave_movie
from drumhead.report.samples import SampleStates

NAMES = ["background", "square", "disc"]
CREST, TROUGH = (255, 240, 207), (217, 244, 255)


def scene(steps: int = 12, channels: int = 1, height: int = 16, width: int = 24) -> SampleStates:
    """Return a column that travels one pixel per step, positive in even channels and negative in odd ones."""
    mask = np.zeros((height, width), np.uint8)
    mask[2:6, 3:9] = 1
    field = np.zeros((steps, channels, height, width), np.float32)
    for step in range(steps):
        field[step, :, :, step] = 0.5
    field[:, 1::2] *= -1
    return SampleStates("", np.repeat(mask[None] * 0.6, 3, axis=0), mask, 2 * mask, field)


def make(to: Path, *samples: SampleStates, **given: Any) -> npt.NDArray[np.uint8]:
    """Write the movie of some samples; return its frames ``(time, height, width, 3)``."""
    channels = [f"channel {i}" for i in range(samples[0].field.shape[1])]
    wave_movie(samples, **{"channels": channels, "class_names": NAMES, "path": to, **given})
    with Image.open(to) as movie:
        return np.stack([np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(movie)])


def find_colour(
    frame: npt.NDArray[np.uint8], colour: Any, *, row: int = 0
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the rows and columns where a frame has a colour, in the panels of one sample."""
    top = 26 + (192 + 16) * row
    rows, columns = np.nonzero((frame[top : top + 192] == np.asarray(colour)).all(axis=-1))
    return rows, columns


def test_waves_travel_and_still_images_do_not_change(tmp_path: Path) -> None:
    frames = make(tmp_path / "waves.gif", scene(channels=2))
    assert len(frames) == 12
    # 16 pixels at 12 times: 192 high; each channel shows one column, 12 wide.
    crests, troughs = ([find_colour(frame, end) for frame in frames] for end in (CREST, TROUGH))
    for step, (crest, trough) in enumerate(zip(crests, troughs, strict=True)):
        assert len(crest[0]) == len(trough[0]) == 192 * 12
        assert crest[1].min() == crests[0][1].min() + 12 * step
        assert trough[1].min() == troughs[0][1].min() + 12 * step
    for label in (1, 2):
        colour = class_colours(3)[label]
        rows, columns = find_colour(frames[0], colour)
        assert (int(rows.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1) == (2 * 12, 4 * 12, 6 * 12)
        assert all(len(find_colour(frame, colour)[0]) == 24 * 144 for frame in frames)


def test_samples_are_rows_and_share_the_colour_scale_of_a_channel(tmp_path: Path) -> None:
    strong = scene()
    weak = strong._replace(title="weak", field=strong.field[:, :, ::-1, ::-1] / 10)
    frames = make(tmp_path / "waves.gif", strong._replace(title="strong"), weak)
    for frame in frames:
        assert len(find_colour(frame, CREST)[0]) == 192 * 12
        assert len(find_colour(frame, CREST, row=1)[0]) == 0
        assert len(find_colour(frame, class_colours(3)[2], row=1)[0]) == 24 * 144
    assert make(tmp_path / "one.gif", strong).shape[1] == frames.shape[1] - 192 - 16


def test_a_zero_field_has_a_frame_per_step(tmp_path: Path) -> None:
    given = scene(steps=7)
    assert len(make(tmp_path / "waves.gif", given._replace(field=0 * given.field))) == 7


def test_every_second_step_is_shown_for_twice_the_time(tmp_path: Path) -> None:
    whole, half = make(tmp_path / "whole.gif", scene()), make(tmp_path / "half.gif", scene(), every=2)
    np.testing.assert_array_equal(half, whole[1::2])
    durations = []
    for name in ("whole", "half"):
        with Image.open(tmp_path / f"{name}.gif") as movie:
            durations.append(movie.info["duration"])
    assert durations[1] == 2 * durations[0]
    with pytest.raises(ValueError, match="every must be a whole number of steps, 1 or more; got 0"):
        make(tmp_path / "none.gif", scene(), every=0)


def test_progress_is_called_for_every_frame(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    make(tmp_path / "waves.gif", scene(steps=3), progress=lambda *numbers: calls.append(numbers))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_true_classes_may_be_unknown(tmp_path: Path) -> None:
    frame = make(tmp_path / "waves.gif", scene()._replace(mask=None), scene())[0]
    for row in (0, 1):
        assert len(find_colour(frame, class_colours(2)[1], row=row)[0]) == 0
        assert len(find_colour(frame, class_colours(3)[2], row=row)[0]) == 24 * 144


@pytest.mark.parametrize(("height", "width", "panel"), [(3, 2, 192), (75, 75, 225), (500, 400, 250)])
def test_any_size(tmp_path: Path, height: int, width: int, panel: int) -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros((height, width), np.uint8)
    field = rng.standard_normal((2, 1, height, width))
    frames = make(tmp_path / "waves.gif", SampleStates("", rng.random((1, height, width)), labels, labels, field))
    assert 0 < frames.shape[1] - panel < 100


def test_many_samples_and_channels_fit_on_a_screen(tmp_path: Path) -> None:
    given = scene(steps=1, channels=12, height=16, width=16)
    _, height, width, _ = make(tmp_path / "waves.gif", *[given] * 9).shape
    assert height < 1200
    assert width < 2000


@pytest.mark.parametrize(("height", "width", "scale"), [(24, 24, 1), (64, 64, 1), (5, 90, None), (90, 5, None)])
def test_texts_neither_overlap_nor_leave_the_frame(
    height: int, width: int, scale: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, Bbox]] = []
    draw_text = ImageDraw.ImageDraw.text

    def record(self: ImageDraw.ImageDraw, position: Any, text: str, *args: Any, **options: Any) -> None:
        if self.mode == "RGB" and text:  # the number of the step is drawn apart, in a space of its own
            drawn.append((text, Bbox.from_extents(*self.textbbox(position, text, args[1], anchor=options["anchor"]))))
        draw_text(self, position, text, *args, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    given = scene(steps=1, channels=3, height=height, width=width)
    samples = [given._replace(title=title, field=0.024 * given.field) for title in ("test 1", "test 23")]
    names = ["background", "a class with quite a long name, as users write them, or longer", *"abcdefgh"]
    mask = np.arange(height * width).reshape(height, width) % len(names)
    path = tmp_path / "waves.gif"
    wave_movie(
        [sample._replace(prediction=mask) for sample in samples],
        channels=[f"channel {channel}" for channel in range(3)],
        class_names=names,
        path=path,
        scale=scale,
    )
    with Image.open(path) as movie:
        frame = Bbox.from_bounds(0, 0, *movie.size)
    assert [text for text, _ in drawn].count("±0.012") == 3
    for (one, first), (other, second) in combinations(drawn, 2):
        assert not first.overlaps(second), (one, other)
    for text, box in drawn:
        assert frame.contains(box.x0, box.y0), text
        assert frame.contains(box.x1, box.y1), text


def test_scale(tmp_path: Path) -> None:
    shapes = [make(tmp_path / "waves.gif", scene(steps=1), scale=scale).shape for scale in (10, 11)]
    assert shapes[1][1] - shapes[0][1] == 16
    assert shapes[1][2] - shapes[0][2] == 24 * 4


def simulated_waves(steps: int) -> npt.NDArray[np.float64]:
    """Return two channels of waves on a 64 x 64 grid, which start as rectangles."""
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


def test_a_movie_of_100_steps_is_a_small_file(tmp_path: Path) -> None:
    frames = make(tmp_path / "waves.gif", scene(height=64, width=64)._replace(field=simulated_waves(100)))
    assert (tmp_path / "waves.gif").stat().st_size < 1.5e6
    assert len(frames) == 100


@pytest.mark.parametrize(
    ("sample", "given", "message"),
    [
        ({}, {"scale": 0}, "1 or more; got 0"),
        ({}, {"frames_per_second": 60}, "from 0.01 to 50; got 60"),
        ({}, {"path": Path("waves.avi")}, r"\.gif or \.mp4 files; got waves\.avi"),
        ({}, {"channels": ["a", "b"]}, "the 2 channels that have names"),
        ({"field": np.zeros((3, 1, 5, 5))}, {}, "on the same grid"),
        ({"field": np.full((3, 1, 16, 24), np.nan)}, {}, "must be finite"),
        ({"prediction": np.zeros((5, 5), int)}, {}, r"prediction must be .* got \(5, 5\)"),
        ({"mask": np.full((16, 24), 3)}, {}, "must name every class of the truth, 3 to 3"),
    ],
)
def test_invalid_arguments_are_refused(
    tmp_path: Path, sample: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(tmp_path / "waves.gif", scene()._replace(**sample), **given)
    assert not list(tmp_path.iterdir())


def test_samples_of_different_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"of one shape.* got \(12, 1, 16, 24\) and \(11, 1, 16, 24\)"):
        make(tmp_path / "waves.gif", scene(), scene(steps=11))
    with pytest.raises(ValueError, match="at least one sample"):
        wave_movie([], channels=["channel 0"], class_names=NAMES, path=tmp_path / "waves.gif")


def test_ignored_pixels_are_grey_in_the_truth_alone(tmp_path: Path) -> None:
    whole = scene()
    assert whole.mask is not None
    mask = whole.mask.copy()
    mask[8:12] = 255
    frame = make(tmp_path / "waves.gif", whole._replace(mask=mark_ignored(mask, 255)))[0]
    rows, columns = find_colour(frame, [round(255 * part) for part in to_rgb(IGNORED)])
    assert len(rows) == 4 * 12 * 24 * 12  # 4 rows of 24 pixels, each 12 x 12 pixels of the movie
    assert np.ptp(columns) < 24 * 12
    with pytest.raises(ValueError, match=r"every class of the truth, 0 to 255"):
        make(tmp_path / "other.gif", whole._replace(mask=mask))
