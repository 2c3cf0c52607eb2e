"""The demo: train a wave network and a local CNN on tetrominoes for the same time, and compare them.

The dataset is the paper's. A piece is up to 28 pixels long, but the CNN's receptive field reaches only 8 pixels far,
so a pixel in the middle of an edge cannot know which piece it belongs to. Waves carry that information to it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from drumhead.data import Dataset
from drumhead.experiments import find_experiment
from drumhead.files import atomic_replace
from drumhead.models import RecurrentSegmenter
from drumhead.report.figures.model_figures import model_predictions_figure
from drumhead.report.figures.wave_figure import wave_strip
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.report.samples import compute_sample_states
from drumhead.report.style import save_figure
from drumhead.report.tables.score_tables import ScoreRow, classes_markdown, score_row, scores_markdown
from drumhead.results.rows import baseline_scores
from drumhead.runs import Run
from drumhead.training import Observer, train

DEMO_EXPERIMENTS = {"CNN, 8 layers": "tetrominoes-cnn-8", "NWM": "tetrominoes-nwm-linear"}
"""The experiment of each model, by the model's name in the demo's tables."""

SAMPLES = 8
"""The number of test images in the figure of predictions."""

STEPS_PER_EPOCH = 200
"""Training steps between validations; training progress is reported at each validation."""

STRIP_TIMES = (3, 10, 20, 40, 70, 100)
"""The time steps in the still figure of the waves."""

FILES = ("predictions.png", "waves.gif", "waves.png", "scores.md")
"""The files that the demo writes beside the runs."""


class DemoResult(NamedTuple):
    """The results of the demo."""

    rows: list[ScoreRow]
    """The scores of predicting background everywhere, of the CNN and of the NWM."""
    runs: dict[str, Run]
    """The two runs, by the model's name."""
    predictions: Path
    """PNG of inputs, true masks and both predictions."""
    movie: Path
    """GIF of the wave network's hidden states."""
    wave_strip: Path
    """PNG of a few time steps of those states."""
    table: Path
    """The scores as Markdown."""


def run_demo(
    dataset: Dataset, folder: str | Path, *, seconds: float, seed: int, observer: Callable[[str], Observer]
) -> DemoResult:
    """Train both models, or resume what an earlier call left unfinished, and write the results to a folder.

    Args:
        dataset: the paper's tetrominoes, or a similar dataset.
        folder: the folder for runs, figures, movie and table.
        seconds: the time that each model spends in training steps.
        seed: the seed of both runs.
        observer: returns the observer of a model's training, given the model's name.
    """
    folder = Path(folder)
    runs = {}
    for name, experiment_name in DEMO_EXPERIMENTS.items():
        experiment = find_experiment(experiment_name, "lite")
        recipe = experiment.recipe.replace(seconds=seconds, epochs=1000, steps_per_epoch=STEPS_PER_EPOCH)
        experiment = experiment.replace(seed=seed, recipe=recipe)
        runs[name] = train(experiment, dataset, folder / experiment_name, observers=[observer(name)])
    background = baseline_scores(dataset)
    rows = [ScoreRow(name="background everywhere", scores=background)]
    rows += [score_row(run, name=name) for name, run in runs.items()]
    result = DemoResult(rows, runs, *(folder / name for name in FILES))
    write_figures(result, dataset)
    with atomic_replace(result.table) as temporary:
        temporary.write_text(f"{scores_markdown(rows)}\n{classes_markdown(rows)}")
    return result


def write_figures(result: DemoResult, dataset: Dataset) -> None:
    """Write the predictions on the first test images, and the movie and still figure of the waves on the first one."""
    models = {name: run.load_model() for name, run in result.runs.items()}
    samples = range(min(SAMPLES, len(dataset.splits["test"].images)))
    save_figure(model_predictions_figure(models, dataset, split="test", samples=samples), result.predictions)
    waves = models["NWM"]
    assert isinstance(waves, RecurrentSegmenter)
    model_wave_movie(waves, dataset, split="test", samples=[0], path=result.movie)
    computed = compute_sample_states(
        waves, dataset, split="test", sample=0, channels=[waves.config.hidden_channels - 1]
    )
    times = [step for step in STRIP_TIMES if step <= len(computed.field)]
    save_figure(wave_strip(computed.field[:, 0], computed.image, times=times), result.wave_strip)
