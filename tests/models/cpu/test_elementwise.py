"""The compiled functions give the results of torch."""

from __future__ import annotations

import math

import pytest
import torch

from drumhead.models.cpu.elementwise import add_bias_relu_, take_columns, write_argmax


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


@pytest.mark.parametrize("dtypes", [(torch.float32, torch.bfloat16), (torch.float32,) * 2, (torch.float64,) * 2])
def test_columns_equal_those_of_torch_rounded_to_nearest(dtypes: tuple[torch.dtype, torch.dtype]) -> None:
    generator = torch.Generator().manual_seed(0)
    dtype, out_dtype = dtypes
    source = torch.randn(7, 4097, generator=generator, dtype=torch.float64).to(dtype)
    source[torch.rand(source.shape, generator=generator) < 0.01] = math.inf
    columns = torch.randperm(4097, generator=generator)[:1001]
    source[0, columns[:2]] = torch.tensor([torch.finfo(dtype).max, torch.finfo(dtype).tiny], dtype=dtype)
    halfway = torch.tensor([1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20], dtype=dtype)  # between two bfloat16 numbers
    source[0, columns[2:5]] = halfway
    out = torch.empty(7, 1001, dtype=out_dtype)
    take_columns(source, columns, out=out)
    assert torch.equal(out, source[:, columns].to(out_dtype))


@pytest.mark.parametrize("bits", [0x7FC00000, 0x7F800001, 0x7FFFFFFF, -1])
def test_every_nan_is_still_one_when_columns_are_rounded(bits: int) -> None:
    source = torch.tensor([[bits]], dtype=torch.int32).view(torch.float32)
    out = torch.empty(1, 1, dtype=torch.bfloat16)
    take_columns(source, torch.tensor([0]), out=out)
    assert out.isnan().all()
