"""Figures of models: their predictions and their states on samples of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from drumhead.data import Dataset, to_tensors
from drumhead.data.padding import region_of
from drumhead.models import RecurrentSegmenter, Segmenter
from drumhead.models.readouts import LinearReadout
from drumhead.report.colours import mark_ignored
from drumhead.report.figures.prediction_figure import predictions_figure
from drumhead.report.figures.wave_figure import (
    ModelStates,
    WaveRow,
    default_bins,
    default_maps,
    default_times,
    waves_figure,
)
from drumhead.report.samples import SampleStates, check_channels, check_samples, compute_sample_states
from drumhead.report.style import DPI


class Crop(NamedTuple):
    """A rectangle of an image, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def check(self, height: int, width: int) -> None:
        """Raise ``ValueError`` if the rectangle is empty or leaves an image of this size."""
        inside = min(self) >= 0 and self.top + self.height <= height and self.left + self.width <= width
        if not inside or not self.height or not self.width:
            raise ValueError(
                f"crop must be TOP LEFT HEIGHT WIDTH, a rectangle inside the image of {height} x {width} pixels; "
                f"got {' '.join(map(str, self))}"
            )

    def of(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the part of an array ``(..., height, width)`` in the rectangle."""
        return array[..., self.top : self.top + self.height, self.left : self.left + self.width]


def model_predictions_figure(
    models: Mapping[str, Segmenter], dataset: Dataset, *, split: str, samples: Sequence[int], dpi: int = DPI
) -> Figure:
    """Draw the input, the true classes and the predictions of models on samples of a dataset.

    Args:
        models: the models by the title of their row.
        dataset: a dataset that fits all of them.
        split: the split of the samples.
        samples: the numbers of the samples, from 0.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there are no such samples, or too many for a page.
    """
    check_samples(dataset, split, samples)
    batches = [to_tensors(dataset.splits[split], [sample]) for sample in samples]  # their sizes may differ
    return predictions_figure(
        [images[0].numpy() for images, _ in batches],
        [mark_ignored(masks[0].numpy(), dataset.ignored_label) for _, masks in batches],
        {title: [model.predict(images)[0].numpy() for images, _ in batches] for title, model in models.items()},
        class_names=dataset.class_names,
        titles=[f"{split} {sample}" for sample in samples],
        dpi=dpi,
    )


def model_waves_figure(
    models: Mapping[str, RecurrentSegmenter],
    dataset: Dataset,
    *,
    split: str,
    sample: int,
    channel: int = 0,
    times: Sequence[int] = (),
    bins: Sequence[int] = (),
    rows: Sequence[WaveRow] = ("spectrum",),
    crop: Crop | None = None,
    dpi: int = DPI,
) -> Figure:
    """Draw the states of recurrent models on one sample, with input, truth and predictions, and further rows.

    Args:
        models: the models by title.
        dataset: a dataset that fits all of them.
        split: the split of the sample.
        sample: the number of the sample, from 0.
        channel: the channel of the states, from 0.
        times: numbers of steps, from 1; by default spread over the steps of each model.
        bins: frequencies in cycles per duration of the field, and numbers of the readout's maps; by default frequencies
            spread over the range of each model, and the maps that differ most between pixels.
        rows: the rows below the states: the spectrum over time, the maps of a linear readout, or both.
        crop: the part of the image that is shown; all of it by default.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there is no such sample, the crop leaves the image, or a model does not have the channel, times,
            frequencies or a linear readout.
    """
    check_samples(dataset, split, [sample])
    if crop is not None:
        padded = dataset.splits[split].masks[sample]
        crop.check(*padded[region_of(dataset.splits[split].sizes, sample)].shape)
    for title, model in models.items():
        check_channels(model, [channel])
        check_times(title, model, times=times, bins=bins)
        check_rows(title, model, rows)
    samples = {
        title: cropped(compute_sample_states(model, dataset, split=split, sample=sample, channels=[channel]), crop)
        for title, model in models.items()
    }
    first = next(iter(samples.values()))
    states = []
    for title, computed in samples.items():
        field = computed.field[:, 0]
        maps = readout_maps(models[title], field)
        states.append(
            ModelStates(
                title=title,
                field=field,
                prediction=computed.prediction,
                times=times or default_times(len(field)),
                bins=bins or default_bins(len(field)),
                maps=maps,
                chosen_maps=() if maps is None else bins or default_maps(maps),
            )
        )
    assert first.mask is not None
    return waves_figure(first.image, first.mask, states, class_names=dataset.class_names, rows=rows, dpi=dpi)


def cropped(computed: SampleStates, crop: Crop | None) -> SampleStates:
    """Return the part of a sample and of its states in a rectangle; all of it for None."""
    if crop is None:
        return computed
    return computed._replace(
        image=crop.of(computed.image),
        mask=None if computed.mask is None else crop.of(computed.mask),
        prediction=crop.of(computed.prediction),
        field=crop.of(computed.field),
    )


def readout_maps(
    model: RecurrentSegmenter, field_THW: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.floating[Any]] | None:
    """Return the features ``(map, height, width)`` that a linear readout computes from one channel of its states.

    A map is a learned sum over time, with the same weights at all pixels and for all channels. None for other readouts.
    """
    if not isinstance(model.readout, LinearReadout):
        return None
    weights = model.readout.time.weight.detach().cpu().numpy()
    maps: npt.NDArray[np.floating[Any]] = np.tensordot(weights, field_THW, axes=1)
    return maps


def check_rows(title: str, model: RecurrentSegmenter, rows: Sequence[WaveRow]) -> None:
    """Raise ``ValueError`` if a model's readout has no learned maps to show."""
    if "readout" in rows and not isinstance(model.readout, LinearReadout):
        raise ValueError(
            f"the row readout shows the maps that a linear readout has learned; {title} has the readout "
            f"{model.config.readout}, which learns none. Leave the row out"
        )


def check_times(title: str, model: RecurrentSegmenter, *, times: Sequence[int], bins: Sequence[int]) -> None:
    """Raise ``ValueError`` if a model does not have these steps or frequencies."""
    steps = model.config.steps
    for name, values, least, most in (("times", times, 1, steps), ("bins", bins, 0, steps // 2)):
        invalid = [value for value in values if not least <= value <= most]
        if invalid:
            given = ", ".join(map(str, invalid))
            raise ValueError(f"{name} must be from {least} to {most} for {title}, which has {steps} steps; got {given}")
