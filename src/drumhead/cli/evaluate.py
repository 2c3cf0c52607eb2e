"""``drumhead evaluate``: scores of one run or many, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from drumhead.cli import OK
from drumhead.cli.progress import progress_bar
from drumhead.evaluation import SplitName, dataset_of, evaluate_run
from drumhead.report.run_rows import score_row
from drumhead.report.tables import ScoreRow, classes_table, scores_table
from drumhead.runs import Run, write_json
from drumhead.scores import Scores, background_scores
from drumhead.training import Accelerator


def main(words: list[str]) -> int:
    """Run ``drumhead evaluate``."""
    tyro.cli(evaluate, args=words, prog="drumhead evaluate")
    return OK


def evaluate(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")],
    *,
    split: SplitName = "test",
    data: Path | None = None,
    json: Path | None = None,
    batch_size: int = 64,
    accelerator: Accelerator = "auto",
) -> None:
    """Score the kept weights of runs, beside the scores of predicting background everywhere.

    Scores of a finished or imported run on the test split of its own data are also written to its scores.json.

    Args:
        runs: Run folders.
        split: Which images to score.
        data: Other data to score them on; by default each run's own.
        json: A file for all these scores.
        batch_size: Images at a time.
        accelerator: Where to compute.
    """
    if not runs:
        raise ValueError("name at least one run folder; `drumhead runs` lists them")
    console = Console()
    opened = [Run.open(folder) for folder in runs]
    datasets = [dataset_of(run, data) for run in opened]
    results: dict[str, Scores] = {}
    rows: list[ScoreRow] = []
    for fingerprint, dataset in {dataset.fingerprint: dataset for dataset in datasets}.items():
        masks = dataset.splits[split].masks
        name = f"background everywhere, {dataset.name}"
        rows.append(ScoreRow(name=name, scores=background_scores(masks, dataset.class_names)))
        for run, its_dataset in zip(opened, datasets, strict=True):
            if its_dataset.fingerprint != fingerprint:
                continue
            with progress_bar(console, run.name) as progress:
                scores = evaluate_run(
                    run, dataset, split=split, batch_size=batch_size, accelerator=accelerator, progress=progress
                )
            rows.append(score_row(run, scores))
            results[str(run.folder)] = scores
            if run.state != "unfinished" and split == "test" and fingerprint == run.config.data.fingerprint:
                run.write_scores(scores)
    console.print(scores_table(rows))
    if len({len(row.scores.classes) for row in rows}) == 1:
        console.print(classes_table(rows))
    if json is not None:
        write_json(json, {name: scores.model_dump(mode="json") for name, scores in results.items()})
