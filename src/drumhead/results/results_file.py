"""A file of results: a CSV with one row for each run, on each split and data that it was scored on."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from drumhead.config import Config
from drumhead.data import Dataset, DatasetError
from drumhead.evaluation import SplitName, open_run_dataset
from drumhead.files import atomic_replace, read_small_file
from drumhead.renamed_fields import with_current_phrases
from drumhead.results.metric_names import METRICS
from drumhead.results.model_names import recipe_name, variant
from drumhead.runs import DataRecord, Run, run_folders
from drumhead.scores import Scores, background_scores
from drumhead.string_types import SingleLine

Outcome = Literal["finished", "collapsed", "diverged", "unfinished"]
"""What came of a run. ``collapsed``: trained to the end, but every pixel of the split is predicted background though
there is foreground. ``diverged``: training stopped at numbers that were not finite. The scores of a diverged or
unfinished run are those of the weights it has kept so far, if it has any."""


class ResultRow(Config):
    """One run on one split of one dataset."""

    run: str
    """The run's folder, as seen from the folder of the file."""
    experiment: SingleLine
    """Name of the experiment."""
    dataset: SingleLine
    """Name of the data it was scored on."""
    split: SplitName
    """Which images it was scored on."""
    model: SingleLine
    """Kind of model."""
    variant: SingleLine
    """Readout, layers or width, and every field that is not the paper's."""
    recipe: Annotated[SingleLine, AfterValidator(with_current_phrases)]
    """Name of the recipe, or what sets it apart from the paper's."""
    seed: int
    """Seed of the run."""
    state: Outcome
    """What came of it."""
    acc: float | None = None
    acc_foreground: float | None = None
    iou: float | None = None
    iou_foreground: float | None = None
    loss: float | None = None
    loss_foreground: float | None = None
    mean_iou: float | None = None
    images: int | None = None
    """How many images were scored."""
    images_without_foreground: int | None = None
    """How many of them have background only."""
    parameters: int
    """Trainable numbers of the model."""
    epochs: int
    """Epochs that are done."""
    seconds: float | None = None
    """Wall time of the training steps."""
    background_acc: float | None = None
    """What predicting background everywhere scores on the same images; None where they were not at hand."""
    background_iou: float | None = None
    background_mean_iou: float | None = None
    data: SingleLine
    """Fingerprint of the data it was scored on."""
    trained_on: SingleLine
    """Fingerprint of the data it was trained on."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What a file holds once: run, split and data."""
        return self.run, self.split, self.data


def result_row(
    run: Run,
    scores: Scores | None,
    *,
    split: SplitName = "test",
    data: DataRecord | None = None,
    background: Scores | None = None,
) -> ResultRow:
    """The row of a run.

    Args:
        run: the run.
        scores: its scores on the split; none if it has no weights yet.
        split: which images.
        data: what it was scored on, if not the data it was trained on.
        background: what predicting background everywhere scores there.
    """
    experiment = run.config.experiment
    data = data or run.config.data
    metrics = run.metrics()
    measured = {} if scores is None else scores.model_dump(include={*METRICS, "images", "images_without_foreground"})
    baseline = {} if background is None else background.model_dump(include={"acc", "iou", "mean_iou"})
    return ResultRow(
        run=run.folder.as_posix(),
        experiment=experiment.name,
        dataset=data.name,
        split=split,
        model=experiment.model.name,
        variant=variant(data.name, experiment.model),
        recipe=recipe_name(experiment) if run.config.imported_from is None else "imported",
        seed=experiment.seed,
        state=outcome(run, scores),
        **measured,
        parameters=run.new_model().parameter_count,
        epochs=len(metrics),
        seconds=metrics[-1].get("seconds") if metrics else None,
        **{f"background_{name}": value for name, value in baseline.items()},
        data=data.fingerprint,
        trained_on=run.config.data.fingerprint,
    )


def outcome(run: Run, scores: Scores | None) -> Outcome:
    """What came of a run that has these scores."""
    if run.state == "diverged":
        return "diverged"
    if run.state == "unfinished" or scores is None:
        return "unfinished"
    return "collapsed" if scores.collapsed else "finished"


def store_rows(path: Path, rows: Iterable[ResultRow]) -> None:
    """Add rows to a file, in place of those it has of the same run, split and data; whole or not at all.

    Paths of runs are kept relative to the file's folder, so that both can move together. Only one process may write
    to a file at a time.

    Raises:
        ValueError: if the file is there and holds something else.
    """
    known = {row.key: row for row in read_rows(path)} if path.exists() else {}
    for row in rows:
        row = row.replace(run=relative(Path(row.run), path.parent))
        known[row.key] = row
    with atomic_replace(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(ResultRow.model_fields))
        writer.writeheader()
        writer.writerows(row.model_dump() for row in known.values())


def read_rows(path: Path) -> list[ResultRow]:
    """The rows of a file of results.

    Raises:
        ValueError: if it holds something else, with the line and the reason.
    """
    columns = list(ResultRow.model_fields)
    try:
        reader = csv.DictReader(StringIO(read_small_file(path).decode(), newline=""))
        found = reader.fieldnames
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path} is no CSV file of results: {error}") from error
    if found != columns:
        raise ValueError(
            f"{path} holds no results of this version: its first line must be {','.join(columns)}; "
            "write another with `drumhead evaluate RUN ... --out FILE`"
        )
    try:
        return [ResultRow.model_validate({name: text for name, text in row.items() if text}) for row in reader]
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}, line {reader.line_num}, is not a row of results: {error}") from error


def collect_rows(places: Sequence[Path]) -> list[ResultRow]:
    """The rows of files of results, and of the runs in or below folders by the scores they keep.

    Of two rows of one run, split and data, the later place has the say. Paths of runs are relative to where we are.

    Raises:
        ValueError: for a place that is neither, or a damaged run or file.
    """
    rows: dict[tuple[str, str, str], ResultRow] = {}
    backgrounds: dict[DataRecord, Scores | None] = {}
    for place in places:
        if place.is_file():
            found = [row.replace(run=relative(place.parent / row.run, Path())) for row in read_rows(place)]
        else:
            opened = [Run.open(folder) for folder in run_folders(place)]
            found = [kept_row(run, backgrounds).replace(run=relative(run.folder, Path())) for run in opened]
        rows |= {row.key: row for row in found}
    return list(rows.values())


def relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def kept_row(run: Run, backgrounds: dict[DataRecord, Scores | None]) -> ResultRow:
    """The row of a run by the scores it keeps; ``backgrounds`` remembers between calls what was looked up of data."""
    record = run.config.data
    if record not in backgrounds:
        try:
            backgrounds[record] = background_of(open_run_dataset(run))
        except DatasetError:
            backgrounds[record] = None
    return result_row(run, run.scores(), background=backgrounds[record])


def background_of(dataset: Dataset, split: SplitName = "test") -> Scores:
    """What predicting background everywhere scores on a split."""
    return background_scores(dataset.splits[split].masks, dataset.class_names)
