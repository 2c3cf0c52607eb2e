"""The figures of a section: which there are, what they show in words, and how each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import NamedTuple

from matplotlib.figure import Figure

from drumhead.analysis.class_study import ClassStudy, study_dataset
from drumhead.analysis.square_area import AreaStudy
from drumhead.models import NWM, RecurrentSegmenter
from drumhead.published import PublishedMetric
from drumhead.report.figures.polygon_figure import polygon_figure
from drumhead.report.figures.run_figures import sample_waves_figure, samples_figure
from drumhead.report.figures.score_bars import METRIC_TITLES, beside, published_bars, run_bars
from drumhead.report.figures.score_figure import scores_figure
from drumhead.report.figures.square_area_figure import square_area_figure
from drumhead.report.figures.training_figure import training_figure
from drumhead.report.page.sections import ReportSection, slug
from drumhead.report.samples import recurrent_model
from drumhead.report.tables.square_area_table import area_notes
from drumhead.results.labels import model_label
from drumhead.runs import Run

SAMPLES = 6
"""Samples side by side."""
MOST_MODELS = 8
"""Rows of predictions in one figure."""
SCORE: PublishedMetric = "iou_foreground"


class Exhibit(NamedTuple):
    """A figure to be drawn. Drawing raises ``ValueError`` or ``OSError`` where it cannot be, the data being gone."""

    kind: str
    """The heading it belongs under: scores, training, samples, waves, polygons, theory."""
    name: str
    """Of a file, without an ending."""
    caption: str
    """What it shows."""
    alt: str
    """What is to be seen, for who does not see it."""
    draw: Callable[[int], Figure]
    """Takes pixels to an inch."""
    lines: bool = False
    """Whether it is a few lines and text alone, which are small and sharp at any size as SVG."""


def chapter_exhibits(section: ReportSection) -> Iterator[Exhibit]:
    """Every figure that a section can have."""
    if section.trained:
        yield scores_exhibit(section)
    if any(run.metrics() for run in section.runs):
        yield training_exhibit(section)
    yield from samples_exhibits(section)
    for title, run in section.representatives.items():
        if is_recurrent(run):
            yield waves_exhibit(section, title, run)
    for title, run in section.representatives.items():
        if run.config.experiment.model.name == "nwm" and section.result_set.key.dataset == "polygons":
            yield polygons_exhibit(section, title, run)


def scores_exhibit(section: ReportSection) -> Exhibit:
    """Bars of the runs trained to the end, with the published ones where the test set is the paper's."""

    def draw(dpi: int) -> Figure:
        bars = run_bars(section.trained, SCORE)
        published = published_bars(SCORE)
        if section.result_set.is_published and {bar[:2] for bar in bars} & {bar[:2] for bar in published}:
            bars = beside(bars, published)
        return scores_figure(bars, score=METRIC_TITLES[SCORE], dpi=dpi)

    grey = " Grey bars are published, of the paper's recipe." if section.result_set.is_published else ""
    summaries = [(group.label, group.summary(SCORE)) for group in section.result_set.models]
    heights = "; ".join(
        f"{model_label} {summary.mean:.3f}" for model_label, summary in summaries if summary is not None
    )
    return Exhibit(
        kind="scores",
        name=f"scores-{section.name}",
        caption=f"Foreground IoU on the test set. {section.title}.{grey}",
        alt=f"Bars of foreground IoU, {section.title}: {heights}.",
        draw=draw,
        lines=True,
    )


def training_exhibit(section: ReportSection) -> Exhibit:
    """Loss and IoU over epochs."""
    metrics: dict[str, list[list[dict[str, float]]]] = {}
    for run, row in section.run_rows:
        if epochs := run.metrics():
            metrics.setdefault(model_label(row.model, row.variant), []).append(epochs)
    return Exhibit(
        kind="training",
        name=f"training-{section.name}",
        caption=f"Loss (nats) and foreground IoU over epochs, a line for each seed; both scores on the validation "
        f"images. {section.title}.",
        alt=f"Curves over epochs of training loss, validation loss and foreground IoU: {', '.join(metrics)}.",
        draw=lambda dpi: training_figure(metrics, dpi=dpi),
        lines=True,
    )


def samples_exhibits(section: ReportSection) -> Iterator[Exhibit]:
    """Inputs, truth and predictions, of a few models each."""
    shown = list(section.representatives.items())
    for first in range(0, len(shown), MOST_MODELS):
        some = dict(shown[first : first + MOST_MODELS])

        def draw(dpi: int, runs: dict[str, Run] = some) -> Figure:
            samples = range(min(SAMPLES, len(section.dataset.splits["test"].images)))
            models = {title: run.load_model() for title, run in runs.items()}
            return samples_figure(models, section.dataset, split="test", samples=samples, dpi=dpi)

        part = "" if len(shown) <= MOST_MODELS else f"-{first // MOST_MODELS + 1}"
        models = ", ".join(f"{title} ({told(run)})" for title, run in some.items())
        yield Exhibit(
            kind="samples",
            name=f"samples-{section.name}{part}",
            caption=f"The first test images, truth, and predictions. {section.title}: {models}.",
            alt=f"Rows of small pictures: input, true classes, and the classes predicted by {', '.join(some)}.",
            draw=draw,
        )


def waves_exhibit(section: ReportSection, title: str, run: Run) -> Exhibit:
    """States and spectra of a recurrent run on the first test image."""

    def draw(dpi: int) -> Figure:
        return sample_waves_figure({title: recurrent_model(run)}, section.dataset, split="test", sample=0, dpi=dpi)

    return Exhibit(
        kind="waves",
        name=f"waves-{slug(title)}-{section.name}",
        caption=f"Waves of {title} on the first test image, at times and in frequency; channel 0. {section.title}, "
        f"{told(run)}.",
        alt=f"Input, truth and prediction of {title}; below, its state at several steps and the spectrum of every "
        "pixel at several frequencies.",
        draw=draw,
    )


def polygons_exhibit(section: ReportSection, title: str, run: Run) -> Exhibit:
    """What a wave network makes of polygons; the study is made when it is first asked for."""
    study = cache(partial(polygon_study, section, run))

    def draw(dpi: int) -> Figure:
        return polygon_figure(wave_machine(run), section.dataset, study(), split="test", sample=0, dpi=dpi)

    return Exhibit(
        kind="polygons",
        name=f"polygons-{slug(title)}-{section.name}",
        caption=f"Natural frequencies that {title} gives to the inside and the outside of shapes, the average spectrum "
        f"each class hears, and what a linear probe tells by it. {section.title}, {told(run)}.",
        alt=f"Pictures of the natural frequencies and states of {title}; graphs of frequencies inside and outside, of "
        "average spectra by class, and a confusion matrix of a linear probe.",
        draw=draw,
    )


def theory_exhibit(study: AreaStudy) -> Exhibit:
    """How well points inside square drums hear their area."""
    return Exhibit(
        kind="theory",
        name="square-area",
        caption=f"The area of square drums as points inside hear it, by simulation; no run is needed. "
        f"{area_notes(study)[1]}",
        alt="Four graphs: spectra heard in squares of several sides, their fundamentals beside theory, the areas "
        "heard against the true ones, and the error over listening time.",
        draw=lambda dpi: square_area_figure(study, dpi=dpi),
    )


def polygon_study(section: ReportSection, run: Run) -> ClassStudy:
    """The study of a run's network on the first test images."""
    return study_dataset(wave_machine(run), section.dataset)


def wave_machine(run: Run) -> NWM:
    """The network of a run that is known to be one."""
    model = recurrent_model(run)
    assert isinstance(model, NWM)
    return model


def is_recurrent(run: Run) -> bool:
    """Whether a run's model has waves to show."""
    return isinstance(run.new_model(), RecurrentSegmenter)


def told(run: Run) -> str:
    """A run's seed, and its state if it is not done."""
    return f"seed {run.config.experiment.seed}" + ("" if run.state == "done" else f", {run.state}")
