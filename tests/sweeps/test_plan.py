"""The plan of a sweep: the product of experiments, seeds and overrides; its order and its folders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drumhead.experiments import experiment_specs, find_experiment
from drumhead.sweeps import PlannedRun, order_runs, parse_seeds, plan_sweep, run_name

OUT = Path("runs")
PUBLISHED = {name: spec for name, spec in experiment_specs().items() if spec.seeds}


def test_a_plan_is_the_product_of_experiments_seeds_and_overrides() -> None:
    fields = {"model.width": ["8", "16"], "recipe.learning_rate": ["1e-3", "2e-3", "5e-3"]}
    plan = plan_sweep(["tetrominoes-cnn-2", "mnist-cnn-4"], "lite", out=OUT, seeds=[3, 4], overrides=fields)
    assert len(plan) == 2 * 2 * 2 * 3
    assert len({run.folder for run in plan}) == len(plan)
    planned_values = {
        (run.experiment.name, run.experiment.seed, run.experiment.model.width, run.experiment.recipe.learning_rate)
        for run in plan
    }
    assert planned_values == {
        (name, seed, width, rate)
        for name in ("tetrominoes-cnn-2", "mnist-cnn-4")
        for seed in (3, 4)
        for width in (8, 16)
        for rate in (1e-3, 2e-3, 5e-3)
    }
    lite = find_experiment("tetrominoes-cnn-2", "lite")
    changed = plan[0].experiment
    assert changed.recipe == lite.recipe.replace(learning_rate=1e-3)
    assert changed.model == lite.model.replace(width=8)


def test_runs_are_ordered_by_dataset_then_by_seed() -> None:
    plan = plan_sweep(["tetrominoes-cnn-2", "mnist-cnn-2", "tetrominoes-cnn-4"], out=OUT, seeds=[5, 1])
    assert [(run.experiment.name, run.experiment.seed) for run in plan] == [
        ("tetrominoes-cnn-2", 5),
        ("tetrominoes-cnn-4", 5),
        ("tetrominoes-cnn-2", 1),
        ("tetrominoes-cnn-4", 1),
        ("mnist-cnn-2", 5),
        ("mnist-cnn-2", 1),
    ]


def test_the_sweep_paper_is_every_published_experiment_with_its_published_seeds() -> None:
    plan = plan_sweep(["paper"], out=OUT)
    planned = sorted((run.experiment.name, run.experiment.seed) for run in plan)
    assert planned == sorted((name, seed) for name, spec in PUBLISHED.items() for seed in spec.seeds)
    parts = [plan_sweep([f"paper-{name}"], out=OUT) for name in ("tetrominoes", "mnist", "multi-mnist")]
    assert all(parts)
    assert sorted(run.folder for part in parts for run in part) == sorted(run.folder for run in plan)


def test_seeds_are_shared_by_all_experiments() -> None:
    names = ["tetrominoes-nwm-linear", "tetrominoes-cnn-8"]  # each was published with its own seeds
    assert {run.experiment.seed for run in plan_sweep(names, out=OUT)} == {0}
    plan = plan_sweep(["paper-tetrominoes"], "lite", out=OUT, seeds=range(2))
    by_name: dict[str, set[int]] = {}
    for run in plan:
        by_name.setdefault(run.experiment.name, set()).add(run.experiment.seed)
    assert len(by_name) > 10
    assert set(map(frozenset, by_name.values())) == {frozenset({0, 1})}


def test_folder_names_are_stable_and_safe() -> None:
    fields = {
        "model.pixel_widths": ["64 32", "16"],
        "recipe.learning_rate": ["0.0010", "1e-05"],
        "recipe.clip": ["None"],
    }
    names = [run.folder.name for run in plan_sweep(["tetrominoes-nwm-fft"], out=OUT, seeds=[7], overrides=fields)]
    assert names == [
        "tetrominoes-nwm-fft-model.pixel-widths=64-32-recipe.learning-rate=0.001-recipe.clip=None-seed7",
        "tetrominoes-nwm-fft-model.pixel-widths=64-32-recipe.learning-rate=1e-05-recipe.clip=None-seed7",
        "tetrominoes-nwm-fft-model.pixel-widths=16-recipe.learning-rate=0.001-recipe.clip=None-seed7",
        "tetrominoes-nwm-fft-model.pixel-widths=16-recipe.learning-rate=1e-05-recipe.clip=None-seed7",
    ]
    strange = find_experiment("mnist-cnn-2").replace(name="a b:ü*")
    assert re.fullmatch(r"[A-Za-z0-9._=-]+", run_name(strange))
    assert "/" not in run_name(strange)


def test_one_value_written_in_two_ways_gives_one_run() -> None:
    plan = plan_sweep(["mnist-cnn-2"], out=OUT, overrides={"recipe.learning_rate": ["1e-3", "0.001"]})
    assert len(plan) == 1


def test_two_different_runs_do_not_share_a_folder() -> None:
    one, other = find_experiment("mnist-cnn-2"), find_experiment("mnist-cnn-4")
    with pytest.raises(ValueError, match="would both go to runs/x"):
        order_runs([(0, PlannedRun(one, OUT / "x")), (0, PlannedRun(other, OUT / "x"))])


def test_a_folder_of_data_replaces_the_dataset() -> None:
    (run,) = plan_sweep(["tetrominoes-unet-4"], out=OUT, data=Path("cells"))
    assert run.experiment.dataset is None
    assert (run.dataset_name, run.data) == ("cells", Path("cells"))
    with pytest.raises(ValueError, match="--data uses a folder as it is"):
        plan_sweep(["tetrominoes-unet-4"], out=OUT, data=Path("cells"), overrides={"dataset.train": ["5"]})


def test_unknown_names_are_errors() -> None:
    with pytest.raises(ValueError, match=r"no experiment or sweep is called 'tetrominos'; .*Sweeps are paper-tetro"):
        plan_sweep(["mnist-cnn-2", "tetrominos"], out=OUT)
    with pytest.raises(ValueError, match="give the names of experiments"):
        plan_sweep([], out=OUT)


@pytest.mark.parametrize(
    ("text", "seeds"), [("0:3", (0, 1, 2)), ("5", (5,)), ("1,2,3", (1, 2, 3)), ("7,0:2,7", (7, 0, 1))]
)
def test_seeds_are_numbers_and_ranges(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["", "3:3", "5:2", "a", "-1", "1;2", "0:99999999", "4294967296", "1,,2", "1.5", "9" * 400]
)
def test_invalid_seeds_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match="seeds are"):
        parse_seeds(text)
