"""What runs show, as files: tables, figures, and the report."""

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
    """What was written, and what could not be."""

    written: list[Path]
    failed: dict[str, str]
    """By the name of a figure, why it could not be drawn."""


def write_outputs(
    target: Target,
    sections: Sequence[ReportSection],
    out: Path,
    *,
    unreadable: Sequence[UnreadableRun] = (),
    theory: AreaStudy | None = None,
    dpi: int = DPI,
    progress: Callable[[int, int], None] | None = None,
) -> Outputs:
    """Write what a target asks for, and the report.

    Args:
        target: tables go to ``out/tables`` as Markdown, CSV and LaTeX; figures to ``out/figures`` as PDF and PNG.
        sections: the runs.
        out: the folder.
        unreadable: runs to be named as broken.
        theory: the study of square drums, if it is to be shown.
        dpi: pixels to an inch of figures.
        progress: as of :func:`drumhead.report.page.page.write_report`.
    """
    outputs = Outputs([], {})
    if target != "figures":
        outputs.written.extend(write_tables([section.result_set for section in sections], out / "tables", "scores"))
    if target != "tables":
        exhibits = [exhibit for section in sections for exhibit in section_figures(section)]
        for exhibit in [*exhibits, *([] if theory is None else [square_area_spec(theory)])]:
            try:
                figure = exhibit.draw(dpi)
            except (ValueError, OSError) as error:
                outputs.failed[exhibit.name] = str(error)
                continue
            stem = out / "figures" / exhibit.name
            outputs.written.extend(save_figure(figure, Path(f"{stem}.pdf"), Path(f"{stem}.png")))
    outputs.written.append(
        write_report(out, sections, unreadable=unreadable, paths=[out / "runs"], theory=theory, progress=progress)
    )
    return outputs
