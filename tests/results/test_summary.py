"""Results are averaged over seeds and over nothing else."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.results.rows import DATA, row

from drumhead.published.scores import published_scores
from drumhead.results.summary import Section, sections_of, summarise


def only(sections: list[Section]) -> Section:
    (section,) = sections
    return section


def test_a_summary_by_hand() -> None:
    summary = summarise([0.2, 0.8, 0.3, 0.7])
    assert summary.mean == pytest.approx(0.5)
    assert summary.std == pytest.approx(math.sqrt((0.09 + 0.09 + 0.04 + 0.04) / 3))
    assert summary.median == pytest.approx(0.5)
    assert (summary.min, summary.max, summary.runs) == (0.2, 0.8, 4)


def test_one_run_has_no_spread() -> None:
    summary = summarise([0.3])
    assert (summary.mean, summary.std, summary.median, summary.runs) == (0.3, None, 0.3, 1)


def test_published_standard_deviations_are_of_samples() -> None:
    """Numbers in [0, 1] of mean m have a standard deviation of at most sqrt(m (1 - m)) with n in the denominator.

    With n - 1 it is at most sqrt(n / (n - 1)) times that. Some of the published are beyond the first bound, none beyond
    the second.
    """
    beyond_population = 0
    for name, scores in published_scores().items():
        for metric, score in scores.items():
            if metric.startswith("loss") or score.std == round(score.std, 2):  # two digits are too few for this
                continue
            population = math.sqrt(score.mean * (1 - score.mean))
            assert score.std <= population * math.sqrt(score.runs / (score.runs - 1)), (name, metric)
            beyond_population += score.std > population
    assert beyond_population >= 2


def test_seeds_of_a_model_are_averaged() -> None:
    section = only(sections_of([row(seed=2, score=0.4), row(seed=1, score=0.2), row("cnn", "8", score=0.9)]))
    assert [group.label for group in section.groups] == ["NWM linear", "CNN 8"]
    nwm = section.groups[0]
    assert nwm.values("acc") == {1: 0.2, 2: 0.4}
    summary = nwm.summary("mean_iou")
    assert summary is not None
    assert summary.mean == pytest.approx(0.3)
    assert summary.runs == 2


@pytest.mark.parametrize(
    "other",
    [
        {"recipe": "lite"},
        {"dataset": "my_cells"},
        {"data": "e" * 64},
        {"trained_on": "e" * 64},
        {"split": "val"},
    ],
)
def test_what_differs_is_set_apart(other: dict[str, Any]) -> None:
    sections = sections_of([row(score=0.2), row(score=0.8, **other)])
    assert len(sections) == 2
    assert sorted(section.groups[0].summary("acc").mean for section in sections) == [0.2, 0.8]  # type: ignore[union-attr]


def test_models_that_differ_in_any_field_are_set_apart() -> None:
    section = only(sections_of([row(), row(variant="linear, steps 50")]))
    assert [group.label for group in section.groups] == ["NWM linear", "NWM linear, steps 50"]
    assert section.published(section.groups[0])
    assert not section.published(section.groups[1])


def test_collapsed_runs_are_averaged_and_counted_but_diverged_and_unfinished_are_not() -> None:
    rows = [
        row(seed=0, score=0.6),
        row(seed=1, score=0.0, state="collapsed"),
        row(seed=2, score=0.9, state="unfinished"),
        row(seed=3, score=None, state="diverged"),
        row(seed=4, score=0.9, state="diverged"),
    ]
    (group,) = only(sections_of(rows)).groups
    assert group.values("acc") == {0: 0.6, 1: 0.0}
    assert {
        state: [row.seed for row in group.in_state(state)] for state in ("collapsed", "diverged", "unfinished")
    } == {
        "collapsed": [1],
        "diverged": [3, 4],
        "unfinished": [2],
    }


def test_a_group_of_nothing_but_failures_has_no_summary() -> None:
    (group,) = only(sections_of([row(score=None, state="diverged")])).groups
    assert group.summary("acc") is None


def test_a_seed_counts_once() -> None:
    copy = row(seed=3).replace(run="runs/copy")
    with pytest.raises(ValueError, match=r"runs/nwm-linear-3-paper and runs/copy are both .* with seed 3"):
        sections_of([row(seed=3), copy])


def test_published_numbers_are_for_the_published_test_set() -> None:
    assert only(sections_of([row()])).is_published
    for other in ({"background_acc": 0.8}, {"background_acc": None}, {"split": "val"}, {"dataset": "mnist"}):
        section = only(sections_of([row(**other)]))
        assert not section.is_published
        assert section.published(section.groups[0]) == {}


def test_background_is_known_from_any_row() -> None:
    section = only(sections_of([row(background_acc=None), row("cnn", "8", score=None, state="diverged")]))
    assert section.background["acc"] == pytest.approx(0.855583984375)
    assert section.background["acc_foreground"] == 0
    assert only(sections_of([row(background_acc=None)])).background == {}


def test_without_foreground_background_has_no_foreground_score() -> None:
    section = only(sections_of([row(images=5, images_without_foreground=5)]))
    assert section.background["acc_foreground"] is None


def test_the_papers_come_first() -> None:
    rows = [row(dataset="cells"), row(dataset="mnist"), row(recipe="demo"), row(data="0" * 64), row()]
    order = [(section.kind.dataset, section.kind.recipe, section.kind.data[0]) for section in sections_of(rows)]
    assert order == [
        ("tetrominoes", "paper", "0"),
        ("tetrominoes", "paper", DATA[0]),
        ("tetrominoes", "demo", DATA[0]),
        ("mnist", "paper", DATA[0]),
        ("cells", "paper", DATA[0]),
    ]
