"""``drumhead data``: make, check and import datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console, bold_title
from drumhead.cli.parsing import parse_subcommand
from drumhead.cli.progress import progress_bar
from drumhead.config import Config
from drumhead.data import (
    DATASETS,
    Dataset,
    ImportOptions,
    check_dataset,
    check_new_folder,
    find_reference_dataset,
    import_dataset,
    make_dataset,
)
from drumhead.data.labels import describe_labels, parse_labels

Folder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
Labels = Annotated[str | None, tyro.conf.arg(metavar="N[,N...]")]


def main(args: list[str]) -> int:
    """Run ``drumhead data``."""
    subcommands: dict[str, Callable[..., None]] = {name.replace("_", "-"): make_command(name) for name in DATASETS}
    args = [arg.replace("_", "-") for arg in args[:1]] + args[1:]
    parse_subcommand(
        {**subcommands, "check": check, "import": import_folder},
        args,
        prog="drumhead data",
        summary="Make a dataset by name, check a dataset folder, or import your own data.",
    )
    return OK


def make_command(name: str) -> Callable[..., None]:
    """Return the subcommand that makes a dataset; its flags are the fields of the dataset's configuration."""
    spec = DATASETS[name]

    def make(config: Config, *, out: Path, mnist_root: Path | None = None) -> None:
        check_new_folder(out)
        console = Console()
        with progress_bar(console, f"making {name}") as progress:
            dataset = make_dataset(config, out, mnist_root=mnist_root, progress=progress)
        describe(dataset, console)

    def make_without_mnist(config: Config, *, out: Path) -> None:
        make(config, out=out)

    command = make if spec.needs_mnist else make_without_mnist
    command.__annotations__["config"] = Annotated[spec.config, tyro.conf.arg(name="", default=spec.config())]
    command.__doc__ = f"""Make the dataset {name} in a new folder.

    Args:
        out: The new folder.
        mnist_root: A folder with MNIST's four IDX files. By default DRUMHEAD_MNIST_ROOT, or a download.
    """
    return command


def check(folder: Folder, *, ignore_label: Labels = None, relabel: bool = False) -> None:
    """Check a dataset folder: every file, pixel value, class number and SHA-256.

    Args:
        folder: A folder that Drumhead made, or your own folder of arrays or PNG pairs.
        ignore_label: The label of pixels that do not count, such as 255, or several: 0,255.
        relabel: Number the labels that occur in the masks 0, 1, 2, ... in their order; 0 stays 0.
    """
    dataset = check_dataset(folder, read_options(ignore_label, relabel))
    console = Console()
    describe(dataset, console)
    known = find_reference_dataset(dataset)
    if known is not None:
        console.print(f"This is {known.title}, bit for bit: all six fingerprints agree.")
    console.print("No errors were found.")


def import_folder(source: Folder, *, out: Path, ignore_label: Labels = None, relabel: bool = False) -> None:
    """Convert your own arrays or PNG pairs to a dataset folder.

    Arrays are train_images.npy with shape (sample, height, width) or (sample, height, width, channel), uint8 or
    float from 0 to 1, and train_masks.npy with shape (sample, height, width), which holds class numbers with 0 for
    background.

    PNG pairs are train/images/*.png and train/masks/*.png with the same file names.

    Both need the same for val and test. An optional classes.txt names the classes, one per line, background first.

    Args:
        source: The folder with your data, which is not changed.
        out: The new folder.
        ignore_label: The label of pixels that do not count, such as 255, or several: 0,255. They are stored as 255,
            and left out of training and scores.
        relabel: Number the labels that occur in the masks 0, 1, 2, ... in their order; 0 stays 0. The manifest keeps
            which label became which class.
    """
    describe(import_dataset(source, out, read_options(ignore_label, relabel)), Console())


def read_options(ignore_label: str | None, relabel: bool) -> ImportOptions:
    """Return the options for reading a user's folder."""
    return ImportOptions(ignore_labels=() if ignore_label is None else parse_labels(ignore_label), relabel=relabel)


def describe(dataset: Dataset, console: Console) -> None:
    """Print the splits, shape, classes and fingerprint of a dataset."""
    console.print(bold_title(dataset.name, f" in {dataset.folder}"))
    for name, split in dataset.splits.items():
        console.print(f"  {name:6} {len(split.images):>7,} images", highlight=False)
    console.print(f"  {dataset.channels} x {dataset.height} x {dataset.width} pixels (channel, height, width)")
    console.print(f"  {dataset.classes} classes: {', '.join(dataset.class_names)}", highlight=False)
    if dataset.ignored_label is not None:
        console.print(f"  {dataset.ignored_label} marks pixels that do not count: {ignored_share(dataset):.1%} of all")
    if dataset.relabel is not None:
        console.print(f"  labels renumbered: {describe_labels(dataset.relabel)}", highlight=False)
    console.print(f"  fingerprint {dataset.fingerprint}", highlight=False)


def ignored_share(dataset: Dataset) -> float:
    """Return the share of the pixels of all splits that do not count."""
    masks = [mask for split in dataset.splits.values() for mask in split.masks]
    ignored: int = sum(int(np.count_nonzero(mask == dataset.ignored_label)) for mask in masks)
    total: int = sum(mask.size for mask in masks)
    return ignored / total
