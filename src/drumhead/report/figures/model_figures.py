"""Figures of models: their predictions and their states on samples of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from drumhead.data import Dataset, to_tensors
from drumhead.models import RecurrentSegmenter, Segmenter
from drumhead.report.colours import mark_ignored
from drumhead.report.figures.prediction_figure import predictions_figure
from drumhead.report.figures.wave_figure import ModelStates, default_bins, default_times, waves_figure
from drumhead.report.samples import check_channels, check_samples, compute_sample_states
from drumhead.report.style import DPI


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
    dpi: int = DPI,
) -> Figure:
    """Draw the states and spectra over time of recurrent models on one sample, with input, truth and predictions.

    Args:
        models: the models by title.
        dataset: a dataset that fits all of them.
        split: the split of the sample.
        sample: the number of the sample, from 0.
        channel: the channel of the states, from 0.
        times: numbers of steps, from 1; by default spread over the steps of each model.
        bins: frequencies in cycles per duration of the field; by default spread over the range of each model.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there is no such sample, or a model does not have the channel, times or frequencies.
    """
    check_samples(dataset, split, [sample])
    for title, model in models.items():
        check_channels(model, [channel])
        check_times(title, model, times=times, bins=bins)
    samples = {
        title: compute_sample_states(model, dataset, split=split, sample=sample, channels=[channel])
        for title, model in models.items()
    }
    first = next(iter(samples.values()))
    states = [
        ModelStates(
            title=title,
            field=computed.field[:, 0],
            prediction=computed.prediction,
            times=times or default_times(len(computed.field)),
            bins=bins or default_bins(len(computed.field)),
        )
        for title, computed in samples.items()
    ]
    assert first.mask is not None
    return waves_figure(first.image, first.mask, states, class_names=dataset.class_names, dpi=dpi)


def check_times(title: str, model: RecurrentSegmenter, *, times: Sequence[int], bins: Sequence[int]) -> None:
    """Raise ``ValueError`` if a model does not have these steps or frequencies."""
    steps = model.config.steps
    for name, values, least, most in (("times", times, 1, steps), ("bins", bins, 0, steps // 2)):
        invalid = [value for value in values if not least <= value <= most]
        if invalid:
            given = ", ".join(map(str, invalid))
            raise ValueError(f"{name} must be from {least} to {most} for {title}, which has {steps} steps; got {given}")
