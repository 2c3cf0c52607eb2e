"""From the labels in users' masks to class numbers: ignored labels, and labels with gaps that are renumbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from drumhead.data.padding import region_of
from drumhead.data.split import DatasetError
from drumhead.data.validation import RawSplit

IGNORED_LABEL = 255
"""The stored mask value of pixels that do not count, whatever label they have in a user's masks."""


def number_labels(raw_splits: Mapping[str, RawSplit], *, ignored: Sequence[int] = ()) -> dict[int, int]:
    """Return a class number for each label that occurs in the masks: 0 stays 0, the others follow in their order.

    Args:
        raw_splits: the splits as they were read.
        ignored: labels of pixels that do not count; they get no class.

    Raises:
        DatasetError: there are more labels than class numbers.
    """
    found: set[int] = set()
    for raw in raw_splits.values():
        for sample, mask in enumerate(raw.unpadded_masks):
            found.update(np.unique(mask).tolist())
            if len(found) > IGNORED_LABEL + len(ignored):
                raise DatasetError(
                    f"{raw.locate_mask(sample)}: masks must hold at most {IGNORED_LABEL} different labels in all; "
                    "got more. Are they labels of classes, one for each class, not of objects or colours?"
                )
    labels = sorted(found - {0, *ignored})
    return {**({0: 0} if 0 in found and 0 not in ignored else {}), **{label: 1 + i for i, label in enumerate(labels)}}


def convert_labels(raw: RawSplit, *, ignored: Sequence[int], relabel: Mapping[int, int] | None) -> RawSplit:
    """Return a split whose masks hold 255 where a label is ignored or padded, and other labels by their class number.

    Args:
        raw: a split whose masks are integers.
        ignored: labels of pixels that do not count.
        relabel: the class number of every other label; None: the labels are the class numbers.

    Raises:
        DatasetError: a label that is neither ignored nor renumbered is no class number.
    """
    masks = np.full(raw.masks.shape, IGNORED_LABEL, np.uint8)
    for sample, mask in enumerate(raw.unpadded_masks):
        classes = np.array(mask, np.int64) if relabel is None else _renumber(mask, relabel)
        counted = ~np.isin(mask, list(ignored))
        low, high = _range(classes[counted])
        if low < 0 or high >= IGNORED_LABEL:
            found = low if low < 0 else high
            raise DatasetError(
                f"{raw.locate_mask(sample)}: mask values must be class numbers, 0 to {IGNORED_LABEL - 1}, or ignored "
                f"labels; got {found}. If these pixels do not count: --ignore-label "
                f"{','.join(map(str, (*ignored, found)))}; "
                "if the labels have gaps: --relabel"
            )
        masks[sample][region_of(raw.sizes, sample)] = np.where(counted, classes, IGNORED_LABEL)
    return raw._replace(masks=masks)


def describe_labels(relabel: Mapping[int, int]) -> str:
    """Return a map of labels in one line.

    >>> describe_labels({0: 0, 7: 1})
    '0 -> 0, 7 -> 1'
    """
    return ", ".join(f"{label} -> {number}" for label, number in relabel.items())


def parse_labels(text: str) -> tuple[int, ...]:
    """Return the labels that are listed in a text, separated by commas.

    >>> parse_labels("0,255")
    (0, 255)

    Raises:
        ValueError: the text is no such list.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(
            f"--ignore-label must be one integer or several with commas, as in 0,255; got {text!r}"
        ) from error


def _renumber(mask: npt.NDArray[np.integer], relabel: Mapping[int, int]) -> npt.NDArray[np.int64]:
    """Return the class number of each pixel; pixels with other labels get any number."""
    labels = np.array(sorted(relabel), np.int64)
    numbers = np.array([relabel[label] for label in labels.tolist()], np.int64)
    renumbered: npt.NDArray[np.int64] = numbers[np.searchsorted(labels, mask).clip(max=len(labels) - 1)]
    return renumbered


def _range(values: npt.NDArray[np.int64]) -> tuple[int, int]:
    return (int(values.min()), int(values.max())) if values.size else (0, 0)
