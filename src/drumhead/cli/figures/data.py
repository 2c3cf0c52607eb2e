"""``drumhead figure data``: a gallery of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, write_figure
from drumhead.cli.progress import progress_bar
from drumhead.data import DATASETS, open_dataset, prepare_dataset
from drumhead.evaluation import SplitName
from drumhead.report.figures.dataset_figure import COLUMNS, dataset_figure
from drumhead.report.page.sections import slug
from drumhead.report.style import DPI, check_dpi

DEFAULT_GALLERY = 24


def data(
    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")],
    *,
    samples: tuple[int, ...] = (),
    split: SplitName = "test",
    columns: int = COLUMNS,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw a gallery of a dataset, without a run: images, and below them their true masks.

    Args:
        name: The name of a dataset, such as tetrominoes, which is made under data/ if it is not there; or a folder with
            a dataset or with your own images and masks. A folder that has the name of a dataset is given as ./NAME.
        samples: Indices of the samples in the split, from 0. By default the first 24.
        split: The split that contains the samples.
        columns: Number of samples side by side.
        out: The folder for data-NAME-SPLIT.pdf and .png.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    title = slug(Path(name).absolute().name)
    files = figure_files(out, f"data-{title}-{split}")
    spec = DATASETS.get(name.replace("-", "_"))
    if spec is None:
        dataset = open_dataset(Path(name))
    else:
        with progress_bar(Console(), f"making {name}") as progress:
            dataset = prepare_dataset(spec.config(), progress=progress)
    samples = samples or tuple(range(min(DEFAULT_GALLERY, len(dataset.splits[split].images))))
    write_figure(dataset_figure(dataset, split=split, samples=samples, columns=columns, dpi=dpi), files)
