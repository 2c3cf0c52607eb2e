"""What is compiled does what torch does."""

from __future__ import annotations

import math

import pytest
import torch

from drumhead.models.kernels.elementwise import write_largest


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_largest_row_is_that_of_argmax_with_ties_nan_and_infinity(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randint(-2, 3, (6, 4096), generator=generator).to(dtype)  # of five values: ties in most columns
    logits[torch.rand(logits.shape, generator=generator) < 0.05] = math.nan
    logits[torch.rand(logits.shape, generator=generator) < 0.05] = math.inf
    logits[:, -7:] = -math.inf
    found = torch.full((4096,), -1)
    write_largest(logits, found)
    # torch promises none in particular of equal ones, but gives the first here
    first_nan = logits.isnan().int().argmax(dim=0)
    largest = logits.nan_to_num(nan=-math.inf, posinf=math.inf, neginf=-math.inf).amax(dim=0)
    first_largest = (logits == largest).int().argmax(dim=0)
    assert torch.equal(found, torch.where(logits.isnan().any(dim=0), first_nan, first_largest))
