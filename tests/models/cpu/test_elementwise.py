"""The compiled functions give the results of torch."""

from __future__ import annotations

import math

import pytest
import torch

from drumhead.models.cpu.elementwise import add_bias_relu_, write_argmax


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_bias_and_relu_equal_those_of_torch_rounded_once(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(16, 4097, generator=generator, dtype=torch.float64).to(dtype)
    bias = torch.randn(16, generator=generator, dtype=torch.float64).to(dtype)
    values[torch.rand(values.shape, generator=generator) < 0.01] = math.nan
    values[torch.rand(values.shape, generator=generator) < 0.01] = math.inf
    values[torch.rand(values.shape, generator=generator) < 0.01] = -math.inf
    values[0, :2] = torch.tensor([torch.finfo(dtype).max, torch.finfo(dtype).tiny])
    wide = torch.promote_types(dtype, torch.float32)
    expected = values.to(wide).add(bias.to(wide)[:, None]).relu().to(dtype)
    assert torch.equal(add_bias_relu_(values, bias).nan_to_num(nan=-1), expected.nan_to_num(nan=-1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_argmax_equals_that_of_torch_with_ties_nan_and_infinity(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randint(-2, 3, (6, 4096), generator=generator).to(dtype)  # five values, so most columns have ties
    logits[torch.rand(logits.shape, generator=generator) < 0.05] = math.nan
    logits[torch.rand(logits.shape, generator=generator) < 0.05] = math.inf
    logits[:, -7:] = -math.inf
    classes = torch.full((4096,), -1)
    write_argmax(logits, classes)
    # torch does not promise which of several equal numbers it returns; here it is the first.
    first_nan = logits.isnan().int().argmax(dim=0)
    largest = logits.nan_to_num(nan=-math.inf, posinf=math.inf, neginf=-math.inf).amax(dim=0)
    first_largest = (logits == largest).int().argmax(dim=0)
    assert torch.equal(classes, torch.where(logits.isnan().any(dim=0), first_nan, first_largest))
