"""Movies as files: GIF, and MP4 with the optional ffmpeg."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
from PIL import Image

from drumhead.files import atomic_replace
from drumhead.report.colours import Pixels

SLOWEST, FASTEST = 0.01, 50
"""Frames in a second. A GIF counts to 655 seconds."""

# H.264 that every player takes, colours as on screens, the same bytes each time: one thread, no names of programs.
MP4 = {
    "-crf": "12",
    "-preset": "medium",
    "-threads": "1",
    "-movflags": "+faststart",
    "-vf": "scale=out_color_matrix=bt709:out_range=tv",
    "-colorspace": "bt709",
    "-color_primaries": "bt709",
    "-color_trc": "bt709",
    "-fflags": "+bitexact",
    "-flags:v": "+bitexact",
}


def check_movie(path: Path, frames_per_second: float) -> None:
    """Raise where a movie of that name and speed cannot be written, before it is made.

    Raises:
        ValueError: for another ending than .gif or .mp4, for .mp4 without ffmpeg, or for a speed out of range.
    """
    if path.suffix not in WRITERS:
        raise ValueError(f"movies are {' or '.join(WRITERS)} files; got {path}")
    if not SLOWEST <= frames_per_second <= FASTEST:
        raise ValueError(f"frames_per_second must be from {SLOWEST} to {FASTEST}; got {frames_per_second:g}")
    if path.suffix == ".mp4":
        import_ffmpeg()


def write_movie(frames: Iterator[Pixels], palette: Pixels, path: Path, *, frames_per_second: float) -> None:
    """Write a movie, whole or not at all; the same frames give the same bytes.

    Args:
        frames: (height, width), indices into the palette.
        palette: (colour, 3), at most 255 colours.
        path: ending in .gif (loops for ever; GIF counts in hundredths of a second, so the speed is rounded) or .mp4.
        frames_per_second: from 0.01 to 50.

    Raises:
        ValueError: as of :func:`check_movie`.
    """
    check_movie(path, frames_per_second)
    with atomic_replace(path) as temporary:
        WRITERS[path.suffix](frames, palette, temporary, frames_per_second)


def write_gif(frames: Iterator[Pixels], palette: Pixels, path: Path, frames_per_second: float) -> None:
    """Write an animated GIF."""

    def picture(frame: Pixels) -> Image.Image:
        result = Image.fromarray(frame).convert("P")
        result.putpalette(palette.tobytes())
        return result

    first, *others = map(picture, frames)
    milliseconds = 10 * round(100 / frames_per_second)
    # Without optimisation, which would give each frame a palette of its own.
    first.save(path, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=False)


def write_mp4(frames: Iterator[Pixels], palette: Pixels, path: Path, frames_per_second: float) -> None:
    """Write H.264. Sides are made even with a white line, since its colours have half the resolution."""
    ffmpeg = import_ffmpeg()
    first = next(frames)
    height, width = (side + side % 2 for side in first.shape)
    writer = ffmpeg.write_frames(
        str(path),
        (width, height),
        fps=frames_per_second,
        codec="libx264",
        quality=None,
        macro_block_size=1,
        ffmpeg_log_level="error",
        output_params=[word for option in MP4.items() for word in option],
    )
    writer.send(None)
    written = 0
    try:
        for frame in (first, *frames):
            writer.send(_even(palette[frame], height, width).tobytes())
            written += 1
    except OSError as error:  # that of a broken pipe, which does not tell why
        raise OSError(f"ffmpeg stopped after {written} frames of {path.name}: is the disk full?") from error
    finally:
        writer.close()
    found, _ = ffmpeg.count_frames_and_secs(str(path)) if path.is_file() else (0, 0)
    if found != written:
        raise OSError(f"ffmpeg wrote {found} of {written} frames of {path.name}: is the disk full?")


def import_ffmpeg() -> ModuleType:
    """The package that brings ffmpeg, a program of its own.

    Raises:
        ValueError: if it is not installed, with how to get it.
    """
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ValueError(
            "MP4 needs ffmpeg, which comes with the extra `movies`: pip install 'drumhead[movies]'; "
            "or choose a file that ends in .gif"
        ) from error
    ffmpeg: ModuleType = imageio_ffmpeg
    return ffmpeg


def _even(pixels: Pixels, height: int, width: int) -> npt.NDArray[np.uint8]:
    bottom, right = height - pixels.shape[0], width - pixels.shape[1]
    return np.pad(pixels, ((0, bottom), (0, right), (0, 0)), constant_values=255)


WRITERS: dict[str, Callable[[Iterator[Pixels], Pixels, Path, float], None]] = {".gif": write_gif, ".mp4": write_mp4}
"""By the ending of the file."""
