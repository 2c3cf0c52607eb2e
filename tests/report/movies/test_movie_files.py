"""Tests of GIF and MP4 files, which real decoders read back: frames, speed, colours, reproducible bytes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageSequence

from drumhead.report.movies.movie_files import check_movie, write_movie

PALETTE = np.array([[22, 22, 29], [230, 159, 0], [0, 114, 178], [255, 240, 207]], np.uint8)
STEPS = 9


def frames(height: int = 40, width: int = 60) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield frames whose left half changes colour in each step, while the right half does not."""
    for step in range(STEPS):
        frame = np.full((height, width), 3, np.uint8)
        frame[:, : width // 2] = step % 3
        yield frame


def test_gif_repeats_forever_at_the_given_speed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "waves.gif"
    write_movie(frames(), PALETTE, path, frames_per_second=12.5)
    with Image.open(path) as movie:
        assert movie.info["loop"] == 0
        shown = [(frame.info["duration"], np.array(frame.convert("RGB"))) for frame in ImageSequence.Iterator(movie)]
    assert len(shown) == STEPS
    for (duration, pixels), frame in zip(shown, frames(), strict=True):
        assert duration == 80
        np.testing.assert_array_equal(pixels, PALETTE[frame])
    assert [file.name for file in path.parent.iterdir()] == ["waves.gif"]


@pytest.mark.parametrize(("height", "width"), [(40, 60), (41, 61)])
def test_mp4_has_every_frame_and_its_colours(tmp_path: Path, height: int, width: int) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "waves.mp4"
    write_movie(frames(height, width), PALETTE, path, frames_per_second=12.5)
    args = [ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = subprocess.run(args, check=True, capture_output=True)
    (stream,) = [line for line in decoded.stderr.decode().splitlines() if "Video: h264" in line]
    even = height + height % 2, width + width % 2
    assert f"{even[1]}x{even[0]}" in stream
    assert "12.50 fps" in stream or "12.5 fps" in stream
    assert "yuv420p" in stream
    shown = np.frombuffer(decoded.stdout, np.uint8).reshape(-1, *even, 3).astype(int)
    assert len(shown) == STEPS
    for pixels, frame in zip(shown, frames(height, width), strict=True):
        middles = pixels[height // 2, [width // 4, 3 * width // 4]]
        expected = PALETTE[frame[height // 2, [width // 4, 3 * width // 4]]]
        assert np.abs(middles - expected).max() <= 6
    assert [file.name for file in tmp_path.iterdir()] == ["waves.mp4"]


@pytest.mark.parametrize("suffix", ["gif", "mp4"])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    if suffix == "mp4":
        pytest.importorskip("imageio_ffmpeg")
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        write_movie(frames(), PALETTE, str(path), frames_per_second=20)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("suffix", ["gif", "mp4"])
def test_a_failure_leaves_the_existing_file_unchanged(tmp_path: Path, suffix: str) -> None:
    if suffix == "mp4":
        pytest.importorskip("imageio_ffmpeg")

    def failing() -> Iterator[npt.NDArray[np.uint8]]:
        yield next(frames())
        raise RuntimeError("the field has gone")

    path = tmp_path / f"waves.{suffix}"
    path.write_text("existing")
    with pytest.raises(RuntimeError, match="the field has gone"):
        write_movie(failing(), PALETTE, path, frames_per_second=20)
    assert path.read_text() == "existing"
    assert list(tmp_path.iterdir()) == [path]


def test_error_without_ffmpeg_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    check_movie("waves.gif", 20)
    with pytest.raises(ValueError, match=r"pip install 'drumhead\[movies\]'; or choose a file name that ends in \.gif"):
        check_movie(Path("waves.mp4"), 20)


@pytest.mark.parametrize("speed", [0, -1, 0.001, 51, float("nan")])
def test_a_speed_out_of_range_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match=r"from 0\.01 to 50; got"):
        check_movie(Path("waves.gif"), speed)
