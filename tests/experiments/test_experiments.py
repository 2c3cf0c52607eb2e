"""Every shipped experiment is built and trained a step; the published ones are those the paper reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from drumhead.data import DATASETS, Dataset, DatasetSpec, TetrominoConfig, make_dataset, to_tensors
from drumhead.experiments import RECIPES, Experiment, Recipe, experiment_specs, find_experiment
from drumhead.models import MODEL_NAMES, NWMConfig, ReadoutName
from drumhead.runs import Run
from drumhead.training import train

SPECS = experiment_specs()
NAMES = tuple(SPECS)
MODELS = {spec.experiment.model: name for name, spec in SPECS.items()}
"""An experiment of each model: those on other datasets train it no differently on the boards of these tests."""
TRAINED_BY_DEFAULT = (
    "mnist-nwm-last",
    "polygons-345-nwm-linear",
    "multi-mnist-nwm-linear",
    "mnist-nwm-linear-coupling-laplacian",
    "mnist-nwm-linear-coupling-none",
    "mnist-lstm-fft",
    "tetrominoes-gru-max",
    "tetrominoes-rnn-mean",
    "mnist-cnn-2",
    "tetrominoes-unet-2",
)
"""Each kind of model and each readout once; the tests of the others are slow."""

NWM = {"name": "nwm", "steps": 100, "dt": 0.1, "hidden_channels": 2, "width": 16, "pixel_widths": (256, 256, 256)}
LSTM = {"name": "conv_lstm", "steps": 20, "hidden_channels": 2, "width": 16, "pixel_widths": (256, 256, 256)}
CNN = {
    "name": "cnn",
    "hidden_channels": 2,
    "width": 16,
    "features_per_channel": 49,
    "pixel_widths": (256, 256, 256),
}

SAMPLED: list[tuple[str, dict[str, Any], list[int]]] = [
    ("tetrominoes-nwm-linear", {**NWM, "readout": "linear"}, [*range(2200, 2210)]),
    ("mnist-nwm-max", {**NWM, "readout": "max"}, [*range(3300, 3310)]),
    ("mnist-lstm-fft", {**LSTM, "readout": "fft"}, [*range(2620, 2630)]),
    ("tetrominoes-lstm-mean", {**LSTM, "readout": "mean"}, [*range(5300, 5310)]),
    ("mnist-cnn-8", {**CNN, "layers": 8}, [*range(8600, 8610)]),
    ("tetrominoes-cnn-32", {**CNN, "layers": 32}, [*range(7800, 7810)]),
    (
        "multi-mnist-nwm-linear",
        {**NWM, "readout": "linear", "hidden_channels": 16, "pixel_widths": (32,) * 5},
        [1040, 1041, 1042, 1044, 1047, 1048, *range(1050, 1056)],
    ),
    ("multi-mnist-unet-3", {"name": "unet", "width": 3}, [*range(410, 420), 3410, 3411]),
]
"""Some of the published experiments: the name, the model, and the seeds."""

TOTALS = {
    **{f"tetrominoes-nwm-{readout}": 150_524 - 5_100 for readout in ("last", "mean", "max")},
    **{f"mnist-nwm-{readout}": 150_945 - 5_100 for readout in ("last", "mean", "max")},
    "tetrominoes-nwm-linear": 176_124,
    "tetrominoes-nwm-fft": 176_124 - 5_100,
    "mnist-nwm-linear": 176_545,
    "mnist-nwm-fft": 176_545 - 5_100,
    **{f"tetrominoes-lstm-{readout}": 145_926 - 220 for readout in ("last", "mean", "max")},
    **{f"mnist-lstm-{readout}": 146_347 - 220 for readout in ("last", "mean", "max")},
    "tetrominoes-lstm-linear": 151_046,
    "tetrominoes-lstm-fft": 151_046 - 220,
    "mnist-lstm-linear": 151_467,
    "mnist-lstm-fft": 151_467 - 220,
    "tetrominoes-gru-linear": 150_972 - 3_058,
    "tetrominoes-rnn-linear": 150_826 - 3_058,
    **{f"tetrominoes-cnn-{n}": t for n, t in {2: 159_502, 4: 164_142, 8: 173_422, 16: 191_982, 32: 229_102}.items()},
    **{f"mnist-cnn-{n}": t for n, t in {2: 160_499, 4: 165_139, 8: 174_419, 16: 192_979, 32: 230_099}.items()},
    **{f"multi-mnist-unet-{n}": t for n, t in {2: 30_745, 3: 68_834, 4: 122_071, 5: 190_456}.items()},
    "multi-mnist-nwm-linear": 54_855,
}
"""Parameters of the published checkpoints, less those that no forward pass uses."""


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    config = TetrominoConfig(canvas=29, train=2, val=1, test=1, max_pieces=2, seed=0)
    return make_dataset(config, tmp_path_factory.mktemp("experiments") / "boards")


def test_each_kind_of_model_and_each_readout_is_trained_by_default() -> None:
    assert set(TRAINED_BY_DEFAULT) <= set(MODELS.values())
    models = [SPECS[name].experiment.model for name in TRAINED_BY_DEFAULT]
    assert {model.name for model in models} == set(MODEL_NAMES)
    assert {getattr(model, "readout", None) for model in models} == {*get_args(ReadoutName), None}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in TRAINED_BY_DEFAULT else pytest.mark.slow) for name in MODELS.values()],
)
def test_every_model_trains_a_step_and_is_scored(name: str, boards: Dataset, tmp_path: Path) -> None:
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
@pytest.mark.parametrize("recipe", RECIPES)
def test_experiments_survive_json(name: str, recipe: Any) -> None:
    experiment = find_experiment(name, recipe)
    assert experiment.name == name
    assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment


def test_the_paper_has_35_experiments() -> None:
    readouts, depths = ("fft", "last", "linear", "max", "mean"), (2, 4, 8, 16, 32)
    expected = {
        *[f"{data}-{model}-{r}" for data in ("tetrominoes", "mnist") for model in ("nwm", "lstm") for r in readouts],
        *[f"{data}-cnn-{layers}" for data in ("tetrominoes", "mnist") for layers in depths],
        "multi-mnist-nwm-linear",
        *[f"multi-mnist-unet-{width}" for width in (2, 3, 4, 5)],
    }
    published = {name: spec for name, spec in SPECS.items() if spec.seeds}
    assert set(published) == expected
    assert len(published) == 35
    for name, (experiment, seeds) in published.items():
        assert experiment.seed == seeds[0]
        assert len(seeds) == (12 if name.startswith("multi") else 10)


@pytest.mark.parametrize(("name", "model", "seeds"), SAMPLED, ids=[name for name, *_ in SAMPLED])
def test_published_models_and_seeds_are_the_papers(name: str, model: dict[str, Any], seeds: list[int]) -> None:
    experiment = SPECS[name].experiment
    assert experiment.model.model_dump(include=set(model)) == model
    assert SPECS[name].seeds == tuple(seeds)


@pytest.mark.parametrize("name", NAMES)
def test_the_dataset_is_the_default_one_of_the_name(name: str) -> None:
    dataset = find_experiment(name).dataset
    assert dataset is not None
    assert name.startswith(f"{dataset.name.replace('_', '-')}-")
    assert dataset == DATASETS[dataset.name].config()


@pytest.mark.parametrize(("name", "total"), TOTALS.items())
def test_parameter_totals_are_the_published_ones(name: str, total: int) -> None:
    assert SPECS[name].parameter_count == total


def test_every_published_experiment_has_a_known_total() -> None:
    assert set(TOTALS) >= {name for name, spec in SPECS.items() if spec.seeds}


def test_polygons_have_two_channels() -> None:
    for name in ("polygons-nwm-linear", "polygons-nwm-fft", "polygons-345-nwm-linear", "polygons-345-nwm-fft"):
        model = find_experiment(name).model
        assert model.model_dump(include={"steps", "hidden_channels"}) == {"steps": 100, "hidden_channels": 2}
        assert SPECS[name].seeds == ()


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
        "class_weights": None,
        "horizontal_flip": 0.0,
        "vertical_flip": 0.0,
        "quarter_turns": 0.0,
        "shift": 0.0,
        "crop": None,
        "brightness": 0.0,
        "patience": None,
        "scored_training_images": None,
        "min_delta": 0.001,
        "validation_images": None,
        "precision": "float32",
        "cuda_graph": True,
    }


def test_on_one_dataset_no_two_published_runs_share_a_seed_and_no_two_experiments_a_model() -> None:
    published = {"tetrominoes": 150, "mnist": 150, "multi_mnist": 60, "polygons": 0, "polygons_345": 0}
    for dataset, runs in published.items():
        specs = [x for x in SPECS.values() if x.experiment.dataset == DATASETS[dataset].config()]
        seeds = [seed for spec in specs for seed in spec.seeds]
        assert len(seeds) == len(set(seeds)) == runs
        assert len({spec.experiment.model for spec in specs}) == len(specs)


@pytest.mark.parametrize("kind", DATASETS.values(), ids=DATASETS)
def test_smoke_shrinks_every_kind_of_dataset(kind: DatasetSpec) -> None:
    experiment = find_experiment("tetrominoes-cnn-2").replace(dataset=kind.config())
    small = RECIPES["smoke"](experiment).dataset
    assert small == kind.config.model_validate({"train": 16, "val": 8, "test": 8, "seed": 0})
    assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment


def test_smoke_leaves_a_folder_of_data_alone() -> None:
    assert RECIPES["smoke"](find_experiment("tetrominoes-cnn-2").replace(dataset=None)).dataset is None


@pytest.mark.parametrize("name", NAMES)
def test_the_recipes_leave_alone_what_is_trained(name: str) -> None:
    paper, lite, smoke = (find_experiment(name, recipe) for recipe in RECIPES)
    assert paper.model == smoke.model
    if isinstance(lite.model, NWMConfig):
        damping = 0.0 if lite.model.readout == "last" else 0.1
        assert (lite.model.initial_stiffness, lite.model.initial_damping) == (0.5, damping)
        start = {"initial_stiffness": 0.0, "initial_damping": 0.0, "initial_speed": 1.0, "keep_stable": False}
        assert paper.model == lite.model.replace(**start)
    else:
        assert paper.model == lite.model
    assert paper.seed == lite.seed == smoke.seed
    assert lite.dataset == paper.dataset
    assert smoke.recipe.steps_per_epoch is not None
    assert smoke.recipe.epochs * smoke.recipe.steps_per_epoch <= 4


def test_an_unknown_experiment_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'tetrominoes-nwm-linar'; did you mean tetrominoes-nwm-linear\?"):
        find_experiment("tetrominoes-nwm-linar")


def test_an_unknown_recipe_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match="one of paper, lite, smoke, got 'quick'"):
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
        {"min_delta": -0.1},
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
