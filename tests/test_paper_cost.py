"""The calculated cost of the paper's runs agrees with calculations by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import paper_cost
from drumhead.experiments import find_experiment
from paper_cost import makespan, paper_runs, run_cost


def test_there_are_as_many_runs_as_published() -> None:
    runs = paper_runs("paper")
    assert len(runs) == 360
    # 10,000 and 51,000 training images, in batches of 64 of which the last, incomplete one is dropped.
    assert {(run.group.startswith("mnist"), run.steps) for run in runs} == {(False, 300 * 156), (True, 300 * 796)}
    assert sum(run.steps for run in runs) == 300 * (210 * 156 + 150 * 796)


def test_a_recipe_that_ends_epochs_early_and_validates_on_less() -> None:
    cost = run_cost(find_experiment("mnist-nwm-linear", "lite"))  # 256 of 9,000 validation images, 10,000 test images
    assert (cost.steps, cost.evaluations) == (48 * 1250, 48 * 32 + 1250)


def test_no_schedule_beats_the_longest_run_or_the_sum_over_workers() -> None:
    durations = [5.0, 1.0, 1.0, 1.0, 4.0]
    for workers in range(1, 7):
        assert max(max(durations), sum(durations) / workers) <= makespan(durations, workers) <= sum(durations)


def test_the_table_of_assumed_times(capsys: pytest.CaptureFixture[str]) -> None:
    paper_cost.main(seconds=(0.1,), evaluation=1.0, at_once=360, nodes=(1,), markdown=True)
    row = capsys.readouterr().out.splitlines()[-1]
    # On MNIST: 796 steps and 141 batches of 9,000 validation images in each of 300 epochs, 157 batches at the end.
    longest = 0.1 * (300 * (796 + 141) + 157) / 3600
    total = 150 * longest + 210 * 0.1 * (300 * (156 + 16) + 16) / 3600
    assert row == f"| 0.1 | {total:,.0f} | {longest:.1f} | {longest / 24:.2g} |"


def test_the_table_of_measured_times(capsys: pytest.CaptureFixture[str]) -> None:
    paper_cost.main(measured=("mnist-cnn=0.1", "mnist-nwm=0.2"), nodes=(1,), markdown=True)
    *_, nwm, cnn, total = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert (cnn[:2], nwm[:2], total[0]) == (["| mnist-cnn", "0.1"], ["| mnist-nwm", "0.2"], "| total")
    assert float(nwm[3]) == pytest.approx(2 * float(cnn[3]), abs=0.1)
    assert total[3] == nwm[3]


def test_the_tables_on_the_page_are_those_printed(capsys: pytest.CaptureFixture[str]) -> None:
    paper_cost.main(markdown=True)
    page = (Path(__file__).parents[1] / "docs" / "cluster.md").read_text()
    tables = capsys.readouterr().out.strip().split("\n\n")
    assert [table in page for table in tables] == [True, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seconds": (0.0,)}, "must be above 0"),
        ({"measured": ("mnist-cnn",)}, "GROUP=SECONDS"),
        ({"measured": ("mnist-rnn=1",)}, "for one of tetrominoes-nwm"),
        ({"measured": ("mnist-cnn=-1",)}, "above 0"),
        ({"measured": ("mnist-cnn=nan",)}, "above 0"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: dict[str, object], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        paper_cost.main(**arguments)  # type: ignore[arg-type]
    assert error.value.code == 2
    assert message in capsys.readouterr().err
