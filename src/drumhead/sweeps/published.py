"""Sweeps by name: what the paper trained, dataset by dataset or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch

from drumhead.experiments import Listing, experiment_listings

PUBLISHED_SWEEPS = {
    "paper-tetrominoes": "tetrominoes",
    "paper-mnist": "mnist",
    "paper-multi-mnist": "multi_mnist",
    "paper": None,
}
"""Sweeps by name, and the dataset whose published experiments they are of; None is all."""


def find_listings(words: Sequence[str]) -> list[tuple[Listing, bool]]:
    """The experiments that words name, each once, and whether a published sweep named them.

    Args:
        words: names of experiments, patterns of them, or names in ``PUBLISHED_SWEEPS``.

    Raises:
        ValueError: for no word, or one that names nothing.

    >>> [listing.experiment.name for listing, _ in find_listings(["tetrominoes-lstm-m*"])]
    ['tetrominoes-lstm-max', 'tetrominoes-lstm-mean']
    """
    if not words:
        raise ValueError(f"name what to sweep: experiments, patterns of them, or {', '.join(PUBLISHED_SWEEPS)}")
    listings = experiment_listings()
    found: dict[str, tuple[Listing, bool]] = {}
    for word in words:
        if word in PUBLISHED_SWEEPS:
            names = [name for name, listing in listings.items() if is_published(listing, PUBLISHED_SWEEPS[word])]
        else:
            names = [name for name in listings if fnmatch(name, word)]
        if not names:
            raise ValueError(
                f"no experiment is called {word!r}, nor any sweep; sweeps are {', '.join(PUBLISHED_SWEEPS)}, "
                "`drumhead experiments` lists experiments, and * in a name stands for anything"
            )
        for name in names:
            published = word in PUBLISHED_SWEEPS or (name in found and found[name][1])
            found[name] = (listings[name], published)
    return list(found.values())


def is_published(listing: Listing, dataset: str | None) -> bool:
    """Whether an experiment was published with seeds, on a dataset or, for None, on any."""
    config = listing.experiment.dataset
    return bool(listing.seeds) and (dataset is None or (config is not None and config.name == dataset))
