"""``drumhead figure scores``: test scores of runs and of the published runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, write_figure
from drumhead.report.figures.score_bars import METRIC_TITLES, published_bars, run_bars, scored_runs, with_published_bars
from drumhead.report.figures.score_figure import scores_figure
from drumhead.report.figures.score_panels import model_groups, score_panels_figure
from drumhead.report.page.sections import open_runs as open_readable_runs
from drumhead.report.page.sections import slug
from drumhead.report.style import DPI, check_dpi
from drumhead.results.metric_names import FRACTIONS, MetricName
from drumhead.results.published_results import published_result_sets
from drumhead.results.result_sets import ResultSet, result_sets
from drumhead.results.results_file import read_rows
from drumhead.results.rows import stored_row
from drumhead.results.run_titles import dataset_title
from drumhead.runs import DataRecord, Run, RunError, run_folders
from drumhead.scores import Scores
from drumhead.zoo import find_run


def scores(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[RUN ...]")] = (),
    *,
    metric: MetricName = "iou_foreground",
    published: bool = False,
    all: bool = False,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw test scores as bars, one panel per dataset: the mean over seeds, each seed, and the standard deviation.

    Runs that differ only in the seed share a bar. Different recipes have different bars. Runs without the score, such
    as runs that diverged or are unfinished, are named and left out.

    Args:
        runs: Run folders, folders of runs, or names of trained networks; with --all also files written by `drumhead
            evaluate --out`.
        metric: The score to draw.
        published: Add the published scores of the same models, or of all models if no run is given. With --all, they
            have figures of their own.
        all: Draw one figure per dataset and recipe with six scores, each in a panel: recurrent networks by readout,
            CNNs by depth, U-Nets by width, and background everywhere as a dashed line.
        out: The folder for scores-METRIC.pdf and .png, or with --all for scores-all-DATASET-RECIPE.pdf and .png.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    if not runs and not published:
        raise ValueError("name at least one run folder or folder of runs, or ask for --published scores")
    if all:
        draw_all_scores(runs, published=published, out=out, dpi=dpi)
        return
    files = figure_files(out, f"scores-{metric}")
    bars = run_bars(find_scored_runs(runs, metric), metric)
    if published:
        bars = with_published_bars(bars, published_bars(metric)) if runs else published_bars(metric)
    figure = scores_figure(bars, score=METRIC_TITLES[metric], is_fraction=metric in FRACTIONS, dpi=dpi)
    write_figure(figure, files)


def draw_all_scores(paths: Sequence[Path], *, published: bool, out: Path, dpi: int) -> None:
    """Draw the six scores of each dataset and recipe, of runs and of the published runs."""
    figure_files(out, "scores-all")
    titled: list[tuple[str, ResultSet]] = []
    if published:
        titled += [(f"{dataset_title(each.key.dataset)}, published", each) for each in published_result_sets()]
    if paths:
        titled += [(set_title(each), each) for each in scored_sets(paths)]
    drawn = [(title, result_set) for title, result_set in titled if model_groups(result_set)]
    for title, result_set in drawn or titled[:1]:
        figure = score_panels_figure(result_set, title=title, dpi=dpi)
        write_figure(figure, figure_files(out, f"scores-all-{slug(title)}"))
    for title, _ in [each for each in titled if each not in drawn]:
        print_left_out(f"{title}: it has no model whose fields are the paper's")


def set_title(result_set: ResultSet) -> str:
    """Return the title of a set of results: its dataset, with the start of the fingerprint, and its recipe."""
    key = result_set.key
    data = "" if result_set.is_published and key.trained_on == key.data else f", data {key.data[:6]}"
    trained_on = "" if key.trained_on == key.data else f", trained on {key.trained_on[:6]}"
    return f"{dataset_title(key.dataset)}{data}{trained_on}, {key.recipe}"


def scored_sets(paths: Sequence[Path]) -> list[ResultSet]:
    """Return the test scores in folders of runs and in files of results as comparable sets."""
    rows = [row for path in paths if path.is_file() for row in read_rows(path) if row.split == "test"]
    if folders := [path for path in paths if not path.is_file()]:
        baselines: dict[DataRecord, Scores | None] = {}
        rows += [stored_row(run, baselines) for run in find_scored_runs(folders, "acc")]
    return result_sets(rows)


def find_scored_runs(folders: Sequence[Path], metric: MetricName) -> list[Run]:
    """Return the runs at or below the given folders that have a score; print why the others are left out.

    Raises:
        RunError: if a folder contains no run, or if no run has the score.
    """
    folders = [find_run(folder) for folder in folders]
    for folder in folders:
        if not run_folders(folder):
            raise RunError(f"{folder} holds no run; start one with `drumhead train`")
    opened, unreadable = open_readable_runs(folders)
    scored, missing = scored_runs(opened, metric)
    left_out = [*missing, *(run.reason for run in unreadable)]
    if folders and not scored:
        raise RunError(f"there is no score to draw: {'; '.join(left_out)}")
    for reason in left_out:
        print_left_out(reason)
    return scored


def print_left_out(reason: str) -> None:
    """Print what is left out, and why."""
    Console().print(f"left out: {reason}", highlight=False, soft_wrap=True, markup=False)
