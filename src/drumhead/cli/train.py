"""``drumhead train``: an experiment by name, any field of it overridden by a flag."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro
from pydantic import PositiveInt

from drumhead.cli import FAILED, OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.progress import TrainingProgress, progress_bar
from drumhead.config import Config
from drumhead.data import Dataset, open_dataset, prepare_dataset
from drumhead.evaluation import open_run_dataset
from drumhead.experiments import Experiment, RecipeName, find_experiment
from drumhead.renamed_fields import current_flags
from drumhead.report.tables.score_tables import score_row, scores_table
from drumhead.runs import Run, check_not_imported
from drumhead.training import (
    LOGGERS,
    Accelerator,
    Devices,
    LoggerName,
    ProcessLostError,
    Strategy,
    is_first_process,
    train,
)


class Request(Config):
    """What ``drumhead train`` was asked for, besides the experiment's name."""

    experiment: Annotated[Experiment, tyro.conf.arg(name="")]
    """The experiment, field by field."""
    out: Path | None = None
    """The run's folder; runs/EXPERIMENT-seedSEED by default. An unfinished run in it goes on."""
    data: Path | None = None
    """A folder of data, yours or made here; by default the experiment's own, made under data/ if not there yet."""
    mnist_root: Path | None = None
    """A folder with MNIST's four IDX files, if needed; else that of DRUMHEAD_MNIST_ROOT, or a download."""
    accelerator: Accelerator = "auto"
    """Where to train."""
    devices: PositiveInt = 1
    """Devices of each node that share every batch; with a CPU, processes."""
    nodes: PositiveInt = 1
    """Nodes that train together."""
    strategy: Strategy = "auto"
    """How several devices train one model: each with a copy, gradients averaged (ddp; auto is the same)."""
    log: tuple[LoggerName, ...] = ()
    """Loggers to write to besides metrics.csv."""

    @property
    def where(self) -> Devices:
        """The devices."""
        return Devices(accelerator=self.accelerator, devices=self.devices, nodes=self.nodes, strategy=self.strategy)


USAGE = """usage: drumhead train EXPERIMENT [--recipe {paper,lite,smoke}] [flags]
       drumhead train RUN_FOLDER

EXPERIMENT is a name from `drumhead experiments`; RUN_FOLDER an unfinished run, which goes on from its last epoch.

  --recipe paper   the paper's: 300 epochs (the default)
  --recipe lite    minutes on a CPU: few epochs, small batches, a part of the pixels in each step
  --recipe smoke   two epochs of two steps on a handful of images

  --devices 2            on two GPUs, or with --accelerator cpu in two processes, each with half of every batch
  --devices 4 --nodes 2  on two machines, started by `srun --nodes 2 --ntasks-per-node 4 drumhead train ...`

`drumhead train EXPERIMENT --help` lists a flag for every field, with its value in that experiment.

examples:
  drumhead train tetrominoes-nwm-linear --recipe smoke
  drumhead train tetrominoes-cnn-8 --seed 7601 --recipe.epochs 5
  drumhead train tetrominoes-unet-4 --data my_cells --out runs/cells --recipe.batch-size 8"""


def main(args: list[str]) -> int:
    """Run ``drumhead train``."""
    if not args or args[0] in ("-h", "--help"):
        print(USAGE)
        return OK
    name, *flags = args
    if (Path(name) / "config.json").is_file():
        return resume(Path(name), flags)
    recipe, flags = take_recipe(current_flags(flags))
    default = Request(experiment=find_experiment(name, recipe))
    request: Request = tyro.cli(
        tyro.conf.AvoidSubcommands[Request],
        default=default,
        args=flags,
        prog=f"drumhead train {name}",
        description=f"Train {name}; values in brackets are those of the recipe {recipe!r}.",
    )
    experiment = request.experiment
    console = console_for(request.where)
    if request.data is not None:
        if experiment.dataset != default.experiment.dataset:
            raise ValueError(
                "--dataset... describes data to be made; with --data the folder is used as it is: drop one"
            )
        dataset = open_dataset(request.data)
        experiment = experiment.replace(dataset=None)
    else:
        assert experiment.dataset is not None
        with progress_bar(console, "data") as progress:
            dataset = prepare_dataset(experiment.dataset, mnist_root=request.mnist_root, progress=progress)
    folder = request.out or Path("runs") / f"{experiment.name}-seed{experiment.seed}"
    return run_training(experiment, dataset, folder, console, where=request.where, log=request.log)


def console_for(where: Devices) -> Console:
    """The console, quiet in all but the first process of a training."""
    return Console(quiet=not is_first_process(where))


def take_recipe(flags: Sequence[str]) -> tuple[RecipeName, list[str]]:
    """Take ``--recipe NAME`` out of the flags; the rest are the experiment's."""

    def recipe_alone(recipe: RecipeName = "paper") -> RecipeName:
        return recipe

    found, rest = tyro.cli(recipe_alone, args=list(flags), return_unknown_args=True, add_help=False)
    return found, list(rest)


def resume(folder: Path, flags: Sequence[str]) -> int:
    """Go on with the run in a folder, as it was begun."""

    def request(
        data: Path | None = None, *, where: Annotated[Devices, tyro.conf.arg(name="")]
    ) -> tuple[Path | None, Devices]:
        """Go on with a run as it was begun; the devices may be others.

        Args:
            data: Where its data is now, if it was moved.
            where: Where to train.
        """
        return data, where

    data, where = tyro.cli(request, args=list(flags), prog=f"drumhead train {folder}")
    run = Run.open(folder)
    check_not_imported(run)
    return run_training(run.config.experiment, open_run_dataset(run, data), folder, console_for(where), where=where)


def run_training(
    experiment: Experiment,
    dataset: Dataset,
    folder: Path,
    console: Console,
    *,
    where: Devices,
    log: Sequence[LoggerName] = (),
) -> int:
    """Train, and print the scores."""
    observers = [TrainingProgress(console, experiment.name), *(LOGGERS[name]() for name in log)]
    try:
        run = train(experiment, dataset, folder, observers=observers, **where.model_dump())
    except KeyboardInterrupt:
        print_error(f"stopped; the last finished epoch is kept. Go on with: drumhead train {folder}")
        raise
    except ProcessLostError as error:
        print_error(f"{error}; the last finished epoch is kept. Go on with: drumhead train {folder}")
        return FAILED
    console.print(scores_table([score_row(run)]))
    console.print(f"The run is in {run.folder}")
    return OK
