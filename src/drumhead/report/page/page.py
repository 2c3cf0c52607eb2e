"""The report: one HTML file with all that runs have to show, which needs nothing besides itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drumhead.analysis.square_area import AreaStudy
from drumhead.files import atomic_replace
from drumhead.report.page.inline import Figure, Left, inline_figure
from drumhead.report.page.page_movies import MOST_BYTES, chapter_movies
from drumhead.report.page.run_details import RunDetails, run_details
from drumhead.report.page.section_figures import chapter_exhibits, theory_exhibit
from drumhead.report.page.sections import ReportSection, UnreadableRun
from drumhead.report.tables.paper_tables import mean_and_median_tables
from drumhead.report.tables.text_table import TextTable

FILE = "report.html"
HEADINGS = {
    "scores": "Scores",
    "training": "Training",
    "samples": "Samples",
    "waves": "Waves",
    "movies": "Movies",
    "polygons": "Polygons: what each class hears",
}
"""Of the parts of a section, by kind of exhibit."""
NO_WAVES = "No run here has waves to show: it takes a recurrent model of which an epoch has finished."
EMPTY = {
    "scores": "No run here is trained to the end yet.",
    "training": "No epoch has finished here.",
    "samples": "No run here has weights yet.",
    "waves": NO_WAVES,
    "movies": NO_WAVES,
}
"""What stands under a heading that has nothing; polygons are left out then."""


@dataclass(frozen=True)
class Part:
    """What stands under a heading of a section."""

    anchor: str
    heading: str
    figures: list[Figure | Left]
    empty: str


@dataclass(frozen=True)
class PageChapter:
    """A section as the page has it."""

    anchor: str
    title: str
    recipe: str
    grids: list[TextTable]
    parts: list[Part]


@dataclass(frozen=True, kw_only=True)
class Page:
    """All that the template is filled with."""

    version: str
    sections: list[PageChapter]
    runs: list[RunDetails]
    unreadable: Sequence[UnreadableRun] = ()
    theory: Figure | Left | None = None
    places: list[str] = field(default_factory=list)

    @property
    def finished(self) -> int:
        """How many runs are trained to the end."""
        return sum(run.state in ("finished", "collapsed") for run in self.runs)

    @property
    def others(self) -> list[RunDetails]:
        """Runs that are not what a finished one should be."""
        return [run for run in self.runs if run.state != "finished"]


def write_report(
    folder: Path,
    sections: Sequence[ReportSection],
    *,
    unreadable: Sequence[UnreadableRun] = (),
    places: Iterable[Path] = (),
    theory: AreaStudy | None = None,
    movies: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the report, whole or not at all; returns its path.

    Args:
        folder: where ``report.html`` goes.
        sections: the runs; there may be none.
        unreadable: folders to be named as broken.
        places: where runs were looked for, to be named if there is none.
        theory: the study of square drums, for a section of its own.
        movies: whether movies are shown, and made where a run has none.
        progress: called with the number of figures and movies done and the total.
    """
    path = folder / FILE
    page = make_page(sections, unreadable=unreadable, places=places, theory=theory, movies=movies, progress=progress)
    html = render(page)
    with atomic_replace(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def render(page: Page) -> str:
    """The page as HTML."""
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = files("drumhead.report.page").joinpath("page.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(page=page)


def make_page(
    sections: Sequence[ReportSection],
    *,
    unreadable: Sequence[UnreadableRun] = (),
    places: Iterable[Path] = (),
    theory: AreaStudy | None = None,
    movies: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Page:
    """All of the page, its figures drawn; see :func:`write_report`."""
    from drumhead import __version__

    exhibits = {id(section): list(chapter_exhibits(section)) for section in sections}
    total = sum(map(len, exhibits.values())) + (len(sections) if movies else 0) + (theory is not None)
    done = iter(range(1, total + 1))

    def told(figure: Figure | Left) -> Figure | Left:
        if progress is not None:
            progress(next(done), total)
        return figure

    pages = []
    for section in sections:
        drawn = [(exhibit.kind, told(inline_figure(exhibit))) for exhibit in exhibits[id(section)]]
        if movies:
            drawn += [("movies", movie) for movie in chapter_movies(section, room=MOST_BYTES // len(sections))]
            if progress is not None:
                progress(next(done), total)
        pages.append(page_chapter(section, drawn, movies=movies))
    return Page(
        version=__version__,
        sections=pages,
        runs=[details for section in sections for details in run_details(section)],
        unreadable=unreadable,
        theory=None if theory is None else told(inline_figure(theory_exhibit(theory))),
        places=[place.as_posix() for place in places],
    )


def page_chapter(section: ReportSection, drawn: Sequence[tuple[str, Figure | Left]], *, movies: bool) -> PageChapter:
    """A section with its figures under their headings."""
    parts = []
    for kind, heading in HEADINGS.items():
        figures = [figure for its_kind, figure in drawn if its_kind == kind]
        if figures or (kind in EMPTY and (movies or kind != "movies")):
            parts.append(Part(f"{kind}-{section.name}", heading, figures, EMPTY.get(kind, "")))
    return PageChapter(
        section.name, section.data_title, section.recipe_title, mean_and_median_tables(section.result_set), parts
    )
