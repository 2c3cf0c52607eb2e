"""The paper's scores as package data: the scores of every published run."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from drumhead.experiments import experiment_specs
from drumhead.published import PublishedMetric, PublishedRun, published_runs, published_scores
from drumhead.published.scores import PUBLISHED_METRICS
from drumhead.scores import Scores

SCORES = published_scores()
ROUNDED = Path(__file__).with_name("rounded_scores.csv")
"""The summaries as the paper's tables give them: some means with all digits, most other numbers with two."""


def test_every_published_experiment_and_seed_has_a_run() -> None:
    specs = {name: spec for name, spec in experiment_specs().items() if spec.seeds}
    assert [(run.experiment, run.seed) for run in published_runs()] == [
        (name, seed) for name, spec in specs.items() for seed in sorted(spec.seeds)
    ]
    assert list(SCORES) == list(specs)


def test_metrics_are_fields_of_scores() -> None:
    assert set(PUBLISHED_METRICS) < set(Scores.model_fields)


def test_numbers_are_in_range() -> None:
    for run in published_runs():
        assert all(0 <= getattr(run, metric) <= 1 for metric in PUBLISHED_METRICS[:4]), run
        assert 0 < run.loss < 1, run
        assert run.loss < run.loss_foreground < 6, run


def test_the_published_tables_follow_from_the_runs() -> None:
    """All numbers of the tables do: within half a unit of their last digit, and of the sixth digit of the runs."""
    with ROUNDED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    compared = 0
    for row in rows:
        score = SCORES[row["experiment"]][row["metric"]]  # type: ignore[index]
        assert score.runs == int(row["runs"])
        for name in ("mean", "std", "median", "min", "max"):
            if row[name]:
                digits = 2 if len(row[name].partition(".")[2]) <= 2 else 6  # 0.9 is 0.90
                expected = pytest.approx(float(row[name]), abs=0.5 * 10**-digits + 1e-6)
                assert getattr(score, name) == expected, (row["experiment"], row["metric"], name)
                compared += 1
    assert (len(rows), compared) == (210, 870)


def test_foreground_scores_and_ious_follow_from_accuracies_where_nothing_is_right() -> None:
    for run in published_runs():
        assert (run.acc_foreground == 0) == (run.iou_foreground == 0) == run.collapsed
        assert run.collapsed or run.iou_foreground > 0.05


def test_forty_runs_collapsed() -> None:
    collapsed = Counter(run.experiment.rsplit("-", 2)[1] for run in published_runs() if run.collapsed)
    assert collapsed == {"cnn": 30, "lstm": 10}


def test_a_run_with_wrong_foreground_but_other_accuracy_did_not_collapse() -> None:
    collapsed = next(run for run in published_runs() if run.collapsed)
    assert not collapsed._replace(acc=collapsed.acc - 1e-5).collapsed
    assert not collapsed._replace(acc_foreground=1e-6).collapsed


@pytest.mark.parametrize(
    ("name", "metric", "mean", "std"),
    [
        ("tetrominoes-nwm-linear", "iou_foreground", 0.97675316696167, 0.006741062780855881),
        ("tetrominoes-cnn-8", "iou_foreground", 0.6374038597106934, 0.22421706348723888),
    ],
)
def test_numbers_match_the_paper(name: str, metric: PublishedMetric, mean: float, std: float) -> None:
    assert SCORES[name][metric].mean == pytest.approx(mean, abs=5e-7)
    assert SCORES[name][metric].std == pytest.approx(std, abs=1e-6)


def test_datasets_of_runs() -> None:
    run = PublishedRun("multi-mnist-unet-2", 400, *[0.5] * 6)
    assert (run.dataset, run.collapsed) == ("multi_mnist", False)


def test_a_score_is_printed_with_three_digits() -> None:
    assert str(SCORES["mnist-nwm-linear"]["acc_foreground"]) == "0.903 ± 0.024"
    assert str(SCORES["multi-mnist-nwm-linear"]["iou_foreground"]) == "0.927 ± 0.009"
