"""The hidden states of a run on samples of its data, as :class:`drumhead.waves.States`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from drumhead.data import Dataset, to_tensors
from drumhead.evaluation import SplitName, open_run_dataset
from drumhead.fields import StabilityWarning
from drumhead.models import NWM, RecurrentSegmenter
from drumhead.report.samples import check_same_size, check_samples, load_recurrent_model
from drumhead.runs import Run
from drumhead.waves import States
from drumhead.zoo import find_run

MAX_BYTES = 16 * 2**30
"""The greatest size of states that are computed at once."""


def states(
    run: str | Path | Run,
    samples: int | Sequence[int] = 0,
    *,
    split: SplitName = "test",
    data: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> States:
    """Return the hidden states of a recurrent network on samples of a dataset, with all that is needed to read them.

    Frame ``n`` is at the time ``(n + 1) dt``; the initial state is no frame. ``states(...).movie(sample, channel)`` is
    a :class:`drumhead.waves.Movie`, and :func:`drumhead.waves.save_states` writes a file.

    Args:
        run: the run, its folder, or the name of a trained network; its model is recurrent.
        samples: the number of a sample in the split, or several, each once.
        split: the split of the dataset.
        data: another dataset folder; by default that of the run.
        progress: called with the number done and the total: of images if a dataset is made, then of samples.

    Returns:
        The states ``(sample, time, channel, y, x)``, float32. For a wave network they include its parameters
        ``omega`` and ``alpha`` on these samples, its coupling and the initial position, and ``dt`` is that of the
        model. For other networks ``dt`` is 1 step.

    Raises:
        ValueError: if the model is not recurrent, there are no such samples, they have different sizes, or the
            states are larger than 16 GB.
        DatasetError: if the dataset is missing or another one.
        RunError: if the folder is no run, or the run has no weights yet.

    Warns with ``StabilityWarning`` if the integration scheme is unstable for a sample.
    """
    opened = run if isinstance(run, Run) else Run.open(find_run(run))
    dataset = open_run_dataset(opened, data, progress=progress)
    chosen = (samples,) if isinstance(samples, int) else tuple(samples)
    check_samples(dataset, split, chosen)
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"samples must be different; got {list(chosen)[:20]}")
    check_same_size(dataset, split, chosen)
    model = load_recurrent_model(opened)
    images, _ = to_tensors(dataset.splits[split], chosen[:1])
    shape = (len(chosen), model.config.steps, model.config.hidden_channels, *images.shape[2:])
    if 4 * math.prod(shape) > MAX_BYTES:
        raise ValueError(
            f"states may have at most {MAX_BYTES >> 30} GB; these have {4 * math.prod(shape) >> 30} GB. "
            "Choose fewer samples"
        )
    values = np.empty(shape, np.float32)
    parameters, masks = [], []
    with torch.inference_mode():
        for number, sample in enumerate(chosen):
            images, truth = to_tensors(dataset.splits[split], [sample])
            masks.append(truth[0].numpy().astype(np.uint8))
            if message := model.stability_warning(images):
                warnings.warn(message, StabilityWarning, stacklevel=2)
            values[number] = model.states(images)[0].numpy()
            parameters.append(model.encode(images) if isinstance(model, NWM) else ())
            if progress is not None:
                progress(number + 1, len(chosen))
    return _states(opened, model, dataset, values, np.stack(masks), parameters, samples=chosen, split=split)


def _states(
    run: Run,
    model: RecurrentSegmenter,
    dataset: Dataset,
    values: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    masks: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    parameters: Sequence[Sequence[Tensor]],
    *,
    samples: tuple[int, ...],
    split: SplitName,
) -> States:
    waves = {}
    if isinstance(model, NWM):
        joined = [torch.cat(tensors).numpy() for tensors in zip(*parameters, strict=True)]
        waves = dict(zip(("initial", "omega", "alpha"), joined, strict=True))
        waves["coupling"] = model.coupling.detach().numpy()
    return States(
        values=values,
        samples=samples,
        dt=model.config.dt if isinstance(model, NWM) else 1.0,
        time_unit="unit of time" if isinstance(model, NWM) else "step",
        boundary=model.config.boundary,  # type: ignore[attr-defined]  # every recurrent model has it
        nonlinearity=model.config.nonlinearity if isinstance(model, NWM) else None,
        run=run.name,
        model=model.config.name,
        split=split,
        masks=masks,
        class_names=tuple(dataset.class_names),
        ignored_label=dataset.ignored_label,
        **waves,
    )
