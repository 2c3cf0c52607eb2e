"""How fast wave networks learn when their waves start slow or fast, by the length of the shapes to tell apart.

    drumhead sweep tetrominoes-nwm-linear --recipe lite --out speed --seeds 0 \\
        --set dataset.cell=3,5,7,9 --set dataset.canvas=48 --set dataset.max-pieces=2 --set dataset.seed=0 \\
        --set dataset.train=10000 --set dataset.val=500 --set dataset.test=1000 \\
        --set model.initial-speed=1,2,4 --set recipe.epochs=5 --set recipe.steps-per-epoch=250
    python benchmarks/wave_speed.py speed/* --figure wave-speed.png

A tetromino is up to four cells long. Each row of the table is a run. The figure shows the scores against the reach of
the waves at the start, and the speed of the waves before and after training.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tyro

from command_line import print_tables, progress_console, run_benchmark, usage_error
from drumhead.data import TetrominoConfig
from drumhead.files import atomic_replace
from drumhead.hidden_states import states
from drumhead.models import NWMConfig
from drumhead.report.tables.text_table import TextTable
from drumhead.runs import Run
from network_waves import fastest

CELLS = 4
"""The length of the longest tetromino, in cells."""
SAMPLES = 8
"""The number of test samples whose stiffness and damping count for the speed after training."""
HEADINGS = (
    "cell", "piece", "speed at start", "reach at start", "reach / piece", "seed", "val IoU fg by epoch",
    "test IoU fg", "fastest waves after training",
)  # fmt: skip


class Trained(NamedTuple):
    """What a run of a wave network on tetrominoes gave."""

    cell: int
    """The side of a cell, in pixels."""
    speed: float
    """The speed of waves at the start, in pixels per unit of time."""
    time: float
    """The length of the evolution, in units of time."""
    seed: int
    curve: list[float]
    """The foreground IoU on the validation split after each epoch."""
    score: float
    """The foreground IoU on the test split."""
    fastest: float
    """The largest group velocity that the learned coupling gives, in pixels per unit of time."""

    @property
    def piece(self) -> int:
        """The length of the longest piece, in pixels."""
        return CELLS * self.cell

    @property
    def reach(self) -> float:
        """How far waves travel at the start, in pixels."""
        return self.speed * self.time


def main(
    runs: tyro.conf.Positional[tuple[Path, ...]],
    *,
    figure: Path | None = None,
    markdown: bool = False,
) -> None:
    """Print the table.

    Args:
        runs: Folders of finished runs of an NWM on tetrominoes.
        figure: The PNG file to which the figure is written. By default there is none.
        markdown: Print Markdown.
    """
    if figure is not None and figure.suffix != ".png":
        usage_error(f"--figure must end in .png; got {figure}")
    trained = []
    with progress_console().status("runs") as status:
        for folder in runs:
            status.update(str(folder))
            trained.append(read(Run.open(folder)))
    trained.sort(key=lambda each: (each.cell, each.speed, each.seed))
    print_tables([table(trained)], markdown=markdown)
    if figure is not None:
        draw(trained, figure)


def read(run: Run) -> Trained:
    """Return what a finished run gave."""
    experiment, scores = run.config.experiment, run.scores()
    dataset, model = experiment.dataset, experiment.model
    if not isinstance(dataset, TetrominoConfig) or not isinstance(model, NWMConfig):
        usage_error(f"runs must be of an NWM on tetrominoes; {run.folder} is {experiment.name}")
    if scores is None or scores.iou_foreground is None:
        usage_error(f"runs must be finished; {run.folder} has no scores. Train it with drumhead train {run.folder}")
    return Trained(
        cell=dataset.cell,
        speed=model.initial_speed,
        time=model.steps * model.dt,
        seed=experiment.seed,
        curve=[row["val_iou_foreground"] for row in run.metrics()],
        score=scores.iou_foreground,
        fastest=fastest(states(run.folder, range(SAMPLES))),
    )


def table(trained: list[Trained]) -> TextTable:
    """Return the table of all runs."""
    body = [
        [
            str(each.cell),
            str(each.piece),
            f"{each.speed:g}",
            f"{each.reach:g}",
            f"{each.reach / each.piece:.2f}",
            str(each.seed),
            " ".join(f"{value:.2f}" for value in each.curve),
            f"{each.score:.3f}",
            f"{each.fastest:.1f}",
        ]
        for each in trained
    ]
    note = (
        "Lengths are in pixels, speeds in pixels per unit of time. Piece: the longest. Reach: the speed at the start "
        "times the length of the evolution. Fastest waves: the largest group velocity of small waves that the learned "
        f"coupling gives, along rows or columns, at the median stiffness and damping of the first {SAMPLES} test "
        "samples."
    )
    return TextTable(list(HEADINGS), body, [note])


def draw(trained: list[Trained], path: Path) -> None:
    """Draw the scores against the reach at the start, and the speeds before and after training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    scores, speeds = figure.subplots(1, 2)
    for cell in sorted({each.cell for each in trained}):
        chosen = [each for each in trained if each.cell == cell]
        label = f"cell {cell}, pieces up to {chosen[0].piece} pixels"
        ratio = [each.reach / each.piece for each in chosen]
        scores.plot(ratio, [each.score for each in chosen], "o-", markersize=4, linewidth=1, label=label)
        speeds.plot([each.speed for each in chosen], [each.fastest for each in chosen], "o-", markersize=4, linewidth=1)
    scores.axvline(1, color="0.7", linewidth=1, zorder=0)
    scores.set(xscale="log", xlabel="reach of the waves at the start / longest piece", ylabel="foreground IoU, test")
    ticks = np.array([0.25, 0.5, 1, 2, 4])
    scores.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    scores.minorticks_off()
    scores.legend(fontsize=7, frameon=False)
    limit = max(max(each.speed, each.fastest) for each in trained)
    speeds.plot([0, limit], [0, limit], color="0.7", linewidth=1, zorder=0)
    speeds.set(xlabel="speed at the start", ylabel="fastest waves after training")
    with atomic_replace(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


if __name__ == "__main__":
    run_benchmark(main)
