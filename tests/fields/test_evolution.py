"""The choice of the engine of an evolution, and unknown names."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.fields import evolve, laplacian, wave

from .lattice import normal, uniform

Inputs = tuple[Tensor, Tensor, Tensor, Tensor]


def inputs(dtype: torch.dtype = torch.float64) -> Inputs:
    """y0, omega, alpha and coupling."""
    shape = (1, 2, 4, 5)
    y0, omega, alpha = normal(*shape, seed=0), uniform(*shape, seed=1), uniform(*shape, seed=2)
    return y0.to(dtype), omega.to(dtype), alpha.to(dtype), laplacian(2, dtype=dtype)


def test_auto_is_fused_on_a_cpu() -> None:
    arguments = inputs(torch.float32)
    arguments[0].requires_grad_()
    expected = evolve(*arguments, dt=0.1, steps=50, engine="fused")
    assert torch.equal(evolve(*arguments, dt=0.1, steps=50), expected)
    assert expected.grad_fn is not None
    assert "drumhead" in expected.grad_fn.name()


def test_auto_is_plain_for_other_dtypes() -> None:
    arguments = inputs(torch.bfloat16)
    assert torch.equal(evolve(*arguments, dt=0.1, steps=3), wave.evolve(*arguments, dt=0.1, steps=3))
    with pytest.raises(ValueError, match=r"float32 or float64, got torch\.bfloat16"):
        evolve(*arguments, dt=0.1, steps=3, engine="fused")


def test_auto_is_plain_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    arguments = inputs()
    assert torch.equal(evolve(*arguments, dt=0.1, steps=3), wave.evolve(*arguments, dt=0.1, steps=3))
    with pytest.raises(ValueError, match="needs Numba"):
        evolve(*arguments, dt=0.1, steps=3, engine="fused")


def test_auto_is_plain_on_other_devices() -> None:
    arguments: Inputs = tuple(values.to("meta") for values in inputs())  # type: ignore[assignment]
    assert evolve(*arguments, dt=0.1, steps=3).device.type == "meta"
    with pytest.raises(ValueError, match="on the CPU or on a CUDA device, got one on meta"):
        evolve(*arguments, dt=0.1, steps=3, engine="fused")


def test_other_dtypes_are_refused() -> None:
    y0, omega, alpha, coupling = inputs()
    with pytest.raises(ValueError, match="omega must have y0's type and device"):
        evolve(y0, omega.float(), alpha, coupling, dt=0.1, steps=3, engine="fused")


@pytest.mark.parametrize("name", ["engine", "boundary", "nonlinearity"])
def test_an_unknown_name_raises_an_error_that_lists_the_options(name: str) -> None:
    unknown: dict[str, Any] = {name: "none"}
    with pytest.raises(ValueError, match=f"{name} must be one of .* got 'none'"):
        evolve(*inputs(), dt=0.1, steps=2, **unknown)
