"""``drumhead report``: one HTML page with the results of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.analysis.square_area import study_areas
from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.files import check_writable
from drumhead.report.page.page import FILE, write_report
from drumhead.report.page.sections import open_runs, report_sections
from drumhead.report.page.viewer_link import VIEWER_FILE, find_viewed_run
from drumhead.zoo import find_run


def main(args: list[str]) -> int:
    """Run ``drumhead report``."""
    parse(report, args, prog="drumhead report")
    return OK


def report(
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[PATH ...]")] = (Path("runs"),),
    *,
    out: Path = Path("report"),
    theory: bool = True,
    movies: bool = True,
    view: bool = False,
) -> None:
    """Write one HTML page of runs: tables, scores, training curves, samples, waves, movies and commands.

    The page is a single file that works offline and on small screens. It has a section for each dataset and recipe,
    with the paper's scores for comparison. It lists what cannot be shown because data or weights are missing, and the
    runs that diverged, collapsed or are unfinished.

    Args:
        paths: Run folders, folders of runs, or names of trained networks.
        out: The folder for report.html.
        theory: Include the study of the area of square drums, which needs no run.
        movies: Include movies: those in the run folders, or new ones.
        view: Also write view.html beside the page, in which the first recurrent run's network runs (`drumhead view`).
    """
    check_writable(out / FILE, *([out / VIEWER_FILE] if view else []))
    runs, unreadable = open_runs(map(find_run, paths))
    sections = report_sections(runs)
    viewed = find_viewed_run(sections) if view else None
    console = Console()
    study = None
    if theory:
        with progress_bar(console, "square drums") as progress:
            study = study_areas(progress=progress)
    with progress_bar(console, "figures") as progress:
        path = write_report(
            out,
            sections,
            unreadable=unreadable,
            paths=paths,
            theory=study,
            movies=movies,
            viewed=viewed,
            progress=progress,
        )
    size = path.stat().st_size / 1e6
    console.print(f"wrote {path} ({size:.1f} MB, {len(runs)} runs)", highlight=False, soft_wrap=True)
