"""The viewer beside a report: a file in which the network of one of its recurrent runs runs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from drumhead.report.page.inline import SkippedFigure
from drumhead.report.page.section_figures import is_recurrent, run_label
from drumhead.report.page.sections import ReportSection
from drumhead.report.samples import load_recurrent_model
from drumhead.report.viewer.network_page import check_viewable, network_page
from drumhead.report.viewer.page import write_viewer
from drumhead.runs import Run

VIEWER_FILE = "view.html"
SAMPLES = 6
"""The greatest number of test images in the viewer."""


class ViewerLink(NamedTuple):
    """A link to the viewer."""

    file: str
    """The name of the file, which is in the folder of the report."""
    title: str
    """The run that it shows."""


class ViewedRun(NamedTuple):
    """The run that the viewer of a report shows."""

    section: ReportSection
    label: str
    """The label of its model."""
    run: Run


def find_viewed_run(sections: Iterable[ReportSection]) -> ViewedRun:
    """Return the first recurrent run that represents its model in a section.

    Raises:
        ValueError: if no run is recurrent and has weights.
    """
    for section in sections:
        for label, run in section.representatives.items():
            if is_recurrent(run):
                return ViewedRun(section, label, run)
    raise ValueError("the viewer shows a recurrent run with weights, and none of these is one; leave --view out")


def write_run_viewer(viewed: ViewedRun, folder: Path) -> ViewerLink | SkippedFigure:
    """Write the viewer of a run into a folder; return the reason if it cannot be shown."""
    section, label, run = viewed
    title = f"{label}, {section.title}, {run_label(run)}"
    try:
        model = load_recurrent_model(run)
        check_viewable(model, run)
        samples = range(min(SAMPLES, len(section.dataset.splits["test"].images)))
        command = f"drumhead view {shlex.quote(run.folder.as_posix())}"
        page = network_page(run, model, section.dataset, samples=samples, command=command)
    except (ValueError, OSError) as error:
        return SkippedFigure(f"The network of {title} in the browser.", str(error))
    write_viewer(folder / VIEWER_FILE, page)
    return ViewerLink(VIEWER_FILE, title)
