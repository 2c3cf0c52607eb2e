"""The demo: a wave network and a local CNN learn tetrominoes for the same time; then both are shown.

The boards are the paper's. Whole pieces are up to 28 pixels long; the CNN sees 8 pixels far, so it cannot see
which piece a pixel in the middle of an edge belongs to. The waves can tell it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from drumhead.data import Dataset
from drumhead.experiments import find_experiment
from drumhead.files import atomic_replace
from drumhead.models import RecurrentSegmenter
from drumhead.report.figures.run_figures import samples_figure
from drumhead.report.figures.sample_figure import wave_strip
from drumhead.report.movies.run_movie import sample_movie
from drumhead.report.samples import hear
from drumhead.report.style import save_figure
from drumhead.report.tables.score_tables import ScoreRow, classes_markdown, score_row, scores_markdown
from drumhead.runs import Run
from drumhead.scores import background_scores
from drumhead.training import Observer, train

CONTESTANTS = {"CNN, 8 layers": "tetrominoes-cnn-8", "NWM": "tetrominoes-nwm-linear"}
"""Who is trained: name in the demo's tables, and experiment."""

SAMPLES = 8
"""Test boards in the picture."""

REPORTED_STEPS = 200
"""Steps between validations, which are all that is seen of a training."""

MOMENTS = (3, 10, 20, 40, 70, 100)
"""Steps in the still picture of the waves."""

FILES = ("predictions.png", "waves.gif", "waves.png", "scores.md")
"""What is written beside the runs."""


class Demo(NamedTuple):
    """What the demo leaves behind."""

    rows: list[ScoreRow]
    """Background everywhere, CNN, NWM."""
    runs: dict[str, Run]
    """The two runs, by name."""
    picture: Path
    """PNG of inputs, truth and both predictions."""
    movie: Path
    """GIF of the wave network's waves."""
    still: Path
    """PNG of a few moments of them."""
    table: Path
    """The scores as Markdown."""


def run_demo(dataset: Dataset, folder: Path, *, seconds: float, seed: int, observer: Callable[[str], Observer]) -> Demo:
    """Train both models, or go on where an earlier call stopped, and write what they learned to a folder.

    Args:
        dataset: the paper's tetrominoes, or a set like them.
        folder: where runs, picture, movie and table go.
        seconds: time in training steps, for each model.
        seed: of both runs.
        observer: called with a model's name, gives who watches its training.
    """
    runs = {}
    for name, experiment_name in CONTESTANTS.items():
        experiment = find_experiment(experiment_name, "lite")
        recipe = experiment.recipe.replace(seconds=seconds, epochs=1000, steps_per_epoch=REPORTED_STEPS)
        experiment = experiment.replace(seed=seed, recipe=recipe)
        runs[name] = train(experiment, dataset, folder / experiment_name, observers=[observer(name)])
    background = background_scores(dataset.splits["test"].masks, dataset.class_names)
    rows = [ScoreRow(name="background everywhere", scores=background)]
    rows += [score_row(run, name=name) for name, run in runs.items()]
    demo = Demo(rows, runs, *(folder / name for name in FILES))
    write_pictures(demo, dataset)
    with atomic_replace(demo.table) as temporary:
        temporary.write_text(f"{scores_markdown(rows)}\n{classes_markdown(rows)}")
    return demo


def write_pictures(demo: Demo, dataset: Dataset) -> None:
    """Write the picture of predictions on the first test boards, and the movie of the waves on the first."""
    models = {name: run.load_model() for name, run in demo.runs.items()}
    samples = range(min(SAMPLES, len(dataset.splits["test"].images)))
    save_figure(samples_figure(models, dataset, split="test", samples=samples), demo.picture)
    waves = models["NWM"]
    assert isinstance(waves, RecurrentSegmenter)
    sample_movie(waves, dataset, split="test", samples=[0], path=demo.movie)
    heard = hear(waves, dataset, split="test", sample=0, channels=[waves.config.hidden_channels - 1])
    moments = [step for step in MOMENTS if step <= len(heard.field)]
    save_figure(wave_strip(heard.field[:, 0], heard.image, times=moments), demo.still)
