"""The study of a network's spectra by class: a table for the terminal, and the mean spectra as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from drumhead.analysis.class_study import ClassStudy
from drumhead.analysis.probe import ProbeScores
from drumhead.files import atomic_replace


def class_spectra_table(study: ClassStudy) -> Group:
    """Return the natural frequencies inside and outside shapes, and the scores of the probe, for the terminal."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("channel", justify="right")
    for heading in ("uncoupled", "neighbours\nheld", "neighbours\nalike"):
        for side in ("inside", "outside"):
            table.add_column(f"{heading}\n{side}", justify="right", no_wrap=True)
    for channel in range(len(study.inside.uncoupled)):
        pairs = zip(study.inside, study.outside, strict=True)
        medians = [float(np.median(values[channel])) for pair in pairs for values in pair]
        table.add_row(f"{channel}", *(f"{value:.4f}" for value in medians))
    notes = [
        f"Natural frequencies: medians over all pixels of {study.images} images, in cycles per unit of time.",
        "Channel 0 is the first.",
        probe_note(study.probe),
    ]
    return Group(table, *(Text(note, style="italic") for note in notes))


def probe_note(probe: ProbeScores) -> str:
    """Return a note with the scores of a probe and chance level."""
    return (
        "Linear probe on the spectra of single pixels, scored on images that it was not fitted on: "
        f"balanced accuracy {probe.balanced_accuracy:.3f} (chance {probe.chance_balanced_accuracy:.3f}), "
        f"accuracy {probe.accuracy:.3f} (always predicting the most common class: {probe.chance_accuracy:.3f})."
    )


def write_spectra_csv(study: ClassStudy, class_names: Sequence[str], path: str | Path) -> None:
    """Write a row for every class, channel and frequency: mean and spread of the amplitude, and number of pixels.

    Channels are numbered from 0.
    """
    frequencies, mean, spread, pixels = study.spectra
    with atomic_replace(Path(path)) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["class", "channel", "frequency", "mean", "spread", "pixels"])
        for label, channel, index in np.ndindex(mean.shape):
            if pixels[label]:
                numbers = (frequencies[index], mean[label, channel, index], spread[label, channel, index])
                writer.writerow([class_names[label], channel, *map(float, numbers), int(pixels[label])])
