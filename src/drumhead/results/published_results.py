"""The published runs as rows of results, so that they go through the same tables and tests as other runs."""

from __future__ import annotations

from drumhead.experiments import experiment_specs
from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.published.datasets import PUBLISHED_DATASETS
from drumhead.published.scores import PUBLISHED_METRICS, PublishedRun, published_runs
from drumhead.results.labels import join_experiment_name, split_experiment_name
from drumhead.results.result_sets import ModelResults, ResultSet, result_sets
from drumhead.results.rows import ResultRow


def published_result_sets() -> list[ResultSet]:
    """Return the published runs as one result set per dataset, in the order of tables.

    >>> [(each.key.dataset, len(each.models), len(each.rows)) for each in published_result_sets()]
    [('tetrominoes', 15, 150), ('mnist', 15, 150), ('multi_mnist', 5, 60)]
    """
    names = dict.fromkeys(run.experiment for run in published_runs())
    return result_sets(row for name in names for row in published_rows(name))


def published_results(result_set: ResultSet, results: ModelResults) -> ModelResults | None:
    """Return the published runs of a model; None if there are none, or if the test set is not the paper's."""
    name = join_experiment_name(result_set.key.dataset, results.model, results.variant)
    rows = published_rows(name) if result_set.is_published else []
    return ModelResults(results.model, results.variant, rows) if rows else None


def published_rows(experiment: str) -> list[ResultRow]:
    """Return a row for each published run of an experiment, without what is not published, such as the seconds.

    The list is empty if the experiment is not published.
    """
    runs = [run for run in published_runs() if run.experiment == experiment]
    if not runs:
        return []
    spec = experiment_specs()[experiment]
    parameters = spec.parameter_count
    return [published_row(run, parameters=parameters, epochs=spec.experiment.recipe.epochs) for run in runs]


def published_row(run: PublishedRun, *, parameters: int, epochs: int) -> ResultRow:
    """Return the row of a published run."""
    dataset, model, variant = split_experiment_name(run.experiment)
    background = PUBLISHED_BACKGROUND_SCORES[dataset]
    (data,) = (each.record for each in PUBLISHED_DATASETS.values() if each.name == dataset)
    return ResultRow(
        run=f"published/{run.experiment}-seed{run.seed}",
        experiment=run.experiment,
        dataset=dataset,
        split="test",
        model=model,
        variant=variant,
        recipe="paper",
        seed=run.seed,
        state="collapsed" if run.collapsed else "finished",
        **{metric: getattr(run, metric) for metric in PUBLISHED_METRICS},
        parameters=parameters,
        epochs=epochs,
        background_acc=background.acc,
        background_iou=background.iou,
        data=data.fingerprint,
        trained_on=data.fingerprint,
    )
