"""The report: one HTML file with the results, figures and movies of runs, which needs no other file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from drumhead.analysis.square_area import AreaStudy
from drumhead.files import atomic_replace
from drumhead.report.page.inline import InlineFigure, SkippedFigure, inline_figure
from drumhead.report.page.page_movies import MAX_PAGE_BYTES, section_movies
from drumhead.report.page.run_details import RunDetails, run_details
from drumhead.report.page.section_figures import section_figures, square_area_spec
from drumhead.report.page.sections import ReportSection, UnreadableRun
from drumhead.report.page.viewer_link import ViewedRun, ViewerLink, write_run_viewer
from drumhead.report.tables.paper_tables import mean_and_median_tables
from drumhead.report.tables.text_table import TextTable

FILE = "report.html"
HEADINGS = {
    "scores": "Scores",
    "training": "Training",
    "samples": "Samples",
    "waves": "Waves",
    "movies": "Movies",
    "polygons": "Polygons: natural frequencies and spectra by class",
}
"""The heading of each subsection, by the topic of its figures."""
NO_WAVES = "There are no waves to show, because no run here has a recurrent model and a finished epoch."
EMPTY_TEXTS = {
    "scores": "No run here has completed its training yet.",
    "training": "No epoch has finished here.",
    "samples": "No run here has weights yet.",
    "waves": NO_WAVES,
    "movies": NO_WAVES,
}
"""The text of a subsection without figures. A topic that is not listed has no subsection in that case."""


@dataclass(frozen=True)
class Subsection:
    """The figures under one heading of a section."""

    anchor: str
    heading: str
    figures: list[InlineFigure | SkippedFigure]
    empty_text: str


@dataclass(frozen=True)
class PageSection:
    """The content of a section on the page."""

    anchor: str
    title: str
    recipe: str
    tables: list[TextTable]
    subsections: list[Subsection]


@dataclass(frozen=True, kw_only=True)
class Page:
    """The content of the page, which the template renders."""

    version: str
    sections: list[PageSection]
    runs: list[RunDetails]
    unreadable: Sequence[UnreadableRun] = ()
    theory: InlineFigure | SkippedFigure | None = None
    viewer: ViewerLink | SkippedFigure | None = None
    paths: list[str] = field(default_factory=list)

    @property
    def trained(self) -> int:
        """The number of runs whose training completed."""
        return sum(run.state in ("finished", "collapsed") for run in self.runs)

    @property
    def not_finished(self) -> list[RunDetails]:
        """The runs that did not finish normally."""
        return [run for run in self.runs if run.state != "finished"]


def write_report(
    folder: str | Path,
    sections: Sequence[ReportSection],
    *,
    unreadable: Sequence[UnreadableRun] = (),
    paths: Iterable[str | Path] = (),
    theory: AreaStudy | None = None,
    movies: bool = True,
    viewed: ViewedRun | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write ``report.html`` atomically; return its path.

    Args:
        folder: the folder of the file.
        sections: the sections of the report; there may be none.
        unreadable: runs to be listed as unreadable.
        paths: the folders that were searched for runs; the page names them if there are no finished runs.
        theory: the study of square drums, which becomes a section.
        movies: whether the page shows movies; a movie is made for each run that has none.
        viewed: the run whose viewer is written beside the page, as ``view.html``, and linked; None: no viewer.
        progress: called with the number of finished figures and movies, and the total.
    """
    path = Path(folder) / FILE
    page = make_page(sections, unreadable=unreadable, paths=paths, theory=theory, movies=movies, progress=progress)
    if viewed is not None:
        page = replace(page, viewer=write_run_viewer(viewed, path.parent))
    html = render(page)
    with atomic_replace(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def render(page: Page) -> str:
    """Return the page as HTML."""
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = files("drumhead.report.page").joinpath("page.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(page=page)


def make_page(
    sections: Sequence[ReportSection],
    *,
    unreadable: Sequence[UnreadableRun] = (),
    paths: Iterable[str | Path] = (),
    theory: AreaStudy | None = None,
    movies: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Page:
    """Return the content of the page, with all figures drawn; see :func:`write_report`."""
    from drumhead import __version__

    specs = {id(section): list(section_figures(section)) for section in sections}
    total = sum(map(len, specs.values())) + (len(sections) if movies else 0) + (theory is not None)
    counter = iter(range(1, total + 1))

    def report_progress() -> None:
        if progress is not None:
            progress(next(counter), total)

    page_sections = []
    for section in sections:
        figures: list[tuple[str, InlineFigure | SkippedFigure]] = []
        for spec in specs[id(section)]:
            figures.append((spec.topic, inline_figure(spec)))
            report_progress()
        if movies:
            max_bytes = MAX_PAGE_BYTES // len(sections)
            figures += [("movies", movie) for movie in section_movies(section, max_bytes=max_bytes)]
            report_progress()
        page_sections.append(page_section(section, figures, movies=movies))
    theory_figure = None
    if theory is not None:
        theory_figure = inline_figure(square_area_spec(theory))
        report_progress()
    return Page(
        version=__version__,
        sections=page_sections,
        runs=[details for section in sections for details in run_details(section)],
        unreadable=unreadable,
        theory=theory_figure,
        paths=[Path(path).as_posix() for path in paths],
    )


def page_section(
    section: ReportSection, figures: Sequence[tuple[str, InlineFigure | SkippedFigure]], *, movies: bool
) -> PageSection:
    """Return the content of a section.

    Args:
        section: the section.
        figures: its figures and movies, each with its topic.
        movies: whether there is a subsection of movies even if it is empty.
    """
    subsections = []
    for topic, heading in HEADINGS.items():
        chosen = [figure for figure_topic, figure in figures if figure_topic == topic]
        if chosen or (topic in EMPTY_TEXTS and (movies or topic != "movies")):
            subsections.append(Subsection(f"{topic}-{section.name}", heading, chosen, EMPTY_TEXTS.get(topic, "")))
    tables = mean_and_median_tables(section.result_set)
    return PageSection(section.name, section.data_title, section.recipe_title, tables, subsections)
