"""The settings of the Network view for a run: colours, names, and what can be drawn."""

from __future__ import annotations

from typing import Any

from drumhead.data import TetrominoConfig
from drumhead.report.colours import IGNORED, class_colours
from drumhead.runs import Run


def view_settings(run: Run, split: str) -> dict[str, Any]:
    """Return the settings of the view of a run with samples of a split, as JSON."""
    data, dataset = run.config.data, run.config.experiment.dataset
    is_tetrominoes = isinstance(dataset, TetrominoConfig) and data.channels == 3
    return {
        "classColours": class_colours(len(data.class_names)).tolist(),
        "ignored": data.ignored_label,
        "ignoredColour": [int(IGNORED[at : at + 2], 16) for at in (1, 3, 5)],
        "split": split,
        "drawing": {
            "channels": data.channels,
            "height": data.height,
            "width": data.width,
            "cell": dataset.cell if isinstance(dataset, TetrominoConfig) and is_tetrominoes else None,
        },
    }
