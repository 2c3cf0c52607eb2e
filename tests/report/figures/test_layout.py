"""Every kind of figure, with awkward inputs: nothing overlaps, nothing leaves the canvas, no label holds TeX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
import torch
from _pytest.mark.structures import ParameterSet
from matplotlib.figure import Figure
from tests.report.figures.layout import layout_faults
from tests.results.rows import row

from drumhead.analysis.class_study import study_classes
from drumhead.analysis.square_area import study_areas
from drumhead.data import Dataset, Split
from drumhead.models import NWM, build, model_config
from drumhead.report.figures.polygon_figure import polygon_figure
from drumhead.report.figures.prediction_figure import predictions_figure
from drumhead.report.figures.score_bars import published_bars
from drumhead.report.figures.score_figure import PUBLISHED, BarStatistics, ScoreBar, scores_figure
from drumhead.report.figures.score_panels import score_panels_figure
from drumhead.report.figures.square_area_figure import square_area_figure
from drumhead.report.figures.training_figure import training_figure
from drumhead.report.figures.wave_figure import ModelStates, default_bins, default_times, wave_strip, waves_figure
from drumhead.results.published_results import published_result_sets
from drumhead.results.result_sets import result_sets

LONG = "nwm_linear-hidden_channels_16-learning_rate_0.0005-seed2200"
WORDS = "a class with quite a long name of $5 in many words, as users write them"
DPI = 72


def slow(*values: object) -> ParameterSet:
    return pytest.param(*values, marks=pytest.mark.slow)


SIZES = [(3, 200), (64, 8), slow(8, 8), slow(8, 64), slow(75, 75), slow(300, 200)]


def class_names(classes: int, *, long: bool = False) -> list[str]:
    names = ["background", *(f"digit {number}" for number in range(classes - 1))]
    return [f"{name} {(LONG, WORDS)[number % 2]}" for number, name in enumerate(names)] if long else names


def masks_with_all_classes(count: int, height: int, width: int, classes: int) -> npt.NDArray[np.int64]:
    masks = np.zeros((count, height * width), np.int64)
    masks[:, : height * width // 2] = np.arange(height * width // 2) % classes
    return masks.reshape(count, height, width)


def check(figure: Figure) -> None:
    assert layout_faults(figure, names=" ".join([LONG, WORDS])) == []


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize(
    ("samples", "models", "classes", "long"), [slow(1, 1, 2, False), slow(6, 9, 11, False), (3, 2, 11, True)]
)
def test_samples(height: int, width: int, samples: int, models: int, classes: int, long: bool) -> None:
    masks = masks_with_all_classes(samples, height, width, classes)
    predictions = {f"{LONG if long else 'model'} {number}": masks for number in range(models)}
    titles = [f"{WORDS if long else 'test'} {number}" for number in range(samples)]
    images = np.zeros((samples, 1, height, width))
    check(
        predictions_figure(
            images, masks, predictions, class_names=class_names(classes, long=long), titles=titles, dpi=DPI
        )
    )


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize(
    ("models", "steps", "classes", "scale", "long"),
    [(1, 1, 2, 0.0, False), slow(1, 100, 2, 1e-5, False), slow(4, 1000, 11, 12345.0, False), (2, 20, 11, 1.0, True)],
)
def test_waves(height: int, width: int, models: int, steps: int, classes: int, scale: float, long: bool) -> None:
    mask = masks_with_all_classes(1, height, width, classes)[0]
    field = (scale * np.random.default_rng(0).normal(size=(min(steps, 40), height, width))).astype(np.float32)
    states = [
        ModelStates(
            f"{LONG if long else 'model'} {number}", field, mask, default_times(len(field)), default_bins(len(field))
        )
        for number in range(models)
    ]
    image = np.zeros((3, height, width))
    names = class_names(classes, long=long)
    check(waves_figure(image, mask, states, class_names=names, dpi=DPI))
    states = [each._replace(maps=-1e3 * field[:6], chosen_maps=range(min(6, len(field)))) for each in states]
    check(waves_figure(image, mask, states, class_names=names, rows=["readout"], dpi=DPI))
    check(wave_strip(field, image, times=default_times(len(field)), dpi=DPI))


STATISTICS = [
    BarStatistics.of([0.5]),
    BarStatistics.of([0.0, 0.0]),
    BarStatistics.of([1.0, 1.0, 1.0]),
    BarStatistics.of([0.1, 0.99]),
    BarStatistics.of([0.2 + 0.05 * seed for seed in range(12)]),
]


@pytest.mark.parametrize(
    ("datasets", "models", "groups", "long"),
    [(1, 1, 1, False), (4, 2, 2, True), slow(5, 12, 2, False), slow(1, 1, 5, True), slow(2, 12, 2, True)],
)
@pytest.mark.parametrize(
    ("score", "factor"), [("IoU", 1.0), ("loss, foreground (nats)", 123.4), slow("loss (nats)", 1e-4)]
)
def test_scores(datasets: int, models: int, groups: int, long: bool, score: str, factor: float) -> None:
    suffixes = {"data": f" {LONG}", "model": f" {WORDS}", "recipe": f" {LONG} {WORDS}"} if long else {}
    bars = [
        ScoreBar(
            f"data {dataset}{suffixes.get('data', '')}",
            f"model {model}{suffixes.get('model', '')}",
            f"recipe {group}{suffixes.get('recipe', '')}" if group else PUBLISHED,
            scaled(STATISTICS[(dataset + model + group) % len(STATISTICS)], factor),
        )
        for dataset in range(datasets)
        for model in range(models)
        for group in range(groups)
    ]
    check(scores_figure(bars, score=score, is_fraction=factor == 1, dpi=DPI))


def scaled(statistics: BarStatistics, factor: float) -> BarStatistics:
    return BarStatistics.of([factor * value for value in statistics.values])


def test_published_scores() -> None:
    check(scores_figure(published_bars("iou_foreground"), score="IoU, foreground", dpi=DPI))
    check(scores_figure(published_bars("loss_foreground"), score="loss, foreground (nats)", is_fraction=False, dpi=DPI))


@pytest.mark.parametrize("dataset", [0, slow(1), slow(2)])
def test_all_published_scores(dataset: int) -> None:
    check(score_panels_figure(published_result_sets()[dataset], title=LONG, dpi=DPI))


EVERY_MODEL = ["nwm", "conv_lstm", "conv_gru", "conv_rnn", "cnn", "unet"]


@pytest.mark.parametrize("models", [["nwm"], ["cnn"], slow(EVERY_MODEL)])
def test_all_scores(models: list[str]) -> None:
    variants = {model: ("2", "32") if model in ("cnn", "unet") else ("linear", "max") for model in models}
    rows = [row(model, variant, seed, seed / 2) for model in models for variant in variants[model] for seed in (1, 2)]
    (result_set,) = result_sets(rows)
    check(score_panels_figure(result_set, title="Tetrominoes, lite", dpi=DPI))


@pytest.mark.parametrize(("runs", "seeds", "long"), [(1, 1, False), (7, 2, True), slow(35, 1, False)])
@pytest.mark.parametrize("epochs", [1, slow(2), slow(300)])
@pytest.mark.parametrize("losses", [(2e6, 1e-9), (1.05, 0.95), slow((1.0, 1.0)), slow((2.0, 0.3)), slow((2.5, 1e-5))])
def test_training(runs: int, seeds: int, long: bool, epochs: int, losses: tuple[float, float]) -> None:
    curve = np.geomspace(*losses, epochs)
    metrics = [
        {"epoch": epoch, "train_loss": loss, "val_loss": loss, "val_iou_foreground": 0.5}
        for epoch, loss in enumerate(curve.tolist(), start=1)
    ]
    check(
        training_figure(
            {f"{LONG + WORDS if long else 'NWM linear'} {run}": [metrics] * seeds for run in range(runs)}, dpi=DPI
        )
    )


@pytest.mark.parametrize("sides", [(5,), slow((2, 3)), slow((5, 9)), slow((3, 4, 5, 6, 7, 8, 9, 10))])
def test_square_area(sides: tuple[int, ...]) -> None:
    check(square_area_figure(study_areas(sides, duration=30, strikes=1, points=2), dpi=DPI))


@dataclass
class ArrayDataset:
    """The parts of a dataset that the figure of polygons uses."""

    splits: dict[str, Split]
    class_names: list[str]
    folder: str = "nowhere"
    ignored_label: int | None = None


@pytest.mark.parametrize(
    ("height", "width", "classes", "long", "hidden_channels", "steps"),
    [
        slow(24, 24, 2, False, 1, 2),
        slow(24, 24, 7, False, 3, 20),
        slow(16, 48, 11, False, 2, 20),
        (48, 8, 11, True, 3, 5),
        slow(48, 8, 11, True, 16, 5),
        slow(24, 24, 40, False, 1, 5),
    ],
)
def test_polygons(height: int, width: int, classes: int, long: bool, hidden_channels: int, steps: int) -> None:
    config = model_config("nwm", steps=steps, width=4, hidden_channels=hidden_channels, pixel_widths=(8,))
    model = build(config, in_channels=1, classes=classes, seed=4)
    assert isinstance(model, NWM)
    masks = masks_with_all_classes(4, height, width, classes).astype(np.uint8)
    images = (20 * masks[..., None]).astype(np.uint8)
    dataset = ArrayDataset({"test": Split(images, masks)}, class_names(classes, long=long))
    batch = torch.from_numpy(images).permute(0, 3, 1, 2) / 255, torch.from_numpy(masks.astype(np.int64))
    study = study_classes(model, [batch], classes=classes, per_class=5, generator=np.random.default_rng(0))
    check(polygon_figure(model.eval(), cast(Dataset, dataset), study, split="test", sample=1, dpi=DPI))
