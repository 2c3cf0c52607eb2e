"""Splitting one set of images and masks into train, val and test, at random or by groups."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from drumhead.data.split import SPLIT_NAMES, DatasetError
from drumhead.data.validation import RawSplit
from drumhead.files import read_small_file

T = TypeVar("T")


def split_samples(raw: RawSplit, shares: Sequence[float], *, seed: int, groups: Path | None) -> dict[str, RawSplit]:
    """Split samples at random into train, val and test; samples of one group stay together.

    Args:
        raw: all samples.
        shares: the sizes of train, val and test, in any unit.
        seed: the seed of the order.
        groups: a CSV file with the name of a sample and the name of its group in each line; None: each for itself.

    Raises:
        DatasetError: a split would be empty, or the groups do not fit.
    """
    names = sample_names(raw)
    group_of = dict(zip(names, names, strict=True)) if groups is None else read_groups(groups, names)
    members: dict[str, list[int]] = {}
    for sample, name in enumerate(names):
        members.setdefault(group_of[name], []).append(sample)
    keys = list(members)
    order = [keys[index] for index in np.random.default_rng(seed).permutation(len(keys))]
    ends = np.cumsum(shares) / sum(shares) * len(names)
    samples: list[list[int]] = [[] for _ in SPLIT_NAMES]
    taken = 0
    for key in order:
        # A group belongs where its middle lies if all groups are laid side by side in this order.
        middle = taken + len(members[key]) / 2
        samples[min(int(np.searchsorted(ends, middle, side="right")), len(ends) - 1)] += members[key]
        taken += len(members[key])
    if not all(samples):
        sizes = ", ".join(f"{name} {len(chosen)}" for name, chosen in zip(SPLIT_NAMES, samples, strict=True))
        raise DatasetError(
            f"{raw.images_origin}: every split must have at least one image; --split gives {sizes} of {len(names)} "
            f"images in {len(keys)} groups. Give other shares, another seed, or more images"
        )
    return {name: take_samples(raw, sorted(chosen)) for name, chosen in zip(SPLIT_NAMES, samples, strict=True)}


def sample_names(raw: RawSplit) -> list[str]:
    """Return the name of each sample: that of its files without suffix, or its number."""
    return list(raw.names) if raw.names is not None else [str(sample) for sample in range(len(raw.masks))]


def take_samples(raw: RawSplit, samples: Sequence[int]) -> RawSplit:
    """Return some of the samples of a split."""
    return RawSplit(
        raw.images[samples],
        raw.masks[samples],
        raw.images_origin,
        raw.masks_origin,
        _take(raw.image_files, samples),
        _take(raw.mask_files, samples),
        _take(raw.names, samples),
        None if raw.sizes is None else raw.sizes[samples],
    )


def _take(values: Sequence[T] | None, samples: Sequence[int]) -> list[T] | None:
    return None if values is None else [values[sample] for sample in samples]


def read_groups(file: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the group of each sample from a CSV file with lines ``name,group``; names may have a suffix.

    Raises:
        DatasetError: a line is invalid, or a sample has no group.
    """
    try:
        rows = list(csv.reader(read_small_file(file).decode("utf-8-sig").splitlines()))
    except (ValueError, csv.Error) as error:
        raise DatasetError(f"{file}: must be a UTF-8 file with lines NAME,GROUP; {error}") from error
    groups: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if not row:
            continue
        if len(row) != 2:
            raise DatasetError(
                f"{file}, line {number}: must be NAME,GROUP; got {len(row)} fields: {','.join(row)[:80]}"
            )
        name, group = (field.strip() for field in row)
        groups[name] = groups[Path(name).with_suffix("").as_posix()] = group
    missing = [name for name in names if name not in groups]
    if missing:
        raise DatasetError(
            f"{file}: must have a line NAME,GROUP for every image; {len(missing)} of {len(names)} have none, "
            f"such as {missing[0]!r}. Add {missing[0]},GROUP"
        )
    return groups
