"""The plan of a reproduction: which runs, in which order, where."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from drumhead.experiments import experiment_specs, find_experiment
from drumhead.reproduce import plan_runs
from drumhead.reproduce.plan import FIGURE_EXPERIMENTS

OUT = Path("out")
PUBLISHED = {name: spec for name, spec in experiment_specs().items() if spec.seeds}


def test_tables_of_the_paper_are_every_published_experiment_with_every_seed() -> None:
    plan = plan_runs("tables", "paper", out=OUT)
    planned = [(run.experiment.name, run.experiment.seed) for run in plan]
    assert sorted(planned) == sorted((name, seed) for name, spec in PUBLISHED.items() for seed in spec.seeds)
    assert all(run.experiment.recipe == find_experiment(run.experiment.name).recipe for run in plan)
    assert len({run.folder for run in plan}) == len(plan)


@pytest.mark.parametrize("recipe", ["lite", "smoke"])
def test_other_recipes_take_one_seed(recipe: str) -> None:
    plan = plan_runs("tables", recipe, out=OUT)  # type: ignore[arg-type]
    assert {run.experiment.name: run.experiment.seed for run in plan} == {
        name: spec.seeds[0] for name, spec in PUBLISHED.items()
    }
    first = plan[0]
    assert first.experiment == find_experiment(first.experiment.name, recipe)  # type: ignore[arg-type]
    assert first.folder == OUT / "runs" / f"{first.experiment.name}-seed{first.experiment.seed}"


def test_seeds_are_the_first_published_ones_and_come_in_rounds() -> None:
    plan = plan_runs("tables", "lite", out=OUT, seeds=3, only=["tetrominoes"])
    assert set(Counter(run.experiment.name for run in plan).values()) == {3}
    names = [run.experiment.name for run in plan]
    assert names == names[: len(names) // 3] * 3  # every experiment once, then again
    seeds = [run.experiment.seed for run in plan if run.experiment.name == "tetrominoes-cnn-8"]
    assert seeds == list(PUBLISHED["tetrominoes-cnn-8"].seeds[:3])


def test_datasets_follow_each_other() -> None:
    datasets = [run.dataset_name for run in plan_runs("all", "lite", out=OUT, seeds=2)]
    assert list(dict.fromkeys(datasets)) == ["tetrominoes", "mnist", "multi_mnist", "polygons"]
    assert sum(one != other for one, other in pairwise(datasets)) == 3


def test_all_is_tables_and_figures_each_run_once() -> None:
    tables, figures, both = (plan_runs(target, "lite", out=OUT) for target in ("tables", "figures", "all"))
    assert [run.experiment.name for run in figures if run.dataset_name == "polygons"]
    assert {run.experiment.name for run in figures} == set(FIGURE_EXPERIMENTS)
    assert {run.folder for run in both} == {run.folder for run in [*tables, *figures]}
    assert len({run.folder for run in both}) == len(both)


def test_only_takes_datasets_names_and_patterns() -> None:
    def names(*only: str) -> set[str]:
        return {run.experiment.name for run in plan_runs("tables", "lite", out=OUT, only=only)}

    assert all(name.startswith("mnist-") for name in names("mnist"))
    assert names("multi-mnist") == names("multi_mnist") == {name for name in PUBLISHED if "multi" in name}
    assert names("tetrominoes-cnn-*", "mnist-nwm-fft") == {
        "mnist-nwm-fft",
        *(f"tetrominoes-cnn-{layers}" for layers in (2, 4, 8, 16, 32)),
    }


def test_what_leaves_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="--only squares: no run of tables"):
        plan_runs("tables", "lite", out=OUT, only=["mnist", "squares"])
    with pytest.raises(ValueError, match="seeds must be 1 or more; got 0"):
        plan_runs("tables", "lite", out=OUT, seeds=0)


def test_the_output_folder_may_be_a_string() -> None:
    assert plan_runs("figures", "smoke", out="out") == plan_runs("figures", "smoke", out=OUT)
