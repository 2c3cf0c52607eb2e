"""``drumhead train``: train an experiment by name, with flags that override its fields; or resume a run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro
from pydantic import PositiveInt

from drumhead.cli import FAILED, OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.data_notes import describe_own_data
from drumhead.cli.number_lists import NUMBER_LISTS
from drumhead.cli.parsing import parse
from drumhead.cli.progress import TrainingProgress, progress_bar
from drumhead.config import Config
from drumhead.data import Dataset, open_dataset, prepare_dataset
from drumhead.evaluation import open_run_dataset
from drumhead.experiments import Experiment, RecipeName, find_experiment, own_data_experiment, own_data_name
from drumhead.renamed_fields import current_flags
from drumhead.report.tables.score_tables import score_row, scores_table
from drumhead.runs import InitialWeights, Run, check_not_imported, early_stop_note, read_experiment
from drumhead.training import (
    LOGGERS,
    Accelerator,
    Devices,
    LoggerName,
    Observer,
    ProcessLostError,
    Strategy,
    WandbOptions,
    describe_initial_weights,
    is_first_process,
    train,
    with_model_of,
)

Source = Path | InitialWeights | None
"""What a training starts from: a run or the name of a trained network, the record of one, or None (random weights)."""


class TrainOptions(Config):
    """The options of ``drumhead train``, besides the experiment's name."""

    experiment: Annotated[Experiment, tyro.conf.arg(name="")]
    """The fields of the experiment."""
    out: Path | None = None
    """The run folder. By default runs/EXPERIMENT-seedSEED. If it contains an unfinished run, that run is resumed."""
    data: Path | None = None
    """A dataset folder. By default the experiment's own dataset, made under data/ if it is missing."""
    mnist_root: Path | None = None
    """A folder with MNIST's four IDX files. By default DRUMHEAD_MNIST_ROOT, or a download."""
    accelerator: Accelerator = "auto"
    """The hardware to train on; auto takes a GPU if there is one."""
    devices: PositiveInt = 1
    """Devices per node; each takes an equal part of every batch. On a CPU, a device is a process."""
    nodes: PositiveInt = 1
    """Nodes (machines) that train the model together."""
    strategy: Strategy = "auto"
    """How several devices train one model. ddp: each has a copy, and gradients are averaged. auto: the same."""
    log: tuple[LoggerName, ...] = ()
    """Loggers that receive the metrics, predictions, test scores and a movie, besides the files of the run."""
    wandb: WandbOptions = WandbOptions()
    """Where Weights & Biases files the run, with --log wandb."""

    @property
    def all_devices(self) -> Devices:
        """The devices of all nodes."""
        return Devices(accelerator=self.accelerator, devices=self.devices, nodes=self.nodes, strategy=self.strategy)


USAGE = """usage: drumhead train EXPERIMENT [--recipe RECIPE] [--from RUN] [flags]
       drumhead train RUN_FOLDER [flags]
       drumhead train --config FILE [flags]

EXPERIMENT is a name from `drumhead experiments`, or a model for your own data
with --data FOLDER: nwm-READOUT, lstm-READOUT, gru-READOUT, rnn-READOUT,
cnn-LAYERS or unet-WIDTH, such as nwm-linear or unet-4.

RUN_FOLDER is the folder of a run: an unfinished one resumes from its last
epoch, and --recipe.epochs extends a finished one. FILE is the config.json of
any run, or YAML with such fields.

RUN is a run folder or the name of a trained network (`drumhead pretrained`):
training starts from its weights (fine-tuning). The classes, the number of
channels of the images and --model.steps may differ; the layers of another shape
are named, and start with random weights.

There is no flag --resume: the command that started a run also resumes it.

recipes:
  --recipe paper   the paper's recipe of 300 epochs (the default)
  --recipe lite    a recipe for a CPU: fewer epochs, smaller batches, and a
                   sample of the pixels in each step
  --recipe smoke   two epochs of two steps on a few images, as a quick check

several devices:
  --devices 2            train on two GPUs, or in two processes with
                         --accelerator cpu; each takes half of every batch
  --devices 4 --nodes 2  train on two machines, when started by
                         `srun --nodes 2 --ntasks-per-node 4 drumhead train ...`

`drumhead train EXPERIMENT --help` lists a flag for every field, with its value
in that experiment.

examples:
  drumhead train tetrominoes-nwm-linear --recipe smoke
  drumhead train runs/tetrominoes-nwm-linear-seed0 --recipe.epochs 400
  drumhead train --config runs/tetrominoes-nwm-linear-seed0/config.json --seed 1
  drumhead train tetrominoes-cnn-8 --seed 7601 --recipe.epochs 5
  drumhead train unet-4 --data my_cells --recipe.batch-size 8
  drumhead train nwm-linear --data my_cells --from tetrominoes-nwm-linear"""


def main(args: list[str]) -> int:
    """Run ``drumhead train``."""
    if not args or args[0] in ("-h", "--help"):
        print(USAGE)
        return OK
    if "--resume" in args:
        raise ValueError("there is no flag --resume: the command that started a run also resumes it, without a flag")
    config_file, rest = take_config(current_flags(args))
    source, rest = take_source(rest)
    if config_file is not None:
        return train_config(config_file, rest, source)
    if not rest:
        raise ValueError("--from names the run to start from; name the experiment to train, too")
    name, *flags = rest
    if (Path(name) / "config.json").is_file():
        return resume(Path(name), flags, source)
    if os.sep in name:
        raise ValueError(f"{name} is not a run folder: it has no config.json; `drumhead experiments` lists experiments")
    recipe, flags = take_recipe(flags)
    experiment = find_experiment(name, recipe)
    if source is not None:
        experiment = with_model_of(source, experiment)
    default = TrainOptions(experiment=experiment)
    description = f"Train {name}. The defaults in brackets are those of the recipe {recipe}."
    return train_new(parse_options(flags, default, name, description), default, source)


def parse_options(flags: Sequence[str], default: TrainOptions, what: str, description: str) -> TrainOptions:
    """Return the options of a command, of which ``what`` says what it trains."""
    options: TrainOptions = parse(
        tyro.conf.AvoidSubcommands[TrainOptions],
        flags,
        default=default,
        prog=f"drumhead train {what}",
        description=description,
        registry=NUMBER_LISTS,
    )
    return options


def train_new(options: TrainOptions, default: TrainOptions, source: Source) -> int:
    """Train an experiment on the data of the options, or on its own dataset, from the weights of a source."""
    experiment = options.experiment
    console = console_for(options.all_devices)
    if options.data is not None:
        if experiment.dataset != default.experiment.dataset:
            raise ValueError(
                "--dataset... configures a dataset to be made, and --data names an existing one; drop one of them"
            )
        dataset = open_dataset(options.data)
        describe_own_data(dataset, console)
        is_plain = own_data_experiment(experiment.name) is not None
        name = own_data_name(options.data, experiment.name) if is_plain else experiment.name
        experiment = experiment.replace(dataset=None, name=name)
    elif experiment.dataset is None:
        raise ValueError(f"{experiment.name} has no dataset of its own: give the folder of your data with --data")
    else:
        with progress_bar(console, "data") as progress:
            dataset = prepare_dataset(experiment.dataset, mnist_root=options.mnist_root, progress=progress)
    folder = options.out or Path("runs") / f"{experiment.name}{source_suffix(source)}-seed{experiment.seed}"
    return run_training(experiment, dataset, folder, console, options, source)


def console_for(devices: Devices) -> Console:
    """Return a console that prints only in the first process of a run."""
    return Console(quiet=not is_first_process(devices))


def take_recipe(flags: Sequence[str]) -> tuple[RecipeName, list[str]]:
    """Return the value of ``--recipe``, and the other flags."""

    def recipe_only(recipe: RecipeName = "paper") -> RecipeName:
        return recipe

    recipe, rest = tyro.cli(recipe_only, args=list(flags), return_unknown_args=True, add_help=False)
    return recipe, list(rest)


def take_config(args: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Return the value of ``--config``, and the other arguments.

    Raises:
        ValueError: if an experiment is named as well.
    """

    def config_only(config: Path | None = None) -> Path | None:
        return config

    config, rest = tyro.cli(config_only, args=list(args), return_unknown_args=True, add_help=False)
    if config is not None and rest and not rest[0].startswith("-"):
        raise ValueError(f"--config names the experiment to train, and so does {rest[0]!r}; drop one of them")
    return config, list(rest)


def take_source(args: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Return the value of ``--from``, and the other arguments."""

    def source_only(source: Annotated[Path | None, tyro.conf.arg(name="from")] = None) -> Path | None:
        return source

    source, rest = tyro.cli(source_only, args=list(args), return_unknown_args=True, add_help=False)
    return source, list(rest)


def source_suffix(source: Source) -> str:
    """Return the part of a run folder's name that says which weights the run started from.

    >>> source_suffix(Path("runs/first")), source_suffix(None)
    ('-from-first', '')
    """
    if source is None:
        return ""
    path = Path(source.source) if isinstance(source, InitialWeights) else source
    return f"-from-{path.resolve().name}"


def train_config(file: Path, flags: Sequence[str], source: Path | None) -> int:
    """Train the experiment in a file, from the weights that are given, or else those that the file names."""
    experiment, folder, recorded = read_experiment(file)
    default = TrainOptions(experiment=experiment, data=folder if experiment.dataset is None else None)
    description = f"Train the experiment in {file}. The defaults in brackets are those of the file."
    return train_new(parse_options(flags, default, f"--config {file}", description), default, source or recorded)


def resume(folder: Path, flags: Sequence[str], source: Path | None) -> int:
    """Resume or extend the run in a folder, or train its experiment with other values in the folder ``--out``."""
    run = Run.open(folder)
    check_not_imported(run)
    default = TrainOptions(experiment=run.config.experiment, out=folder)
    description = f"Resume the run in {folder}, or extend it with --recipe.epochs. The devices may differ."
    options = parse_options(flags, default, str(folder), description)
    if options.experiment.dataset != default.experiment.dataset:
        raise ValueError(f"{folder} has its data already, and --dataset... configures data to be made; drop the flag")
    dataset = open_run_dataset(run, options.data)
    console = console_for(options.all_devices)
    initial_weights = source or run.config.initial_weights
    return run_training(options.experiment, dataset, options.out or folder, console, options, initial_weights)


def loggers(options: TrainOptions) -> list[Observer]:
    """Return the loggers of the options."""
    if not options.log:
        return []
    from drumhead.report.logged_pictures import PICTURES

    return [LOGGERS[name](wandb=options.wandb, pictures=PICTURES) for name in options.log]


def run_training(
    experiment: Experiment, dataset: Dataset, folder: Path, console: Console, options: TrainOptions, source: Source
) -> int:
    """Train, and print the scores."""
    if isinstance(source, Path):
        source = describe_initial_weights(source, experiment, dataset)
    if source is not None:
        console.print(describe_start(source), highlight=False, markup=False, soft_wrap=True)
    observers = [TrainingProgress(console, experiment.name), *loggers(options)]
    try:
        run = train(
            experiment,
            dataset,
            folder,
            initial_weights=source,
            observers=observers,
            **options.all_devices.model_dump(),
        )
    except KeyboardInterrupt:
        print_error(f"stopped; the last finished epoch is kept. Resume with: drumhead train {shlex.quote(str(folder))}")
        raise
    except ProcessLostError as error:
        print_error(f"{error}; the last finished epoch is kept. Resume with: drumhead train {shlex.quote(str(folder))}")
        return FAILED
    console.print(scores_table([score_row(run)]))
    if note := early_stop_note(run):
        console.print(f"Training {note}.", highlight=False)
    console.print(f"The run is in {run.folder}")
    return OK


def describe_start(source: InitialWeights) -> str:
    """Return a sentence on the weights that a training starts from, and the layers that do not."""
    new = ", ".join(source.new_layers) or "none"
    return f"Training starts from the weights of {source.source}. Layers that are new, with random weights: {new}."
