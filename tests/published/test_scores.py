"""The paper's scores as package data: one summary for each experiment and metric, with the published numbers."""

from __future__ import annotations

from typing import get_args

import pytest

from drumhead.experiments import experiment_specs
from drumhead.published import PublishedMetric, PublishedScore, published_scores
from drumhead.scores import Scores

SCORES = published_scores()


def test_exactly_the_published_experiments_have_scores_and_all_metrics() -> None:
    specs = experiment_specs()
    assert list(SCORES) == [name for name, spec in specs.items() if spec.seeds]
    for name, scores in SCORES.items():
        assert set(scores) == set(get_args(PublishedMetric)), name
        assert {score.runs for score in scores.values()} == {len(specs[name].seeds)}, name


def test_metrics_are_fields_of_scores() -> None:
    assert set(get_args(PublishedMetric)) < set(Scores.model_fields)


def test_numbers_are_in_range() -> None:
    for scores in SCORES.values():
        for metric, (mean, std, median, lowest, highest, _) in scores.items():
            highest_score = 5 if metric.startswith("loss") else 1
            assert 0 <= mean <= highest_score
            assert 0 <= std <= 0.53 * highest_score  # ten numbers in a range deviate by at most sqrt(10 / 9) / 2 of it
            assert (median is None) == (lowest is None) == (highest is None)
            if median is not None and lowest is not None and highest is not None:
                assert lowest <= median <= highest
                assert lowest - 0.005 <= mean <= highest + 0.005  # minimum and maximum have two digits


@pytest.mark.parametrize(
    ("name", "metric", "score"),
    [
        (
            "tetrominoes-nwm-linear",
            "iou_foreground",
            PublishedScore(0.97675316696167, 0.006741062780855881, 0.98, 0.96, 0.99, 10),
        ),
        (
            "tetrominoes-cnn-8",
            "iou_foreground",
            PublishedScore(0.6374038597106934, 0.22421706348723888, 0.7, 0.0, 0.72, 10),
        ),
        ("mnist-lstm-linear", "iou", PublishedScore(0.95, 0.06, None, None, None, 10)),
        ("multi-mnist-nwm-linear", "iou_foreground", PublishedScore(0.93, 0.01, None, None, None, 12)),
        ("multi-mnist-unet-2", "iou_foreground", PublishedScore(0.6, 0.28, None, None, None, 12)),
    ],
)
def test_numbers_match_the_paper(name: str, metric: PublishedMetric, score: PublishedScore) -> None:
    assert SCORES[name][metric] == score


def test_a_score_is_printed_with_the_published_digits() -> None:
    assert str(SCORES["mnist-nwm-linear"]["acc_foreground"]) == "0.903 ± 0.024"
    assert str(SCORES["multi-mnist-nwm-linear"]["iou_foreground"]) == "0.93 ± 0.01"
