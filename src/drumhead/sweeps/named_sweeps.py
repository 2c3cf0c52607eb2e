"""Selection of experiments by name, by pattern, or by a published sweep: all that the paper trained on one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch

from drumhead.experiments import PLAIN_NAMES, ExperimentSpec, experiment_specs, own_data_experiment
from drumhead.suggestions import did_you_mean, nearest_names

PUBLISHED_SWEEPS = {
    "paper-tetrominoes": "tetrominoes",
    "paper-mnist": "mnist",
    "paper-multi-mnist": "multi_mnist",
    "paper": None,
}
"""The dataset of each published sweep, by the sweep's name; None means all datasets."""


def select_experiments(names: Sequence[str], *, own_data: bool = False) -> list[tuple[ExperimentSpec, bool]]:
    """Return the selected experiments, each once, with whether a published sweep selected it.

    Args:
        names: names of experiments, patterns of them, or names in ``PUBLISHED_SWEEPS``.
        own_data: whether a folder of data is given, so that plain names of models (``unet-4``) and patterns of them
            (``nwm-*``) are names, too.

    Raises:
        ValueError: if there are no names, or a name matches nothing.

    >>> [spec.experiment.name for spec, _ in select_experiments(["tetrominoes-lstm-m*"])]
    ['tetrominoes-lstm-max', 'tetrominoes-lstm-mean']
    """
    if not names:
        raise ValueError(f"give the names of experiments, patterns of them, or one of {', '.join(PUBLISHED_SWEEPS)}")
    specs = experiment_specs()
    selected: dict[str, tuple[ExperimentSpec, bool]] = {}
    for name in names:
        if name in PUBLISHED_SWEEPS:
            matches = [key for key, spec in specs.items() if is_published(spec, PUBLISHED_SWEEPS[name])]
        else:
            matches = [key for key in specs if fnmatch(key, name)]
            if not matches:
                plain = plain_specs(name)
                if plain and not own_data:
                    raise ValueError(f"{name} has no dataset of its own: give the folder of your data with --data")
                specs |= plain
                matches = list(plain)
        if not matches:
            suggestion = did_you_mean(nearest_names(name, [*specs, *PUBLISHED_SWEEPS, *PLAIN_NAMES]))
            raise ValueError(
                f"no experiment or sweep is called {name!r}; {suggestion}Sweeps are {', '.join(PUBLISHED_SWEEPS)}, "
                "`drumhead experiments` lists experiments, and * in a name matches any text"
            )
        for match in matches:
            by_sweep = name in PUBLISHED_SWEEPS or (match in selected and selected[match][1])
            selected[match] = (specs[match], by_sweep)
    return list(selected.values())


def plain_specs(name: str) -> dict[str, ExperimentSpec]:
    """Return the models for a user's own data that a plain name, or a pattern of plain names, selects."""
    names = [each for each in PLAIN_NAMES if fnmatch(each, name)] or [name]
    found = {each: own_data_experiment(each) for each in names}
    return {each: ExperimentSpec(experiment) for each, experiment in found.items() if experiment is not None}


def is_published(spec: ExperimentSpec, dataset: str | None) -> bool:
    """Return whether an experiment was published with seeds; with ``dataset``, whether it was on that dataset."""
    config = spec.experiment.dataset
    return bool(spec.seeds) and (dataset is None or (config is not None and config.name == dataset))
