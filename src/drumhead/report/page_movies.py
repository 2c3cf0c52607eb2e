"""The movies of a page: those that runs have, and one made for each recurrent run that has none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from drumhead.report.chapters import Chapter
from drumhead.report.exhibits import is_recurrent, told
from drumhead.report.inline import Figure, Left, data_uri
from drumhead.report.movie_files import import_ffmpeg
from drumhead.report.run_movie import sample_movie
from drumhead.report.run_samples import recurrent_model
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


def chapter_movies(chapter: Chapter, *, room: int = MOST_BYTES) -> Iterator[Figure | Left]:
    """A movie of each recurrent run that is shown, while they have together less than ``room`` bytes."""
    left_out = []
    full = False
    for title, run in chapter.shown.items():
        if not is_recurrent(run):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = kept_movie(run) or (None if full else new_movie(chapter, run, Path(folder)))
            except (ValueError, OSError) as error:
                yield Left(f"Waves of {title}. {chapter.title}, {told(run)}.", str(error))
                continue
            size = LARGEST if path is None else path.stat().st_size
            if path is None or size > min(room, LARGEST):
                full = True
                left_out.append(f"{title} ({told(run)})")
                continue
            room -= size
            sample = path.name if path.parent.parent == run.folder else "the first test image"
            caption = f"Waves of {title}: {sample}. {chapter.title}, {told(run)}."
            alt = f"Movie: the input, truth and prediction of {title}, and its waves, step by step."
            yield Figure(caption, alt, data_uri(path), *frame_size(path), video=path.suffix == ".mp4")
    if left_out:
        yield Left(
            f"Waves of {', '.join(left_out)}.", "Left out to keep this page small; `drumhead movie RUN` makes one."
        )


def kept_movie(run: Run) -> Path | None:
    """A movie in the run's folder that is small enough, the first by name; none if there is none."""
    found = sorted(path for path in (run.folder / "movies").glob("*") if path.suffix in (".gif", ".mp4"))
    return next((path for path in found if path.stat().st_size <= LARGEST), None)


def frame_size(path: Path) -> tuple[int, int]:
    """Width and height a movie is shown at, in pixels; small ones are enlarged."""
    if path.suffix == ".gif":
        with Image.open(path) as picture:
            width, height = picture.size
    else:
        reader = import_ffmpeg().read_frames(str(path))
        width, height = next(reader)["size"]
        reader.close()
    times = max(1, NARROWEST // width)
    return times * width, times * height


def new_movie(chapter: Chapter, run: Run, folder: Path) -> Path:
    """A movie of the first test image: as MP4 where ffmpeg is at hand, else as a small GIF."""
    mp4 = find_spec("imageio_ffmpeg") is not None
    path = folder / ("waves.mp4" if mp4 else "waves.gif")
    model = recurrent_model(run)
    sample_movie(
        model,
        chapter.dataset,
        split="test",
        samples=[0],
        channels=range(min(CHANNELS, model.config.hidden_channels)),
        path=path,
        frames_per_second=FRAMES_PER_SECOND,
        scale=None if mp4 else GIF_SCALE,
    )
    return path
