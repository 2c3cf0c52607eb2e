"""Movies as files: GIF, and MP4 if ffmpeg is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
from PIL import Image

from drumhead.files import atomic_replace
from drumhead.report.colours import Pixels

MIN_FPS, MAX_FPS = 0.01, 50
"""The range of frames per second. A frame of a GIF lasts at most 655 seconds."""

# H.264 that every player supports, with the colours of screens. One thread and no program names, so that the same
# frames give the same bytes.
MP4_OPTIONS = {
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


def check_movie(path: str | Path, frames_per_second: float) -> None:
    """Check that a movie with this name and speed can be written, before it is drawn.

    Raises:
        ValueError: if the name does not end in .gif or .mp4, if ffmpeg is missing for .mp4, or if the speed is out of
            range.
    """
    path = Path(path)
    if path.suffix not in WRITERS:
        raise ValueError(f"movies are {' or '.join(WRITERS)} files; got {path}")
    if not MIN_FPS <= frames_per_second <= MAX_FPS:
        raise ValueError(f"frames_per_second must be from {MIN_FPS} to {MAX_FPS}; got {frames_per_second:g}")
    if path.suffix == ".mp4":
        import_ffmpeg()


def write_movie(frames: Iterator[Pixels], palette: Pixels, path: str | Path, *, frames_per_second: float) -> None:
    """Write a movie atomically; the same frames give the same bytes.

    Args:
        frames: arrays ``(height, width)`` of indices into the palette.
        palette: the colours ``(colour, 3)``, at most 255.
        path: a file name that ends in .gif or .mp4. A GIF repeats forever; its speed is rounded to a frame duration in
            hundredths of a second.
        frames_per_second: from 0.01 to 50.

    Raises:
        ValueError: as :func:`check_movie`.
    """
    path = Path(path)
    check_movie(path, frames_per_second)
    with atomic_replace(path) as temporary:
        WRITERS[path.suffix](frames, palette, temporary, frames_per_second)


def write_gif(frames: Iterator[Pixels], palette: Pixels, path: Path, frames_per_second: float) -> None:
    """Write an animated GIF."""

    def to_image(frame: Pixels) -> Image.Image:
        result = Image.fromarray(frame).convert("P")
        result.putpalette(palette.tobytes())
        return result

    first, *others = map(to_image, frames)
    milliseconds = 10 * round(100 / frames_per_second)
    # Pillow's optimisation would give each frame its own palette.
    first.save(path, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=False)


def write_mp4(frames: Iterator[Pixels], palette: Pixels, path: Path, frames_per_second: float) -> None:
    """Write H.264. Odd sides are padded with a white line, because H.264 stores colours at half the resolution."""
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
        output_params=[arg for option in MP4_OPTIONS.items() for arg in option],
    )
    writer.send(None)
    written = 0
    try:
        for frame in (first, *frames):
            writer.send(_pad_to(palette[frame], height, width).tobytes())
            written += 1
    except OSError as error:  # a broken pipe, whose message does not give the cause
        raise OSError(f"ffmpeg stopped after {written} frames of {path.name}: is the disk full?") from error
    finally:
        writer.close()
    frames_in_file, _ = ffmpeg.count_frames_and_secs(str(path)) if path.is_file() else (0, 0)
    if frames_in_file != written:
        raise OSError(f"ffmpeg wrote {frames_in_file} of {written} frames of {path.name}: is the disk full?")


def import_ffmpeg() -> ModuleType:
    """Import the package that comes with ffmpeg, which runs as a separate program.

    Raises:
        ValueError: if it is not installed, with the command that installs it.
    """
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ValueError(
            "MP4 needs ffmpeg, which comes with the extra `movies`: pip install 'drumhead[movies]'; "
            "or choose a file name that ends in .gif"
        ) from error
    ffmpeg: ModuleType = imageio_ffmpeg
    return ffmpeg


def _pad_to(pixels: Pixels, height: int, width: int) -> npt.NDArray[np.uint8]:
    bottom, right = height - pixels.shape[0], width - pixels.shape[1]
    return np.pad(pixels, ((0, bottom), (0, right), (0, 0)), constant_values=255)


WRITERS: dict[str, Callable[[Iterator[Pixels], Pixels, Path, float], None]] = {".gif": write_gif, ".mp4": write_mp4}
"""The writer of each file format, by the suffix of the file name."""
