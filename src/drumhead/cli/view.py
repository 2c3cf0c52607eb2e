"""``drumhead view``: one HTML file in which a network runs and drums of any shape are struck."""

from __future__ import annotations

import shlex
import webbrowser
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.run_data import open_run_data
from drumhead.evaluation import SplitName
from drumhead.files import check_writable
from drumhead.number_ranges import parse_number_ranges
from drumhead.report.samples import load_recurrent_model
from drumhead.report.viewer.network_page import check_viewable, network_page
from drumhead.report.viewer.page import NetworkPage, write_viewer
from drumhead.runs import Run
from drumhead.zoo import find_run

DEFAULT_SAMPLES = 6
"""The greatest number of samples in a page by default."""


def main(args: list[str]) -> int:
    """Run ``drumhead view``."""
    parse(view, args, prog="drumhead view")
    return OK


def view(
    run: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")] = None,
    *,
    samples: str | None = None,
    split: SplitName = "test",
    data: Path | None = None,
    out: Path = Path("view.html"),
    overwrite: bool = False,
    open: bool = False,
) -> None:
    """Write an HTML page in which a network runs: choose or draw an image, see its waves and its segmentation.

    The page is one file, works offline, and sends nothing to any network. It shows the hidden state as a movie, the
    maps of stiffness and damping, and, for one or two pixels, the time series, spectra, class probabilities and sound.
    Its second view, the only one without a run, is a drum of any shape: choose or draw it, strike it, see and hear it,
    and read what its frequencies tell about its area and its rim.

    Args:
        run: The run folder of a recurrent model, or the name of a trained network. Without it, the page has the drum
            alone.
        samples: Indices of the samples in the split, such as 0:8 (0 to 7) or 1,2,3. By default the first six.
        split: The split that contains the samples.
        data: Another dataset folder to take samples from. By default the run's dataset.
        out: The HTML file.
        overwrite: Replace an existing file.
        open: Open the page in the browser.
    """
    if run is None and (samples is not None or data is not None):
        raise ValueError("--samples and --data choose samples for a network; give a RUN with them")
    numbers = None if samples is None else parse_number_ranges(samples, what="samples")
    if out.exists() and not overwrite:
        raise FileExistsError(f"{out} already exists; choose another --out, or add --overwrite")
    check_writable(out)
    console = Console()
    network = None if run is None else open_network_page(run, numbers, split=split, data=data, console=console)
    write_viewer(out, network)
    console.print(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB)", highlight=False, soft_wrap=True)
    if open and not webbrowser.open(out.resolve().as_uri()):
        print_error(f"no browser was found; open {out} in one")


def open_network_page(
    run: Path, samples: tuple[int, ...] | None, *, split: SplitName, data: Path | None, console: Console
) -> NetworkPage:
    """Return what the page shows of a run; without samples, with the first ones.

    Raises:
        ValueError: if the run cannot be shown in a page.
        DatasetError: as in :func:`drumhead.evaluation.open_run_dataset`.
    """
    opened = Run.open(find_run(run))
    model = load_recurrent_model(opened)
    check_viewable(model, opened)
    dataset = open_run_data(opened, data, console)
    chosen = range(min(DEFAULT_SAMPLES, len(dataset.splits[split].images))) if samples is None else samples
    command = f"drumhead view {shlex.quote(str(run))}"
    return network_page(opened, model, dataset, samples=chosen, split=split, command=command)
