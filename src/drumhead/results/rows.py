"""A row of results: the scores of one run on one split of one dataset, with what identifies the run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from drumhead.config import Config
from drumhead.data import Dataset, DatasetError
from drumhead.evaluation import SplitName, open_run_dataset
from drumhead.renamed_fields import with_current_phrases
from drumhead.results.labels import recipe_label, variant_name
from drumhead.results.metric_names import METRICS
from drumhead.runs import DataRecord, Run
from drumhead.scores import Scores, background_scores
from drumhead.string_types import SingleLine

Outcome = Literal["finished", "collapsed", "diverged", "unfinished"]
"""How a run ended. ``collapsed``: training completed, but the model predicts background for every pixel of the split
although there is foreground. ``diverged``: training stopped because the loss was not finite. The scores of a diverged
or unfinished run are those of the best weights so far, if there are any."""


class ResultRow(Config):
    """One run on one split of one dataset."""

    run: str
    """The path of the run folder, relative to the folder of the results file."""
    experiment: SingleLine
    """The name of the experiment."""
    dataset: SingleLine
    """The name of the dataset that was scored."""
    split: SplitName
    """The split that was scored."""
    model: SingleLine
    """The model's name in the registry."""
    variant: SingleLine
    """The readout, number of layers or width, then every field that differs from the paper's."""
    recipe: Annotated[SingleLine, AfterValidator(with_current_phrases)]
    """The name of the recipe, followed by the fields that differ from it."""
    seed: int
    """The seed of the run."""
    state: Outcome
    """How the run ended."""
    acc: float | None = None
    acc_foreground: float | None = None
    iou: float | None = None
    iou_foreground: float | None = None
    loss: float | None = None
    loss_foreground: float | None = None
    mean_iou: float | None = None
    images: int | None = None
    """The number of images that were scored: those with at least one pixel that is not ignored."""
    images_without_foreground: int | None = None
    """The number of those images that contain only background."""
    parameters: int
    """The number of trainable parameters."""
    epochs: int
    """The number of finished epochs."""
    seconds: float | None = None
    """The wall time of the training steps."""
    background_acc: float | None = None
    """The score of predicting background everywhere on the same images; None if they were not available."""
    background_iou: float | None = None
    background_mean_iou: float | None = None
    data: SingleLine
    """The fingerprint of the data that was scored."""
    trained_on: SingleLine
    """The fingerprint of the training data."""

    @property
    def key(self) -> tuple[str, str, str]:
        """The run, split and data, which identify a row in a results file."""
        return self.run, self.split, self.data


def result_row(
    run: Run,
    scores: Scores | None,
    *,
    split: SplitName = "test",
    data: DataRecord | None = None,
    background: Scores | None = None,
) -> ResultRow:
    """Return the row of a run.

    Args:
        run: the run.
        scores: the run's scores on the split; None if it has no weights yet.
        split: the split that was scored.
        data: the data that was scored; the training data by default.
        background: the scores of predicting background everywhere.
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
        variant=variant_name(data.name, experiment.model),
        recipe=recipe_label(experiment) if run.config.imported_from is None else "imported",
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


def stored_row(run: Run, baselines: dict[DataRecord, Scores | None]) -> ResultRow:
    """Return the row of a run with the scores that are stored in its folder.

    Args:
        run: the run.
        baselines: a cache that is filled here: the baseline of each dataset, None if the dataset is not available.
    """
    record = run.config.data
    if record not in baselines:
        try:
            baselines[record] = baseline_scores(open_run_dataset(run))
        except DatasetError:
            baselines[record] = None
    return result_row(run, run.scores(), background=baselines[record])


def baseline_scores(dataset: Dataset, split: SplitName = "test") -> Scores:
    """Return the scores of predicting background everywhere on a split."""
    return background_scores(dataset.splits[split].masks, dataset.class_names, ignored_label=dataset.ignored_label)


def outcome(run: Run, scores: Scores | None) -> Outcome:
    """Return how a run with these scores ended."""
    if run.state == "diverged":
        return "diverged"
    if run.state == "unfinished" or scores is None:
        return "unfinished"
    return "collapsed" if scores.collapsed else "finished"
