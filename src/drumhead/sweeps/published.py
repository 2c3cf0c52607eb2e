"""Sweeps by name: what the paper trained, dataset by dataset or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch

from drumhead.experiments import ExperimentSpec, experiment_specs

PUBLISHED_SWEEPS = {
    "paper-tetrominoes": "tetrominoes",
    "paper-mnist": "mnist",
    "paper-multi-mnist": "multi_mnist",
    "paper": None,
}
"""Sweeps by name, and the dataset whose published experiments they are of; None is all."""


def find_specs(words: Sequence[str]) -> list[tuple[ExperimentSpec, bool]]:
    """The experiments that words name, each once, and whether a published sweep named them.

    Args:
        words: names of experiments, patterns of them, or names in ``PUBLISHED_SWEEPS``.

    Raises:
        ValueError: for no word, or one that names nothing.

    >>> [spec.experiment.name for spec, _ in find_specs(["tetrominoes-lstm-m*"])]
    ['tetrominoes-lstm-max', 'tetrominoes-lstm-mean']
    """
    if not words:
        raise ValueError(f"name what to sweep: experiments, patterns of them, or {', '.join(PUBLISHED_SWEEPS)}")
    specs = experiment_specs()
    found: dict[str, tuple[ExperimentSpec, bool]] = {}
    for word in words:
        if word in PUBLISHED_SWEEPS:
            names = [name for name, spec in specs.items() if is_published(spec, PUBLISHED_SWEEPS[word])]
        else:
            names = [name for name in specs if fnmatch(name, word)]
        if not names:
            raise ValueError(
                f"no experiment is called {word!r}, nor any sweep; sweeps are {', '.join(PUBLISHED_SWEEPS)}, "
                "`drumhead experiments` lists experiments, and * in a name stands for anything"
            )
        for name in names:
            published = word in PUBLISHED_SWEEPS or (name in found and found[name][1])
            found[name] = (specs[name], published)
    return list(found.values())


def is_published(spec: ExperimentSpec, dataset: str | None) -> bool:
    """Whether an experiment was published with seeds, on a dataset or, for None, on any."""
    config = spec.experiment.dataset
    return bool(spec.seeds) and (dataset is None or (config is not None and config.name == dataset))
