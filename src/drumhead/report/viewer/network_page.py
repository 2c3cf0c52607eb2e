"""The Network view of a run: its network, samples of its dataset, and what the page says of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from drumhead.data import Dataset, to_tensors
from drumhead.fields import StabilityWarning
from drumhead.models import NWM, RecurrentSegmenter
from drumhead.report.colours import IGNORED, class_colours
from drumhead.report.samples import check_samples
from drumhead.report.viewer.network_data import network_data, sample_data
from drumhead.report.viewer.page import NetworkPage
from drumhead.results.labels import experiment_label
from drumhead.results.run_titles import data_titles
from drumhead.runs import Run

MAX_SAMPLE_BYTES = 30_000_000
"""The greatest size of the images of all samples of a page, as float32."""
MAX_STATE_BYTES = 400_000_000
"""The greatest size of the states of one sample, which the page keeps in memory."""


def network_page(
    run: Run,
    model: RecurrentSegmenter,
    dataset: Dataset,
    *,
    samples: Sequence[int],
    split: str = "test",
    command: str = "",
) -> NetworkPage:
    """Return what the viewer's page shows of a run.

    Warns with ``StabilityWarning``, once for all samples, if the integration scheme is unstable for the model.

    Args:
        run: the run.
        model: its model, which is recurrent.
        dataset: a dataset that fits the model.
        samples: the numbers of the samples in the split, from 0.
        split: the split of the samples.
        command: the command that makes the page, which the page names; empty: it names none.

    Raises:
        ValueError: if the network is too large for a page or not finite, there are no such samples, or they are too
            large.
    """
    check_samples(dataset, split, samples)
    names = run.config.data.class_names
    network = network_data(model, class_names=names, where=str(run.folder))
    stored = [_sample(model, dataset, split, sample) for sample in samples]
    _check_page_size(stored, channels=model.in_channels)
    is_nwm = isinstance(model, NWM)
    return NetworkPage(
        heading=f"{data_titles([run])[0]}, {experiment_label(run.config.experiment)}",
        facts=_facts(run, network["parameters"]),
        unit="unit of time" if is_nwm else "step",
        units="units of time" if is_nwm else "steps",
        network={**network, "samples": stored},
        settings=view_settings(dataset, split),
        command=command,
    )


def view_settings(dataset: Dataset, split: str) -> dict[str, Any]:
    """Return the settings of the view as JSON values: colours, and what can be drawn.

    >>> from drumhead.data import TetrominoConfig, make_dataset
    >>> import tempfile
    >>> config = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=1, seed=0)
    >>> view_settings(make_dataset(config, tempfile.mkdtemp()), "test")["drawing"]
    {'channels': 3, 'height': 24, 'width': 24, 'cell': 5}
    """
    return {
        "classColours": class_colours(dataset.classes).tolist(),
        "ignored": dataset.ignored_label,
        "ignoredColour": [int(IGNORED[at : at + 2], 16) for at in (1, 3, 5)],
        "split": split,
        "drawing": {
            "channels": dataset.channels,
            "height": dataset.height,
            "width": dataset.width,
            "cell": _piece_cell(dataset),
        },
    }


def _piece_cell(dataset: Dataset) -> int | None:
    """Return the side of a cell of a tetromino in pixels; None if the dataset has none, or they cannot be drawn."""
    cell = (dataset.manifest.recipe or {}).get("cell")
    if dataset.name != "tetrominoes" or dataset.channels != 3 or not isinstance(cell, int):
        return None
    return cell if 0 < 4 * cell <= min(dataset.height, dataset.width) else None


def check_viewable(model: RecurrentSegmenter, run: Run) -> None:
    """Raise ``ValueError`` if a network is too large for a page or has weights that are not finite."""
    network_data(model, class_names=run.config.data.class_names, where=str(run.folder))
    data, config = run.config.data, model.config
    size = 4 * (config.steps + 1) * config.hidden_channels * data.height * data.width
    if size > MAX_STATE_BYTES:
        raise ValueError(
            f"the states of an image in the page may have at most {MAX_STATE_BYTES / 1e6:.0f} MB; those of "
            f"{run.folder} have {size / 1e6:.0f} MB: {config.steps} steps of {config.hidden_channels} channels at "
            f"{data.height} x {data.width} pixels. `drumhead movie` shows them"
        )


def _sample(model: RecurrentSegmenter, dataset: Dataset, split: str, sample: int) -> dict[str, Any]:
    images, masks = to_tensors(dataset.splits[split], [sample])
    if message := model.stability_warning(images):
        warnings.warn(message, StabilityWarning, stacklevel=1)
    return sample_data(sample, images[0].numpy(), masks[0].numpy())


def _check_page_size(samples: Sequence[dict[str, Any]], *, channels: int) -> None:
    size = sum(4 * channels * sample["height"] * sample["width"] for sample in samples)
    if size > MAX_SAMPLE_BYTES:
        raise ValueError(
            f"the images of a page may have at most {MAX_SAMPLE_BYTES / 1e6:.0f} MB; these {len(samples)} have "
            f"{size / 1e6:.0f} MB. Choose fewer samples"
        )


def _facts(run: Run, parameters: int) -> list[str]:
    scores = run.scores()
    facts = [run.name, f"{parameters:,} parameters"]
    if scores is not None and scores.iou_foreground is not None:
        facts.append(f"IoU of the foreground {scores.iou_foreground:.3f}")
    if scores is not None:
        facts.append(f"mean IoU over classes {scores.mean_iou:.3f}")
    return facts
