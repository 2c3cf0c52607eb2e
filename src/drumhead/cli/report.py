"""``drumhead report``: one HTML page of all that runs have to show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.analysis.square_area import study_areas
from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.report.page.page import write_report
from drumhead.report.page.sections import open_runs, report_sections


def main(args: list[str]) -> int:
    """Run ``drumhead report``."""
    tyro.cli(report, args=args, prog="drumhead report")
    return OK


def report(
    places: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[PLACE ...]")] = (Path("runs"),),
    *,
    out: Path = Path("report"),
    theory: bool = True,
    movies: bool = True,
) -> None:
    """Write one HTML page of runs: tables beside the paper's, scores, training, samples, waves, movies, commands.

    The page needs no other file and no network, on a phone or a desk. It has a chapter for each dataset and recipe.
    What cannot be shown, because data or weights are missing, is named; so are runs that diverged, collapsed or are
    unfinished.

    Args:
        places: Run folders, or folders of runs.
        out: The folder for report.html.
        theory: Include the study of the area of square drums, which needs no run.
        movies: Include movies: those in a run's folder, or new ones.
    """
    runs, unreadable = open_runs(places)
    chapters = report_sections(runs)
    console = Console()
    study = None
    if theory:
        with progress_bar(console, "listening to squares") as progress:
            study = study_areas(progress=progress)
    with progress_bar(console, "figures") as progress:
        path = write_report(
            out, chapters, unreadable=unreadable, places=places, theory=study, movies=movies, progress=progress
        )
    size = path.stat().st_size / 1e6
    console.print(f"wrote {path} ({size:.1f} MB, {len(runs)} runs)", highlight=False, soft_wrap=True)
