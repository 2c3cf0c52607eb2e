"""``drumhead states``: write a run's hidden states on some samples to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.evaluation import SplitName
from drumhead.files import check_writable
from drumhead.hidden_states import states
from drumhead.number_ranges import parse_number_ranges
from drumhead.waves import check_states_file, save_states


def main(args: list[str]) -> int:
    """Run ``drumhead states``."""
    parse(write_states, args, prog="drumhead states")
    return OK


def write_states(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")],
    *,
    samples: str = "0",
    split: SplitName = "test",
    data: Path | None = None,
    out: Path,
    overwrite: bool = False,
) -> None:
    """Write the hidden states of a run on some samples, with all that is needed to read them elsewhere.

    The states are float32 (sample, time, channel, y, x); frame n is at the time (n + 1) dt. With them are dt, the
    boundary, the true masks and class names, the names of run and split, and, for wave networks, the coupling and each
    sample's initial position, stiffness and damping.

    An .npz file opens with numpy.load. An .nwb file (Neurodata Without Borders) holds one ImageSeries (time, x, y) for
    each sample and channel; it needs `pip install 'drumhead[nwb]'`. drumhead.waves.read_states and drumhead waves read
    both.

    Args:
        run: The run folder of a recurrent model, or the name of a trained network.
        samples: Indices of the samples in the split, such as 0:8 (0 to 7) or 1,2,3.
        split: The split that contains the samples.
        data: Another dataset folder to take samples from. By default the run's dataset.
        out: The file, which ends in .npz or .nwb.
        overwrite: Replace an existing file.
    """
    numbers = parse_number_ranges(samples, what="samples")
    check_states_file(out)
    if out.exists() and not overwrite:
        raise FileExistsError(f"{out} already exists; choose another --out, or add --overwrite")
    check_writable(out)
    console = Console()
    with progress_bar(console, "states") as progress:
        computed = states(run, numbers, split=split, data=data, progress=progress)
    save_states(out, computed)
    count, steps, channels, height, width = computed.values.shape
    console.print(
        f"wrote {out}: {count} {'sample' if count == 1 else 'samples'}, {steps} frames, {channels} channels, "
        f"{height} x {width} pixels, {out.stat().st_size / 1e6:.1f} MB",
        highlight=False,
        soft_wrap=True,
    )
