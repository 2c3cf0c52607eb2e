"""Reading a published checkpoint's tensors without running code, and matching each of them to a model."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from drumhead.models import Segmenter
from drumhead.pickles import PickleError, read_pickle
from drumhead.published.errors import ImportRunError
from drumhead.published.layout import TensorSpec, checkpoint_layout


class MatchedWeights(NamedTuple):
    """The tensors of a published checkpoint, matched to a model."""

    tensors: dict[str, Tensor]
    """The model's tensors by Drumhead's names."""
    dropped: dict[str, Tensor]
    """Tensors that no forward pass uses, by their published names."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors in a ``cp.pt`` by their published names.

    Raises:
        ImportRunError: the file is damaged, holds anything that could run code, or is not a mapping of names to
            tensors.
        OSError: the file cannot be read.
    """
    try:
        content: Any = read_pickle(path)
    except PickleError as error:
        raise ImportRunError(f"{error}: a published checkpoint is the state dict of a model") from error
    if not isinstance(content, dict) or not content:
        raise ImportRunError(f"{path} must hold tensors by name (a state dict); got {describe_value(content)}")
    invalid = [
        f"{reprlib.repr(name)}: {describe_value(value)}"
        for name, value in content.items()
        if not (isinstance(name, str) and isinstance(value, Tensor) and value.layout == torch.strided and value.is_cpu)
    ]
    if invalid:
        raise ImportRunError(
            multiline_message(f"{path} must hold dense tensors by name, and nothing else; got", invalid)
        )
    return content


def describe_value(content: object) -> str:
    """Return the type of a value for an error message."""
    if isinstance(content, Tensor):
        return f"Tensor ({content.layout}, {content.device})"
    return "nothing" if content is None or content == {} else type(content).__name__


def match_tensors(tensors: dict[str, Tensor], model: Segmenter, *, path: Path) -> MatchedWeights:
    """Separate tensors into those of a model and those that it does not use.

    Args:
        tensors: tensors by their published names.
        model: the model that they should belong to; its own values are not read.
        path: the file of the tensors, for error messages.

    Raises:
        ImportRunError: a tensor is missing, unknown, of another shape or dtype, or not finite; the message lists all.
    """
    layout = checkpoint_layout(model)
    known = {**layout.specs, **layout.unused}
    matrices = {name for name, spec in known.items() if len(spec.shape) == 2}
    tensors = {name: as_linear_weight(tensor) if name in matrices else tensor for name, tensor in tensors.items()}
    faults = [f"missing: {name}, {spec}" for name, spec in layout.specs.items() if name not in tensors]
    faults += [f"not of this model: {name}, {TensorSpec.of(tensors[name])}" for name in tensors if name not in known]
    for name, required in known.items():
        if name not in tensors:
            continue
        if (spec := TensorSpec.of(tensors[name])) != required:
            faults.append(f"wrong shape or dtype: {name} is {spec}, must be {required}")
        elif not torch.isfinite(tensors[name]).all():
            faults.append(f"not finite: {name}")
    if faults:
        raise ImportRunError(
            multiline_message(f"{path} does not hold the {model.config.name} its config.yaml describes", faults)
        )
    return MatchedWeights(
        tensors={own_name: tensors[name] for name, own_name in layout.own_names.items()},
        dropped={name: tensors[name] for name in layout.unused if name in tensors},
    )


def as_linear_weight(weight: Tensor) -> Tensor:
    """Flatten the weight of a 1x1 convolution to that of a fully connected layer; return other weights unchanged."""
    return weight.flatten(1) if weight.ndim == 4 and weight.shape[2:] == (1, 1) else weight


def multiline_message(summary: str, details: list[str]) -> str:
    """Return a message of a summary line and one indented line per detail."""
    return "\n  ".join([f"{summary}:", *details])
