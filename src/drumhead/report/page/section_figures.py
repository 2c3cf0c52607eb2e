"""The figures of a report section: their captions, alternative texts, and how to draw them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import NamedTuple

from matplotlib.figure import Figure

from drumhead.analysis.class_study import ClassStudy, study_dataset
from drumhead.analysis.square_area import AreaStudy
from drumhead.models import NWM, RecurrentSegmenter
from drumhead.published import PublishedMetric
from drumhead.report.figures.model_figures import model_predictions_figure, model_waves_figure
from drumhead.report.figures.polygon_figure import polygon_figure
from drumhead.report.figures.score_bars import METRIC_TITLES, published_bars, run_bars, with_published_bars
from drumhead.report.figures.score_figure import scores_figure
from drumhead.report.figures.square_area_figure import square_area_figure
from drumhead.report.figures.training_figure import training_figure
from drumhead.report.page.sections import ReportSection, slug
from drumhead.report.samples import load_recurrent_model
from drumhead.report.tables.square_area_table import area_notes
from drumhead.results.labels import model_label
from drumhead.runs import Run

SAMPLES = 6
"""The number of samples side by side."""
MAX_MODELS = 8
"""The largest number of models in one figure of predictions."""
SCORE: PublishedMetric = "iou_foreground"


class FigureSpec(NamedTuple):
    """A figure that can be drawn."""

    topic: str
    """The subsection it belongs to: scores, training, samples, waves, polygons or theory."""
    name: str
    """The file name without a suffix."""
    caption: str
    alt: str
    """The alternative text: a description for readers who cannot see the figure."""
    draw: Callable[[int], Figure]
    """Draws the figure at a resolution in dpi. Raises ``ValueError`` or ``OSError`` if the data is not available."""
    as_svg: bool = False
    """Whether the figure consists of a few lines and text, for which SVG is small and sharp at any size."""


def section_figures(section: ReportSection) -> Iterator[FigureSpec]:
    """Yield every figure of a section."""
    if section.trained:
        yield scores_spec(section)
    if any(run.metrics() for run in section.runs):
        yield training_spec(section)
    yield from samples_specs(section)
    for label, run in section.representatives.items():
        if is_recurrent(run):
            yield waves_spec(section, label, run)
    for label, run in section.representatives.items():
        if run.config.experiment.model.name == "nwm" and section.result_set.key.dataset in ("polygons", "polygons_345"):
            yield polygons_spec(section, label, run)


def scores_spec(section: ReportSection) -> FigureSpec:
    """Return the bars of all trained runs, with the published bars if the test set is the paper's."""
    result_set = section.result_set

    def draw(dpi: int) -> Figure:
        bars = run_bars(section.trained, SCORE)
        published = published_bars(SCORE)
        if result_set.is_published and {bar[:2] for bar in bars} & {bar[:2] for bar in published}:
            bars = with_published_bars(bars, published)
        return scores_figure(bars, score=METRIC_TITLES[SCORE], dpi=dpi)

    published_note = " Grey bars: published, with the paper's recipe." if result_set.is_published else ""
    summaries = [(results.label, results.summary(SCORE)) for results in result_set.models]
    means = "; ".join(f"{label} {summary.mean:.3f}" for label, summary in summaries if summary is not None)
    return FigureSpec(
        topic="scores",
        name=f"scores-{section.name}",
        caption=f"Foreground IoU on the test set. {section.title}.{published_note}",
        alt=f"Bars of foreground IoU, {section.title}: {means}.",
        draw=draw,
        as_svg=True,
    )


def training_spec(section: ReportSection) -> FigureSpec:
    """Return the curves of loss and IoU over epochs."""
    metrics: dict[str, list[list[dict[str, float]]]] = {}
    for run, row in section.run_rows:
        if epochs := run.metrics():
            metrics.setdefault(model_label(row.model, row.variant), []).append(epochs)
    return FigureSpec(
        topic="training",
        name=f"training-{section.name}",
        caption="Training loss, and loss and foreground IoU on the validation images, over epochs. Losses are in nats. "
        f"Each line is one seed. {section.title}.",
        alt=f"Curves over epochs of training loss, validation loss and foreground IoU: {', '.join(metrics)}.",
        draw=lambda dpi: training_figure(metrics, dpi=dpi),
        as_svg=True,
    )


def samples_specs(section: ReportSection) -> Iterator[FigureSpec]:
    """Yield figures of inputs, true classes and predictions, with up to ``MAX_MODELS`` models each."""
    representatives = list(section.representatives.items())
    for first in range(0, len(representatives), MAX_MODELS):
        chosen = dict(representatives[first : first + MAX_MODELS])

        def draw(dpi: int, runs: dict[str, Run] = chosen) -> Figure:
            samples = range(min(SAMPLES, len(section.dataset.splits["test"].images)))
            models = {label: run.load_model() for label, run in runs.items()}
            return model_predictions_figure(models, section.dataset, split="test", samples=samples, dpi=dpi)

        part = "" if len(representatives) <= MAX_MODELS else f"-{first // MAX_MODELS + 1}"
        models = ", ".join(f"{label} ({run_label(run)})" for label, run in chosen.items())
        yield FigureSpec(
            topic="samples",
            name=f"samples-{section.name}{part}",
            caption=f"The first test images with their true classes and the predictions. {section.title}: {models}.",
            alt=f"Rows of small images: input, true classes, and the classes predicted by {', '.join(chosen)}.",
            draw=draw,
        )


def waves_spec(section: ReportSection, label: str, run: Run) -> FigureSpec:
    """Return the states and spectra of a recurrent model on the first test image."""

    def draw(dpi: int) -> Figure:
        models = {label: load_recurrent_model(run)}
        return model_waves_figure(models, section.dataset, split="test", sample=0, dpi=dpi)

    return FigureSpec(
        topic="waves",
        name=f"waves-{slug(label)}-{section.name}",
        caption=f"States of {label} on the first test image at several steps, and their spectrum over time; channel 0 "
        f"(the first). {section.title}, {run_label(run)}.",
        alt=f"Input, true classes and prediction of {label}; below, its states at several steps and the spectrum of "
        "every pixel at several frequencies.",
        draw=draw,
    )


def polygons_spec(section: ReportSection, label: str, run: Run) -> FigureSpec:
    """Return the study of an NWM on polygons, which is computed when the figure is drawn for the first time."""
    study = cache(partial(class_study, section, run))

    def draw(dpi: int) -> Figure:
        return polygon_figure(load_nwm(run), section.dataset, study(), split="test", sample=0, dpi=dpi)

    return FigureSpec(
        topic="polygons",
        name=f"polygons-{slug(label)}-{section.name}",
        caption=f"Natural frequencies of {label} inside and outside shapes, the mean spectrum of each class, and the "
        f"classes that a linear probe predicts from the spectra. {section.title}, {run_label(run)}.",
        alt=f"Images of the natural frequencies and states of {label}; graphs of the frequencies inside and outside "
        "shapes and of the mean spectra by class; the confusion matrix of a linear probe.",
        draw=draw,
    )


def square_area_spec(study: AreaStudy) -> FigureSpec:
    """Return the study of how accurately the area of square drums follows from their frequencies."""
    return FigureSpec(
        topic="theory",
        name="square-area",
        caption="The area of simulated square drums, estimated from the spectra at points inside. "
        f"This figure needs no run. {area_notes(study)[1]}",
        alt="Four graphs: spectra of squares with several sides, their fundamental frequencies and the theory, the "
        "estimated areas against the true areas, and the error over the duration of the recording.",
        draw=lambda dpi: square_area_figure(study, dpi=dpi),
    )


def class_study(section: ReportSection, run: Run) -> ClassStudy:
    """Return the study of a run's model on the first test images."""
    return study_dataset(load_nwm(run), section.dataset)


def load_nwm(run: Run) -> NWM:
    """Return the model of a run whose model is an NWM."""
    model = load_recurrent_model(run)
    assert isinstance(model, NWM)
    return model


def is_recurrent(run: Run) -> bool:
    """Return whether a run's model is recurrent, so that it has states to show."""
    return isinstance(run.new_model(), RecurrentSegmenter)


def run_label(run: Run) -> str:
    """Return a run's seed, and its state if it is not done."""
    return f"seed {run.config.experiment.seed}" + ("" if run.state == "done" else f", {run.state}")
