"""``drumhead data``: make, check and import datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console, bold_title
from drumhead.cli.data_notes import describe_padding
from drumhead.cli.parsing import parse_subcommand
from drumhead.cli.progress import progress_bar
from drumhead.config import Config
from drumhead.data import (
    DATASETS,
    Dataset,
    ImportOptions,
    check_dataset,
    check_new_folder,
    dark_images_warning,
    find_reference_dataset,
    import_dataset,
    make_dataset,
    pixel_range,
)
from drumhead.data.labels import describe_labels, parse_labels
from drumhead.data.padding import region_of

Folder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]


def parse_shares(text: str) -> tuple[float, float, float]:
    """Return the three numbers of ``--split``.

    >>> parse_shares("80,10,10")
    (80.0, 10.0, 10.0)
    """
    try:
        train, val, test = map(float, text.split(","))
    except ValueError as error:
        raise ValueError(f"--split must be the sizes of train, val and test, as in 80,10,10; got {text!r}") from error
    return train, val, test


def comma_separated(
    read: Callable[[str], tuple[Any, ...]], metavar: str
) -> tyro.constructors.PrimitiveConstructorSpec[Any]:
    """Return the rule for a flag whose value is numbers with commas between them."""
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=lambda texts: read(texts[0]),
        is_instance=lambda value: value is None or isinstance(value, tuple),
        str_from_instance=lambda value: ["none" if not value else ",".join(map(str, value))],
    )


class ReadFlags(ImportOptions):
    """The options for reading a user's folder, as flags."""

    ignore_labels: Annotated[
        tuple[int, ...], comma_separated(parse_labels, "N[,N...]"), tyro.conf.arg(name="ignore-label")
    ] = ()
    """The label of pixels that do not count, such as 255, or several: 0,255. They are stored as 255, and left out of
    training and scores."""
    split: Annotated[tuple[float, float, float] | None, comma_separated(parse_shares, "TRAIN,VAL,TEST")] = None
    """The sizes of train, val and test in any unit, such as 80,10,10, to split one set of images at random. By default
    the folder has these splits."""

    @property
    def options(self) -> ImportOptions:
        """The options without flags."""
        return ImportOptions(**dict(self))


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


def check(folder: Folder, *, flags: Annotated[ReadFlags, tyro.conf.arg(name="")]) -> None:
    """Check a dataset folder: every file, pixel value, class number and SHA-256.

    Args:
        folder: A folder that Drumhead made, or your own folder (see `drumhead data import --help`).
        flags: How your own folder is read.
    """
    dataset = check_dataset(folder, flags.options)
    console = Console()
    is_dark = describe(dataset, console)
    known = find_reference_dataset(dataset)
    if known is not None:
        console.print(f"This is {known.title}, bit for bit: all six fingerprints agree.")
    console.print("No errors were found, but see the warning." if is_dark else "No errors were found.")


def import_folder(source: Folder, *, out: Path, flags: Annotated[ReadFlags, tyro.conf.arg(name="")]) -> None:
    """Convert your own arrays, or image and mask files, to a dataset folder.

    Arrays are train_images.npy with shape (sample, height, width) or (sample, height, width, channel), of 8 or 16
    bits or float from 0 to 1, and train_masks.npy with shape (sample, height, width), which holds class numbers with 0
    for background.

    Files are train/images/* (PNG, JPEG, TIFF, .npy) and train/masks/* (PNG, TIFF, .npy) with the same names, or
    images/train/* and masks/train/*; subfolders are searched.

    Both need the same for val and test, or --split. An optional classes.txt names the classes, one per line, background
    first.

    Args:
        source: The folder with your data, which is not changed.
        out: The new folder.
        flags: How your folder is read.
    """
    describe(import_dataset(source, out, flags.options), Console())


def describe(dataset: Dataset, console: Console) -> bool:
    """Print the splits, sizes, classes and fingerprint of a dataset; return whether its images are dark."""
    console.print(bold_title(dataset.name, f" in {dataset.folder}"))
    for name, split in dataset.splits.items():
        low, high = pixel_range(split)
        console.print(f"  {name:6} {len(split.images):>7,} images, pixels {low:.3g} to {high:.3g}", highlight=False)
    for line in dataset_facts(dataset):
        console.print(f"  {line}", highlight=False)
    warning = dark_images_warning(dataset)
    if warning is not None:
        console.print(f"Warning: {warning}", highlight=False)
    return warning is not None


def dataset_facts(dataset: Dataset) -> Iterator[str]:
    """Yield a line for each fact about the images and masks of all splits."""
    yield f"{dataset.channels} x {dataset.height} x {dataset.width} pixels (channel, height, width)"
    if padding := describe_padding(dataset):
        yield padding
    yield f"{dataset.classes} classes: {', '.join(dataset.class_names)}"
    ignored = 0 if dataset.ignored_label is None else ignored_share(dataset)
    if ignored or (dataset.ignored_label is not None and dataset.sizes is None):
        yield f"pixels that do not count are stored as {dataset.ignored_label}: {ignored:.1%} of all"
    if dataset.relabel is not None:
        yield f"labels renumbered: {describe_labels(dataset.relabel)}"
    if dataset.scale is not None:
        yield f"pixels are the numbers in the files divided by {dataset.scale:g}"
    options = dataset.manifest.import_options
    if options is not None and options.split is not None:
        shares = ", ".join(f"{share:g}" for share in options.split)
        groups = "" if options.groups is None else f" by the groups in {options.groups}"
        yield f"split at random as {shares}, with seed {options.seed}{groups}"
    yield f"fingerprint {dataset.fingerprint}"


def ignored_share(dataset: Dataset) -> float:
    """Return the share of the pixels of all splits that do not count, without padding."""
    ignored = total = 0
    for split in dataset.splits.values():
        for sample, padded in enumerate(split.masks):
            mask = padded[region_of(split.sizes, sample)]
            ignored += int(np.count_nonzero(mask == dataset.ignored_label))
            total += mask.size
    return ignored / total
