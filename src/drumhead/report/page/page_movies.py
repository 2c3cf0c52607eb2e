"""The movies of a page: those that runs have, and one made for each recurrent run that has none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from drumhead.data.untrusted_images import open_untrusted_image
from drumhead.report.movies.movie_files import import_ffmpeg
from drumhead.report.movies.run_movie import sample_movie
from drumhead.report.page.inline import Figure, Left, data_uri
from drumhead.report.page.section_figures import is_recurrent, told
from drumhead.report.page.sections import ReportSection
from drumhead.report.samples import recurrent_model
from drumhead.runs import Run

LARGEST = 2_500_000
"""Bytes of one movie."""
MOST_BYTES = 8_000_000
"""Bytes of all movies of a page."""
NARROWEST = 600
"""Pixels a movie is enlarged to, by whole numbers, if it is smaller."""
CHANNELS = 2
FRAMES_PER_SECOND = 20
GIF_SCALE = 1
"""Pixels of a GIF per pixel of the image, each way: it is large, and a page can enlarge it."""


def chapter_movies(section: ReportSection, *, room: int = MOST_BYTES) -> Iterator[Figure | Left]:
    """A movie of each recurrent run that is shown, while they have together less than ``room`` bytes."""
    left_out = []
    full = False
    for title, run in section.representatives.items():
        if not is_recurrent(run):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = kept_movie(run) or (None if full else new_movie(section, run, Path(folder)))
                shown_at = (0, 0) if path is None else frame_size(path)
            except (ValueError, OSError) as error:
                yield Left(f"Waves of {title}. {section.title}, {told(run)}.", str(error))
                continue
            size = LARGEST if path is None else path.stat().st_size
            if path is None or size > min(room, LARGEST):
                full = True
                left_out.append(f"{title} ({told(run)})")
                continue
            room -= size
            sample = path.name if path.parent.parent == run.folder else "the first test image"
            caption = f"Waves of {title}: {sample}. {section.title}, {told(run)}."
            alt = f"Movie: the input, truth and prediction of {title}, and its waves, step by step."
            yield Figure(caption, alt, data_uri(path), *shown_at, video=path.suffix == ".mp4")
    if left_out:
        yield Left(
            f"Waves of {', '.join(left_out)}.", "Left out to keep this page small; `drumhead movie RUN` makes one."
        )


def kept_movie(run: Run) -> Path | None:
    """A movie in the run's folder that is small enough, the first by name; none if there is none."""
    found = sorted(path for path in (run.folder / "movies").glob("*") if path.suffix in (".gif", ".mp4"))
    plain = (path for path in found if path.is_file() and not path.is_symlink())
    return next((path for path in plain if path.stat().st_size <= LARGEST), None)


def frame_size(path: Path) -> tuple[int, int]:
    """Width and height a movie is shown at, in pixels; small ones are enlarged.

    Raises:
        ValueError: if it is no such movie.
    """
    if path.suffix == ".gif":
        with open_untrusted_image(path, "GIF") as picture:
            width, height = picture.size
    else:
        width, height = mp4_size(path)
    times = max(1, NARROWEST // width)
    return times * width, times * height


def mp4_size(path: Path) -> tuple[int, int]:
    """Width and height of an MP4 file, which is opened as nothing else.

    Left to itself, ffmpeg goes by the content, and follows a playlist to other files.
    """
    reader = import_ffmpeg().read_frames(str(path), input_params=["-protocol_whitelist", "file", "-f", "mp4"])
    try:
        width, height = next(reader)["size"]
    except Exception as error:  # what ffmpeg says of a damaged file is read as text, and can be anything
        raise ValueError(f"{path} is no readable MP4 file") from error
    finally:
        reader.close()
    return width, height


def new_movie(section: ReportSection, run: Run, folder: Path) -> Path:
    """A movie of the first test image: as MP4 where ffmpeg is at hand, else as a small GIF."""
    mp4 = find_spec("imageio_ffmpeg") is not None
    path = folder / ("waves.mp4" if mp4 else "waves.gif")
    model = recurrent_model(run)
    sample_movie(
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
