"""``drumhead evaluate``: score runs on a split of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import FAILED, OK
from drumhead.cli.console import Console
from drumhead.cli.outputs import Unwritten
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.cli.run_data import open_run_data
from drumhead.data import Dataset
from drumhead.evaluation import SplitName, evaluate_run
from drumhead.files import check_writable
from drumhead.report.tables.score_tables import ScoreRow, classes_table, score_row, scores_table
from drumhead.results.results_file import add_rows, read_rows
from drumhead.results.rows import ResultRow, baseline_scores, result_row
from drumhead.runs import DataRecord, Run, run_folders, write_json
from drumhead.scores import Scores
from drumhead.training import Accelerator
from drumhead.zoo import find_run, is_pretrained


def main(args: list[str]) -> int:
    """Run ``drumhead evaluate``."""
    code: int = parse(evaluate, args, prog="drumhead evaluate")
    return code


def evaluate(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")],
    *,
    split: SplitName = "test",
    data: Path | None = None,
    out: Path | None = None,
    json: Path | None = None,
    batch_size: int = 64,
    accelerator: Accelerator = "auto",
) -> int:
    """Score runs with their best weights, beside the scores of predicting background everywhere.

    The scores of a finished run on the test split of its own dataset are also written to its scores.json. Runs that
    diverged, are unfinished or collapsed to background are listed, and scored if they have weights. A file that cannot
    be written is named, and the exit code is then 1.

    Args:
        runs: Run folders, folders of runs, or names of trained networks.
        split: The split to score.
        data: Another dataset folder to score the runs on. By default the dataset of each run.
        out: A CSV file of results for `drumhead table`, one row per run. Rows of the same runs are replaced.
        json: A JSON file for all scores, including the scores of each class.
        batch_size: Images per batch, 1 or more.
        accelerator: The hardware to compute on.
    """
    if not runs:
        raise ValueError("name at least one run folder; `drumhead runs` lists them")
    if batch_size < 1:
        raise ValueError(f"--batch-size must be 1 or more; got {batch_size}")
    console = Console()
    datasets = group_by_dataset([Run.open(folder) for folder in find_run_folders(runs)], data, console)
    if out is not None:
        check_writable(out)
        if out.exists():
            read_rows(out)  # a file that holds no results is refused before any work
    if json is not None:
        check_writable(json)
    results: dict[str, Scores] = {}
    rows: list[ScoreRow] = []
    notes: list[str] = []
    unwritten = Unwritten()
    for dataset, dataset_runs in datasets:
        background = baseline_scores(dataset, split)
        rows.append(ScoreRow(name=f"background everywhere, {dataset.name}", scores=background))
        for run in dataset_runs:
            scores = None
            if run.model_path.is_file():
                with progress_bar(console, run.name) as progress:
                    scores = evaluate_run(
                        run, dataset, split=split, batch_size=batch_size, accelerator=accelerator, progress=progress
                    )
                stores_scores = run.state not in ("diverged", "unfinished") and not is_pretrained(run.folder)
                if stores_scores and split == "test" and dataset.fingerprint == run.config.data.fingerprint:
                    unwritten.try_to(partial(run.write_scores, scores), run.scores_path)
                rows.append(score_row(run, scores))
                results[str(run.folder)] = scores
            result = result_row(run, scores, split=split, data=DataRecord.from_dataset(dataset), background=background)
            notes += state_notes(run, result)
            if out is not None:
                unwritten.try_to(partial(add_rows, out, [result]), out)
    console.print(scores_table(rows))
    for same_classes in group_by_classes(rows):
        console.print(classes_table(same_classes))
    for line in notes:
        console.print(line, highlight=False, markup=False)
    if json is not None:
        content = {name: scores.model_dump(mode="json") for name, scores in results.items()}
        unwritten.try_to(partial(write_json, json, content), json)
    return FAILED if unwritten.paths else OK


def group_by_classes(rows: Sequence[ScoreRow]) -> list[list[ScoreRow]]:
    """Return the rows in groups that share the names of their classes, each of which has a table of its own."""
    groups: dict[tuple[str, ...], list[ScoreRow]] = {}
    for row in rows:
        groups.setdefault(tuple(each.name for each in row.scores.classes), []).append(row)
    return list(groups.values())


def group_by_dataset(runs: Iterable[Run], folder: Path | None, console: Console) -> list[tuple[Dataset, list[Run]]]:
    """Return each dataset that runs are scored on, with its runs: the dataset in the folder, or that of each run.

    Raises:
        DatasetError: as in :func:`drumhead.evaluation.open_run_dataset`.
    """
    groups: dict[tuple[str, ...], tuple[Dataset, list[Run]]] = {}
    for run in runs:
        dataset = open_run_data(run, folder, console)
        key = (dataset.fingerprint, *dataset.class_names)  # the same pixels may have classes of other names
        groups.setdefault(key, (dataset, []))[1].append(run)
    return list(groups.values())


def find_run_folders(folders: Iterable[Path]) -> list[Path]:
    """Return the run folders at or below the given folders, each once.

    Raises:
        RunError: if a folder contains no run.
    """
    paths: dict[Path, None] = {}
    for folder in map(find_run, folders):
        # Opening a folder without a run raises an error that says what is missing.
        paths |= dict.fromkeys(run_folders(folder) or [folder])
    return list(paths)


def state_notes(run: Run, result: ResultRow) -> list[str]:
    """Return a note on a run that diverged, is unfinished or collapsed; an empty list for any other run."""
    weights = "" if result.acc is not None else "; it has no weights to score"
    if result.state == "diverged":
        return [f"{run.folder} diverged: {run.divergence()}{weights}"]
    if result.state == "unfinished":
        return [f"{run.folder} is unfinished, with {result.epochs} epochs done{weights}"]
    return [f"{run.folder} collapsed: it predicts background everywhere"] if result.state == "collapsed" else []
