"""A published checkpoint's tensors: read without running code, and each accounted for."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from drumhead.models import Segmenter
from drumhead.pickles import PickleError, read_pickle
from drumhead.published.errors import ImportRunError
from drumhead.published.layout import Kind, layout


class MatchedWeights(NamedTuple):
    """What was made of a published checkpoint."""

    tensors: dict[str, Tensor]
    """The model's tensors, by our names."""
    dropped: dict[str, Tensor]
    """Tensors that make no difference, by their published names."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a ``cp.pt``, by their published names.

    Raises:
        ImportRunError: if the file is damaged, holds anything that could run code, or is not tensors by name.
        OSError: if it cannot be read.
    """
    try:
        content: Any = read_pickle(path)
    except PickleError as error:
        raise ImportRunError(f"{error}: a published checkpoint is the state dict of a model") from error
    if not isinstance(content, dict) or not content:
        raise ImportRunError(f"{path} must hold tensors by name, a state dict; got {describe_value(content)}")
    others = [
        f"{reprlib.repr(name)}: {describe_value(value)}"
        for name, value in content.items()
        if not (isinstance(name, str) and isinstance(value, Tensor) and value.layout == torch.strided and value.is_cpu)
    ]
    if others:
        raise ImportRunError(
            multiline_message(f"{path} must hold dense tensors by name, and nothing else; got", others)
        )
    return content


def describe_value(content: object) -> str:
    """What something is, in a word or two."""
    if isinstance(content, Tensor):
        return f"Tensor ({content.layout}, {content.device})"
    return "nothing" if content is None or content == {} else type(content).__name__


def match_tensors(found: dict[str, Tensor], model: Segmenter, *, where: Path) -> MatchedWeights:
    """Sort tensors into those of a model and those it does not use.

    Args:
        found: tensors by their published names.
        model: the model they should be of; its own values are not looked at.
        where: the file they are from, for errors.

    Raises:
        ImportRunError: if a tensor is missing, not known, of another shape or type, or not finite; all are listed.
    """
    expected = layout(model)
    known = {**expected.kinds, **expected.unused}
    matrices = {name for name, kind in known.items() if len(kind.shape) == 2}
    found = {name: as_linear_weight(tensor) if name in matrices else tensor for name, tensor in found.items()}
    faults = [f"missing: {name}, {kind}" for name, kind in expected.kinds.items() if name not in found]
    faults += [f"not of this model: {name}, {Kind.of(found[name])}" for name in found if name not in known]
    for name, must_be in known.items():
        if name not in found:
            continue
        if (kind := Kind.of(found[name])) != must_be:
            faults.append(f"misshapen: {name} is {kind}, must be {must_be}")
        elif not torch.isfinite(found[name]).all():
            faults.append(f"not finite: {name}")
    if faults:
        raise ImportRunError(
            multiline_message(f"{where} does not hold the {model.config.name} its config.yaml describes", faults)
        )
    return MatchedWeights(
        tensors={ours: found[name] for name, ours in expected.ours.items()},
        dropped={name: found[name] for name in expected.unused if name in found},
    )


def as_linear_weight(weight: Tensor) -> Tensor:
    """The weight of a 1x1 convolution as that of the same fully connected layer; any other as it is."""
    return weight.flatten(1) if weight.ndim == 4 and weight.shape[2:] == (1, 1) else weight


def multiline_message(sentence: str, faults: list[str]) -> str:
    """A sentence and what it is about, a line each."""
    return "\n  ".join([f"{sentence}:", *faults])
