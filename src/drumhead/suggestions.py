"""The names that are nearest to a mistyped one, for error messages: by spelling, and for fields by synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

MOST = 3
"""The greatest number of names that are suggested."""
CUTOFF = 0.65
"""The least similarity (difflib's ratio) of a name that is suggested."""
MARGIN = 0.04
"""How much less similar than the nearest name a further one may be."""

SYNONYMS = {
    "lr": "learning-rate",
    "bs": "batch-size",
    "wd": "weight-decay",
    "opt": "optimizer",
    "scheduler": "schedule",
    "lr-schedule": "schedule",
    "lr-scheduler": "schedule",
    "grad-clip": "clip",
    "gradient-clip": "clip",
    "max-epochs": "epochs",
    "num-epochs": "epochs",
    "n-epochs": "epochs",
    "num-steps": "steps",
    "n-steps": "steps",
    "time-steps": "steps",
    "timesteps": "steps",
    "depth": "layers",
    "channels": "hidden-channels",
    "gpu": "accelerator",
    "device": "accelerator",
    "num-gpus": "devices",
    "num-nodes": "nodes",
    "jobs": "workers",
    "num-workers": "workers",
    "random-seed": "seed",
    "output": "out",
    "output-dir": "out",
    "outdir": "out",
    "dir": "out",
    "dataset": "data",
    "data-dir": "data",
    "root": "mnist-root",
    "logger": "log",
    "force": "overwrite",
    "probs": "probabilities",
}
"""What other tools call a field, and its last name here."""


def nearest_names(name: str, known: Iterable[str], *, most: int = MOST) -> list[str]:
    """Return the known names that are nearest to a name, the nearest first; empty if none is near.

    Upper and lower case, hyphens and underscores are the same.

    >>> nearest_names("Trian", ["data", "train", "evaluate"]), nearest_names("xyz", ["data", "train"])
    (['train'], [])
    """
    by_key = {_key(each): each for each in known}
    matches = get_close_matches(_key(name), by_key, n=most, cutoff=CUTOFF)
    ratios = {match: SequenceMatcher(None, match, _key(name)).ratio() for match in matches}
    return [by_key[match] for match in matches if ratios[match] >= ratios[matches[0]] - MARGIN]


def did_you_mean(names: Iterable[str]) -> str:
    """Return the start of a sentence that suggests names; empty if there are none.

    >>> did_you_mean(["train"]), did_you_mean(["a", "b"]), did_you_mean([])
    ('did you mean train? ', 'did you mean a or b? ', '')
    """
    listed = list(names)
    return f"did you mean {' or '.join(listed)}? " if listed else ""


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


def nearest_flags(flag: str, known: Sequence[str]) -> list[str]:
    """Return the known flags that an unknown one may mean, the likeliest first.

    Args:
        flag: the flag as it was given, with its dashes and without a value.
        known: all flags of the command.

    >>> nearest_flags("--lr", ["--recipe.learning-rate", "--recipe.epochs"])
    ['--recipe.learning-rate']
    >>> nearest_flags("--epochs", ["--recipe.epochs", "--seed"]), nearest_flags("--sed", ["--recipe.epochs", "--seed"])
    (['--recipe.epochs'], ['--seed'])
    """
    name = flag.lstrip("-").replace("_", "-").lower()
    last = name.rpartition(".")[2]
    exact = [each for each in known if _last(each) in (last, SYNONYMS.get(name), SYNONYMS.get(last))]
    if exact:
        return exact[:MOST]
    by_name = nearest_names(name, [each.lstrip("-") for each in known])
    by_last = nearest_names(last, [_last(each) for each in known])
    near = [each for each in known if each.lstrip("-") in by_name or _last(each) in by_last]
    return near[:MOST]


def _last(flag: str) -> str:
    return flag.lstrip("-").rpartition(".")[2]
