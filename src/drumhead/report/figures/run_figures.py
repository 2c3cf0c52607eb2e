"""Figures of runs: their predictions, and their waves, on samples of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from drumhead.data import Dataset, to_tensors
from drumhead.models import RecurrentSegmenter, Segmenter
from drumhead.report.figures.sample_figure import predictions_figure
from drumhead.report.figures.wave_figure import Waves, default_bins, default_times, waves_figure
from drumhead.report.samples import check_channels, check_samples, hear
from drumhead.report.style import DPI


def samples_figure(
    models: Mapping[str, Segmenter], dataset: Dataset, *, split: str, samples: Sequence[int], dpi: int = DPI
) -> Figure:
    """Input, truth and the predictions of models on samples of a dataset.

    Args:
        models: by the title of their row.
        dataset: one that all of them fit.
        split: which images the samples are from.
        samples: numbers of the samples, from 0.
        dpi: pixels to an inch.

    Raises:
        ValueError: if there are no such samples, or too many for a page.
    """
    check_samples(dataset, split, samples)
    images, masks = to_tensors(dataset.splits[split], samples)
    return predictions_figure(
        images.numpy(),
        masks.numpy(),
        {title: model.predict(images).numpy() for title, model in models.items()},
        class_names=dataset.class_names,
        titles=[f"{split} {sample}" for sample in samples],
        dpi=dpi,
    )


def sample_waves_figure(
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
    """States and spectra over time of recurrent models on one sample, beside input, truth and predictions.

    Args:
        models: by title.
        dataset: one that all of them fit.
        split: which images the sample is from.
        sample: number of the sample, from 0.
        channel: of the field, from 0.
        times: numbers of steps, from 1; by default spread over each model's own.
        bins: frequencies in cycles per duration of the field; by default spread over each model's own.
        dpi: pixels to an inch.

    Raises:
        ValueError: if there is no such sample, channel, time or frequency in one of the models.
    """
    check_samples(dataset, split, [sample])
    for title, model in models.items():
        check_channels(model, [channel])
        check_times(title, model, times=times, bins=bins)
    heard = {
        title: hear(model, dataset, split=split, sample=sample, channels=[channel]) for title, model in models.items()
    }
    first = next(iter(heard.values()))
    waves = [
        Waves(
            title=title,
            field=one.field[:, 0],
            prediction=one.prediction,
            times=times or default_times(len(one.field)),
            bins=bins or default_bins(len(one.field)),
        )
        for title, one in heard.items()
    ]
    assert first.mask is not None
    return waves_figure(first.image, first.mask, waves, class_names=dataset.class_names, dpi=dpi)


def check_times(title: str, model: RecurrentSegmenter, *, times: Sequence[int], bins: Sequence[int]) -> None:
    """Raise ``ValueError`` where a model has no such steps or frequencies."""
    steps = model.config.steps
    for name, values, least, most in (("times", times, 1, steps), ("bins", bins, 0, steps // 2)):
        wrong = [value for value in values if not least <= value <= most]
        if wrong:
            listed = ", ".join(map(str, wrong))
            raise ValueError(
                f"{name} must be from {least} to {most} for {title}, which has {steps} steps; got {listed}"
            )
