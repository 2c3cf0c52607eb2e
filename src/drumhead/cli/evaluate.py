"""``drumhead evaluate``: scores of one run or many, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.data import Dataset
from drumhead.evaluation import SplitName, evaluate_run, open_run_dataset
from drumhead.report.tables.score_tables import ScoreRow, classes_table, score_row, scores_table
from drumhead.results.results_file import add_rows, read_rows
from drumhead.results.rows import ResultRow, baseline_scores, result_row
from drumhead.runs import DataRecord, Run, run_folders, write_json
from drumhead.scores import Scores
from drumhead.training import Accelerator


def main(args: list[str]) -> int:
    """Run ``drumhead evaluate``."""
    tyro.cli(evaluate, args=args, prog="drumhead evaluate")
    return OK


def evaluate(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")],
    *,
    split: SplitName = "test",
    data: Path | None = None,
    out: Path | None = None,
    json: Path | None = None,
    batch_size: int = 64,
    accelerator: Accelerator = "auto",
) -> None:
    """Score the kept weights of runs, beside the scores of predicting background everywhere.

    Scores of a finished run on the test split of its own data are also written to its scores.json.
    A run that diverged, is unfinished or collapsed to background is named, and scored if it has weights.

    Args:
        runs: Run folders, or folders of runs.
        split: Which images to score.
        data: Other data to score them on; by default each run's own.
        out: A CSV file of results for `drumhead table`, a row for each run; rows it has of the same runs are replaced.
        json: A file for all these scores, those of each class among them.
        batch_size: Images at a time.
        accelerator: Where to compute.
    """
    if not runs:
        raise ValueError("name at least one run folder; `drumhead runs` lists them")
    console = Console()
    datasets = group_by_dataset([Run.open(folder) for folder in find_run_folders(runs)], data)
    if out is not None and out.exists():
        read_rows(out)  # what is no file of results is refused before the work
    results: dict[str, Scores] = {}
    rows: list[ScoreRow] = []
    remarks: list[str] = []
    for dataset, its_runs in datasets:
        background = baseline_scores(dataset, split)
        rows.append(ScoreRow(name=f"background everywhere, {dataset.name}", scores=background))
        for run in its_runs:
            scores = None
            if run.model_path.is_file():
                with progress_bar(console, run.name) as progress:
                    scores = evaluate_run(
                        run, dataset, split=split, batch_size=batch_size, accelerator=accelerator, progress=progress
                    )
                trained = run.state not in ("diverged", "unfinished")
                if trained and split == "test" and dataset.fingerprint == run.config.data.fingerprint:
                    run.write_scores(scores)
                rows.append(score_row(run, scores))
                results[str(run.folder)] = scores
            result = result_row(run, scores, split=split, data=DataRecord.from_dataset(dataset), background=background)
            remarks += remark(run, result)
            if out is not None:
                add_rows(out, [result])
    console.print(scores_table(rows))
    if len({len(row.scores.classes) for row in rows}) == 1:
        console.print(classes_table(rows))
    for line in remarks:
        console.print(line, highlight=False, markup=False)
    if json is not None:
        write_json(json, {name: scores.model_dump(mode="json") for name, scores in results.items()})


def group_by_dataset(runs: Iterable[Run], folder: Path | None) -> list[tuple[Dataset, list[Run]]]:
    """Every dataset the runs are scored on, with its runs: the one in the folder, or each run's own.

    Raises:
        DatasetError: see :func:`drumhead.evaluation.open_run_dataset`.
    """
    found: dict[str, tuple[Dataset, list[Run]]] = {}
    for run in runs:
        dataset = open_run_dataset(run, folder)
        found.setdefault(dataset.fingerprint, (dataset, []))[1].append(run)
    return list(found.values())


def find_run_folders(folders: Iterable[Path]) -> list[Path]:
    """The run folders among these and below them, each once.

    Raises:
        RunError: for a folder without a run.
    """
    found: dict[Path, None] = {}
    for folder in folders:
        below = run_folders(folder) or [folder]  # opening a folder without a run tells what is wrong with it
        found |= dict.fromkeys(below)
    return list(found)


def remark(run: Run, result: ResultRow) -> list[str]:
    """A line on a run that is not what a finished one should be."""
    weights = "" if result.acc is not None else "; it has no weights to score"
    if result.state == "diverged":
        return [f"{run.folder} diverged: {run.divergence()}{weights}"]
    if result.state == "unfinished":
        return [f"{run.folder} is unfinished, with {result.epochs} epochs done{weights}"]
    return [f"{run.folder} collapsed: it predicts background everywhere"] if result.state == "collapsed" else []
