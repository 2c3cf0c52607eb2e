"""Every shipped experiment is built and trained a step; the published ones are those the paper reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drumhead.data import DATASETS, Dataset, DatasetKind, TetrominoConfig, make_dataset, to_tensors
from drumhead.experiments import PRESETS, Experiment, Recipe, experiment_listings, find_experiment
from drumhead.runs import Run
from drumhead.training import train

NAMES = tuple(experiment_listings())

PUBLISHED: dict[str, tuple[dict[str, Any], int]] = {
    # name: model, first of its ten seeds in a row
    **{
        f"tetrominoes-nwm-{readout}": (
            {"name": "nwm", "readout": readout, "steps": 100, "hidden_channels": 2, "width": 16, "dt": 0.1},
            seed,
        )
        for readout, seed in {"fft": 2000, "last": 2100, "linear": 2200, "max": 2300, "mean": 2400}.items()
    },
    **{
        f"tetrominoes-lstm-{readout}": (
            {"name": "conv_lstm", "readout": readout, "steps": 20, "hidden_channels": 2, "width": 16},
            seed,
        )
        for readout, seed in {"fft": 5000, "last": 5010, "linear": 5100, "max": 5200, "mean": 5300}.items()
    },
    **{
        f"tetrominoes-cnn-{layers}": (
            {"name": "cnn", "layers": layers, "hidden_channels": 2, "width": 16, "features_per_channel": 49},
            seed,
        )
        for layers, seed in {2: 7500, 4: 7510, 8: 7600, 16: 7700, 32: 7800}.items()
    },
}


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    config = TetrominoConfig(canvas=29, train=2, val=1, test=1, max_pieces=2, seed=0)
    return make_dataset(config, tmp_path_factory.mktemp("experiments") / "boards")


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_trains_a_step_and_is_scored(name: str, boards: Dataset, tmp_path: Path) -> None:
    experiment = find_experiment(name, "smoke")
    experiment = experiment.replace(recipe=experiment.recipe.replace(epochs=1, steps_per_epoch=1, batch_size=2))
    run = train(experiment, boards, tmp_path / "run", accelerator="cpu")
    assert run.state == "done"
    assert [row["step"] for row in run.metrics()] == [1]
    scores = run.scores()
    assert scores is not None
    assert 0 <= scores.acc <= 1
    images, _ = to_tensors(boards.splits["test"], [0])
    assert Run.open(run.folder).load_model()(images).shape == (1, 6, 29, 29)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("preset", PRESETS)
def test_experiments_survive_json(name: str, preset: Any) -> None:
    experiment = find_experiment(name, preset)
    assert experiment.name == name
    assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment


def test_the_published_experiments_are_those_of_the_paper() -> None:
    listings = experiment_listings()
    assert {name for name, listing in listings.items() if listing.seeds} == set(PUBLISHED)
    for name, (model, first_seed) in PUBLISHED.items():
        experiment, seeds = listings[name]
        assert experiment.model.model_dump(include=set(model)) == model, name
        assert experiment.model.model_dump()["pixel_widths"] == (256, 256, 256), name
        assert seeds == tuple(range(first_seed, first_seed + 10)), name
        assert experiment.seed == first_seed, name
        assert experiment.dataset == TetrominoConfig(seed="published"), name


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_has_the_papers_recipe(name: str) -> None:
    assert find_experiment(name).recipe.model_dump() == {
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup": 0.0,
        "clip": None,
        "batch_size": 64,
        "epochs": 300,
        "steps_per_epoch": None,
        "seconds": None,
        "pixels": 1.0,
        "keep_margin": 0.001,
        "validation_images": None,
    }


def test_no_two_published_runs_share_a_seed_and_no_two_experiments_a_model() -> None:
    listings = experiment_listings().values()
    seeds = [seed for listing in listings for seed in listing.seeds]
    assert len(seeds) == len(set(seeds)) == 150
    assert len({listing.experiment.model for listing in listings}) == len(listings)


@pytest.mark.parametrize("kind", DATASETS.values(), ids=DATASETS)
def test_smoke_shrinks_every_kind_of_dataset(kind: DatasetKind) -> None:
    experiment = find_experiment("tetrominoes-cnn-2").replace(dataset=kind.config())
    small = PRESETS["smoke"](experiment).dataset
    assert small == kind.config.model_validate({"train": 16, "val": 8, "test": 8, "seed": 0})
    assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment


def test_smoke_leaves_a_folder_of_data_alone() -> None:
    assert PRESETS["smoke"](find_experiment("tetrominoes-cnn-2").replace(dataset=None)).dataset is None


@pytest.mark.parametrize("name", NAMES)
def test_the_presets_change_data_and_recipe_alone(name: str) -> None:
    paper, smoke, demo = (find_experiment(name, preset) for preset in PRESETS)
    assert paper.model == smoke.model == demo.model
    assert paper.seed == smoke.seed == demo.seed
    assert demo.dataset == paper.dataset
    assert smoke.recipe.steps_per_epoch is not None
    assert smoke.recipe.epochs * smoke.recipe.steps_per_epoch <= 4


def test_an_unknown_experiment_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'tetrominoes-nwn'; there are: .*tetrominoes-nwm-linear.*tetrominoes-unet-5"):
        find_experiment("tetrominoes-nwn")


def test_an_unknown_preset_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match="one of paper, smoke, demo, got 'quick'"):
        find_experiment("tetrominoes-nwm-linear", "quick")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"learning_rate": 0.0},
        {"warmup": 1.5},
        {"pixels": 0.0},
        {"pixels": 1.1},
        {"epochs": 0},
        {"clip": 0.0},
        {"seconds": -1.0},
        {"keep_margin": -0.1},
        {"batch_size": 0},
        {"validation_images": 0},
        {"optimizer": "sgd"},
        {"momentum": 0.9},
    ],
    ids=str,
)
def test_a_recipe_out_of_range_is_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        Recipe(**fields)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValidationError, match="seed"):
        find_experiment("tetrominoes-nwm-linear").replace(seed=-1)
