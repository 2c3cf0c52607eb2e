"""The demo: show trained networks on tetrominoes, then train a wave network for a few minutes.

The dataset is the paper's. A piece is up to 28 pixels long, but the CNN's receptive field reaches only 8 pixels far,
so a pixel in the middle of an edge cannot know which piece it belongs to. Waves carry that information to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from drumhead.data import Dataset
from drumhead.evaluation import evaluate_run
from drumhead.experiments import Experiment, find_experiment
from drumhead.files import atomic_replace
from drumhead.models import RecurrentSegmenter, Segmenter
from drumhead.report.figures.model_figures import model_predictions_figure
from drumhead.report.figures.wave_figure import wave_strip
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.report.samples import compute_sample_states
from drumhead.report.style import save_figure
from drumhead.report.tables.score_tables import ScoreRow, classes_markdown, score_row, scores_markdown
from drumhead.results.rows import baseline_scores
from drumhead.runs import Run
from drumhead.training import Observer, train
from drumhead.zoo import find_run

TRAINED = {"trained CNN, 8 layers": "tetrominoes-cnn-8", "trained NWM": "tetrominoes-nwm-linear"}
"""The trained networks of the package that the demo shows, by their names in its tables."""

DEMO_EXPERIMENT = "tetrominoes-nwm-linear"
"""The experiment that the demo trains."""
TRAINED_HERE = "NWM, trained now"
"""The name of its model in the demo's tables."""

SAMPLES = 8
"""The number of test images in the figure of predictions."""

EPOCHS, STEPS_PER_EPOCH = 10, 300
"""The training, if the time suffices: short epochs, because progress is reported after each."""
VALIDATION_IMAGES = 64

STRIP_TIMES = (3, 10, 20, 40, 70, 100)
"""The time steps in the still figure of the waves."""

FILES = ("predictions.png", "waves.gif", "waves.png", "scores.md")
"""The files that the demo writes beside the run."""


class DemoResult(NamedTuple):
    """The results of one part of the demo."""

    rows: list[ScoreRow]
    """The scores of predicting background everywhere and of each model."""
    folder: Path
    """The folder of the pictures and of the table."""

    @property
    def predictions(self) -> Path:
        """PNG of inputs, true masks and the predictions of each model."""
        return self.folder / "predictions.png"

    @property
    def movie(self) -> Path:
        """GIF of the trained wave network's hidden states."""
        return self.folder / "waves.gif"

    @property
    def wave_strip(self) -> Path:
        """PNG of a few time steps of those states."""
        return self.folder / "waves.png"

    @property
    def table(self) -> Path:
        """The scores as Markdown."""
        return self.folder / "scores.md"


def show_trained(
    dataset: Dataset, folder: str | Path, *, progress: Callable[[int, int], None] | None = None
) -> DemoResult:
    """Show the trained networks of the package: their predictions, the waves of one of them, and their scores.

    Args:
        dataset: the paper's tetrominoes, whose scores are stored with the networks, or a similar dataset.
        folder: the folder for the pictures and the table.
        progress: called with the number done and the total, of the frames of the movie.
    """
    runs = {name: Run.open(find_run(network)) for name, network in TRAINED.items()}
    models = {name: run.load_model() for name, run in runs.items()}
    rows = [ScoreRow(name="background everywhere", scores=baseline_scores(dataset))]
    for name, run in runs.items():
        is_theirs = run.config.data.fingerprint == dataset.fingerprint
        rows.append(score_row(run, None if is_theirs else evaluate_run(run, dataset), name=name))
    result = DemoResult(rows, Path(folder))
    write_predictions(models, dataset, result)
    write_waves(models["trained NWM"], dataset, result, progress)
    write_table(result)
    return result


def train_demo(
    dataset: Dataset, trained: DemoResult, *, seconds: float, seed: int, observer: Observer
) -> tuple[DemoResult, Run]:
    """Train a wave network, or resume what an earlier call left unfinished, and compare it with the trained networks.

    Args:
        dataset: the paper's tetrominoes, or a similar dataset.
        trained: the result of :func:`show_trained`. Its picture of predictions and its table get the new network, too.
        seconds: the time limit of the training, in seconds of training steps.
        seed: the seed of the run.
        observer: the observer of the training.

    Returns:
        The result, and the run.
    """
    run = train(demo_experiment(seconds, seed), dataset, trained.folder / DEMO_EXPERIMENT, observers=[observer])
    result = DemoResult([*trained.rows, score_row(run, name=TRAINED_HERE)], trained.folder)
    models = {name: Run.open(find_run(network)).load_model() for name, network in TRAINED.items()}
    write_predictions({**models, TRAINED_HERE: run.load_model()}, dataset, result)
    write_table(result)
    return result, run


def demo_experiment(seconds: float, seed: int) -> Experiment:
    """Return the experiment of the demo: the recipe ``lite``, shortened."""
    experiment = find_experiment(DEMO_EXPERIMENT, "lite")
    return experiment.replace(
        seed=seed,
        recipe=experiment.recipe.replace(
            seconds=seconds, epochs=EPOCHS, steps_per_epoch=STEPS_PER_EPOCH, validation_images=VALIDATION_IMAGES
        ),
    )


def time_limit_note(run: Run) -> str:
    """Return a sentence that says what part of the training the time limit left out, if any."""
    last, planned = run.metrics()[-1], EPOCHS * STEPS_PER_EPOCH
    steps, seconds = int(last["step"]), last["seconds"]
    if steps >= planned:
        return (
            f"All {planned:,} training steps were made, in {seconds:.0f} s, so the scores do not depend on the clock."
        )
    return (
        f"The time limit ended the training after {steps:,} of {planned:,} steps ({steps / planned:.0%}), in "
        f"{seconds:.0f} s. On a faster machine, or with a longer --seconds, the scores are higher."
    )


def write_predictions(models: Mapping[str, Segmenter], dataset: Dataset, result: DemoResult) -> None:
    """Write the predictions of models on the first test images."""
    samples = range(min(SAMPLES, len(dataset.splits["test"].images)))
    save_figure(model_predictions_figure(models, dataset, split="test", samples=samples), result.predictions)


def write_waves(
    model: Segmenter, dataset: Dataset, result: DemoResult, progress: Callable[[int, int], None] | None
) -> None:
    """Write the movie and the still figure of the waves on the first test image."""
    assert isinstance(model, RecurrentSegmenter)
    model_wave_movie(model, dataset, split="test", samples=[0], path=result.movie, progress=progress)
    channel = model.config.hidden_channels - 1
    computed = compute_sample_states(model, dataset, split="test", sample=0, channels=[channel])
    times = [step for step in STRIP_TIMES if step <= len(computed.field)]
    save_figure(wave_strip(computed.field[:, 0], computed.image, times=times), result.wave_strip)


def write_table(result: DemoResult) -> None:
    """Write the scores as Markdown."""
    with atomic_replace(result.table) as temporary:
        temporary.write_text(f"{scores_markdown(result.rows)}\n{classes_markdown(result.rows)}")
