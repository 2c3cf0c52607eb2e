"""``drumhead data``: make, check and import datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console, bold_title
from drumhead.cli.progress import progress_bar
from drumhead.config import Config
from drumhead.data import (
    DATASETS,
    Dataset,
    check_dataset,
    check_new_folder,
    find_reference_dataset,
    import_dataset,
    make_dataset,
)

Folder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]


def main(args: list[str]) -> int:
    """Run ``drumhead data``."""
    subcommands: dict[str, Callable[..., None]] = {name.replace("_", "-"): make_command(name) for name in DATASETS}
    args = [arg.replace("_", "-") for arg in args[:1]] + args[1:]
    tyro.extras.subcommand_cli_from_dict(
        {**subcommands, "check": check, "import": import_folder},
        prog="drumhead data",
        description="Make a dataset by name, check a folder of data, or import your own.",
        args=args,
    )
    return OK


def make_command(name: str) -> Callable[..., None]:
    """The command that makes the dataset of that name; its flags are the fields of the configuration."""
    kind = DATASETS[name]

    def make(config: Config, *, out: Path, mnist_root: Path | None = None) -> None:
        check_new_folder(out)
        console = Console()
        with progress_bar(console, f"making {name}") as progress:
            dataset = make_dataset(config, out, mnist_root=mnist_root, progress=progress)
        describe(dataset, console)

    def make_alone(config: Config, *, out: Path) -> None:
        make(config, out=out)

    command = make if kind.needs_mnist else make_alone
    command.__annotations__["config"] = Annotated[kind.config, tyro.conf.arg(name="", default=kind.config())]
    command.__doc__ = f"""Make the dataset {name} in a new folder.

    Args:
        out: The folder to make.
        mnist_root: A folder with MNIST's four IDX files; else that of DRUMHEAD_MNIST_ROOT, or a download.
    """
    return command


def check(folder: Folder) -> None:
    """Check a folder of data: every file, every pixel, every class number, every SHA-256.

    Args:
        folder: A folder that Drumhead made, or your own of arrays or PNG pairs.
    """
    dataset = check_dataset(folder)
    console = Console()
    describe(dataset, console)
    known = find_reference_dataset(dataset)
    if known is not None:
        console.print(f"This is {known.title}, bit for bit: all six fingerprints agree.")
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
    console.print(bold_title(dataset.name, f" in {dataset.folder}"))
    for name, split in dataset.splits.items():
        console.print(f"  {name:6} {len(split.images):>7,} images", highlight=False)
    console.print(f"  {dataset.channels} x {dataset.height} x {dataset.width} pixels (channel, height, width)")
    console.print(f"  {dataset.classes} classes: {', '.join(dataset.class_names)}", highlight=False)
    console.print(f"  fingerprint {dataset.fingerprint}", highlight=False)
