"""The output files of a reproduction: tables, figures and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from drumhead.analysis.square_area import AreaStudy
from drumhead.report.page.page import write_report
from drumhead.report.page.section_figures import section_figures, square_area_spec
from drumhead.report.page.sections import ReportSection, UnreadableRun
from drumhead.report.style import DPI, save_figure
from drumhead.report.tables.table_files import write_tables
from drumhead.reproduce.plan import Target


class Outputs(NamedTuple):
    """The files that were written, and the figures that failed."""

    written: list[Path]
    failed: dict[str, str]
    """The reason why a figure could not be drawn, by the figure's name."""


def write_outputs(
    target: Target,
    sections: Sequence[ReportSection],
    out: str | Path,
    *,
    unreadable: Sequence[UnreadableRun] = (),
    theory: AreaStudy | None = None,
    dpi: int = DPI,
    progress: Callable[[int, int], None] | None = None,
) -> Outputs:
    """Write the tables and figures of a target, and the report.

    Args:
        target: tables go to ``out/tables`` as Markdown, CSV and LaTeX, and figures to ``out/figures`` as PDF and PNG.
        sections: the runs.
        out: the output folder.
        unreadable: runs that could not be read, which the report lists.
        theory: the study of square drums. None: it is left out.
        dpi: the resolution of figures, in dots per inch.
        progress: as in :func:`drumhead.report.page.page.write_report`.
    """
    out = Path(out)
    outputs = Outputs([], {})
    if target != "figures":
        outputs.written.extend(write_tables([section.result_set for section in sections], out / "tables", "scores"))
    if target != "tables":
        specs = [spec for section in sections for spec in section_figures(section)]
        for spec in [*specs, *([] if theory is None else [square_area_spec(theory)])]:
            try:
                figure = spec.draw(dpi)
            except (ValueError, OSError) as error:
                outputs.failed[spec.name] = str(error)
                continue
            stem = out / "figures" / spec.name
            outputs.written.extend(save_figure(figure, Path(f"{stem}.pdf"), Path(f"{stem}.png")))
    outputs.written.append(
        write_report(out, sections, unreadable=unreadable, paths=[out / "runs"], theory=theory, progress=progress)
    )
    return outputs
