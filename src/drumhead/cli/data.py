"""``drumhead data``: make, check and import datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from drumhead.cli import OK
from drumhead.cli.progress import progress_bar
from drumhead.config import Config
from drumhead.data import (
    DATASETS,
    Dataset,
    check_dataset,
    check_new_folder,
    import_dataset,
    is_published_tetrominoes,
    make_dataset,
)

Folder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]


def main(words: list[str]) -> int:
    """Run ``drumhead data``."""
    verbs: dict[str, Callable[..., None]] = {name: making(name) for name in DATASETS}
    tyro.extras.subcommand_cli_from_dict(
        {**verbs, "check": check, "import": import_folder},
        prog="drumhead data",
        description="Make a dataset by name, check a folder of data, or import your own.",
        args=words,
    )
    return OK


def making(name: str) -> Callable[..., None]:
    """The command that makes the dataset of that name; its flags are the fields of the configuration."""
    config_type = DATASETS[name].config

    def make(config: Annotated[Config, tyro.conf.arg(name="")], *, out: Path) -> None:
        check_new_folder(out)
        console = Console()
        with progress_bar(console, f"making {name}") as progress:
            dataset = make_dataset(config, out, progress=progress)
        describe(dataset, console)

    make.__annotations__["config"] = Annotated[config_type, tyro.conf.arg(name="", default=config_type())]
    make.__annotations__["out"] = Path
    make.__doc__ = f"""Make the dataset {name} in a new folder.

    Args:
        out: The folder to make.
    """
    return make


def check(folder: Folder) -> None:
    """Check a folder of data: every file, every pixel, every class number, every SHA-256.

    Args:
        folder: A folder that Drumhead made, or your own of arrays or PNG pairs.
    """
    dataset = check_dataset(folder)
    console = Console()
    describe(dataset, console)
    if is_published_tetrominoes(dataset):
        console.print("These are the published tetrominoes, bit for bit: all six fingerprints agree.")
    console.print("No fault was found.")


def import_folder(source: Folder, *, out: Path) -> None:
    """Make a dataset folder of your own arrays or PNG pairs, which then opens at once.

    Arrays: train_images.npy (sample, height, width[, channel]), uint8 or float from 0 to 1, and train_masks.npy
    (sample, height, width), class numbers with 0 for background; the same for val and test.
    PNG pairs: train/images/*.png and train/masks/*.png of the same names; the same for val and test.
    An optional classes.txt names the classes, one a line, the background first.

    Args:
        source: The folder with your data; it is not changed.
        out: The folder to make.
    """
    describe(import_dataset(source, out), Console())


def describe(dataset: Dataset, console: Console) -> None:
    """Print what is in a dataset."""
    console.print(f"[bold]{dataset.name}[/] in {dataset.folder}", highlight=False)
    for name, split in dataset.splits.items():
        console.print(f"  {name:6} {len(split.images):>7,} images", highlight=False)
    console.print(f"  {dataset.channels} x {dataset.height} x {dataset.width} pixels (channel, height, width)")
    console.print(f"  {dataset.classes} classes: {', '.join(dataset.class_names)}", highlight=False)
    console.print(f"  fingerprint {dataset.fingerprint}", highlight=False)
