"""The movies of a page: those in run folders, and a new one for each recurrent run that has none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from drumhead.file_formats.untrusted_images import open_untrusted_image
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.report.movies.movie_files import import_ffmpeg
from drumhead.report.page.inline import InlineFigure, SkippedFigure, data_uri
from drumhead.report.page.section_figures import is_recurrent, run_label
from drumhead.report.page.sections import ReportSection
from drumhead.report.samples import load_recurrent_model
from drumhead.runs import Run

MAX_MOVIE_BYTES = 2_500_000
"""The largest size of one movie."""
MAX_PAGE_BYTES = 8_000_000
"""The largest size of all movies of a page."""
MIN_DISPLAY_WIDTH = 600
"""Pixels. A narrower movie is displayed at the largest whole multiple of its size that is no wider than this."""
CHANNELS = 2
FRAMES_PER_SECOND = 20
GIF_SCALE = 1
"""Pixels of a GIF per pixel of the image, each way: GIFs are large, and the page can enlarge them."""


def section_movies(
    section: ReportSection, *, max_bytes: int = MAX_PAGE_BYTES
) -> Iterator[InlineFigure | SkippedFigure]:
    """Yield a movie of each recurrent run that represents its model, up to ``max_bytes`` in total."""
    omitted = []
    full = False
    for label, run in section.representatives.items():
        if not is_recurrent(run):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = stored_movie(run) or (None if full else new_movie(section, run, Path(folder)))
                display_size = (0, 0) if path is None else frame_size(path)
            except (ValueError, OSError) as error:
                yield SkippedFigure(f"Waves of {label}. {section.title}, {run_label(run)}.", str(error))
                continue
            size = MAX_MOVIE_BYTES if path is None else path.stat().st_size
            if path is None or size > min(max_bytes, MAX_MOVIE_BYTES):
                full = True
                omitted.append(f"{label} ({run_label(run)})")
                continue
            max_bytes -= size
            sample = path.name if path.parent.parent == run.folder else "the first test image"
            caption = f"Waves of {label}: {sample}. {section.title}, {run_label(run)}."
            alt = f"Movie: the input, true classes and prediction of {label}, and its states, step by step."
            yield InlineFigure(caption, alt, data_uri(path), *display_size, video=path.suffix == ".mp4")
    if omitted:
        yield SkippedFigure(
            f"Waves of {', '.join(omitted)}.", "Omitted to keep this page small; `drumhead movie RUN` makes the movie."
        )


def stored_movie(run: Run) -> Path | None:
    """Return the first movie by name in the run's folder that is small enough; None if there is none."""
    paths = sorted(path for path in (run.folder / "movies").glob("*") if path.suffix in (".gif", ".mp4"))
    regular = (path for path in paths if path.is_file() and not path.is_symlink())
    return next((path for path in regular if path.stat().st_size <= MAX_MOVIE_BYTES), None)


def frame_size(path: Path) -> tuple[int, int]:
    """Return the width and height in pixels at which a movie is displayed.

    Raises:
        ValueError: if the file is not a readable movie.
    """
    if path.suffix == ".gif":
        with open_untrusted_image(path, "GIF") as image:
            width, height = image.size
    else:
        width, height = mp4_size(path)
    factor = max(1, MIN_DISPLAY_WIDTH // width)
    return factor * width, factor * height


def mp4_size(path: Path) -> tuple[int, int]:
    """Return the width and height of an MP4 file. It is not opened as any other format.

    By default, ffmpeg detects the format from the content, and follows a playlist to other files.
    """
    reader = import_ffmpeg().read_frames(str(path), input_params=["-protocol_whitelist", "file", "-f", "mp4"])
    try:
        width, height = next(reader)["size"]
    except Exception as error:  # imageio_ffmpeg parses ffmpeg's messages, so a damaged file can raise anything
        raise ValueError(f"{path} is not a readable MP4 file") from error
    finally:
        reader.close()
    return width, height


def new_movie(section: ReportSection, run: Run, folder: Path) -> Path:
    """Write a movie of the first test image: MP4 if ffmpeg is installed, otherwise a small GIF."""
    mp4 = find_spec("imageio_ffmpeg") is not None
    path = folder / ("waves.mp4" if mp4 else "waves.gif")
    model = load_recurrent_model(run)
    model_wave_movie(
        model,
        section.dataset,
        split="test",
        samples=[0],
        channels=range(min(CHANNELS, model.config.hidden_channels)),
        path=path,
        frames_per_second=FRAMES_PER_SECOND,
        scale=None if mp4 else GIF_SCALE,
    )
    return path
