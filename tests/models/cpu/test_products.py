"""Products by either library are correct for operands of any strides."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from drumhead.models.cpu import products
from drumhead.models.cpu.products import add_product, affine_with_scratch, multiply, multiply_with_scratch

LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "rows": lambda matrix: matrix,
    "columns": lambda matrix: matrix.T.contiguous().T,
    "rows of a wider matrix": lambda matrix: torch.cat((matrix, matrix), dim=1)[:, : matrix.shape[1]],
    "columns of a higher matrix": lambda matrix: torch.cat((matrix, matrix)).T.contiguous().T[: len(matrix)],
    "every second": lambda matrix: matrix.repeat_interleave(2, dim=1)[:, ::2],
}

ONEDNN_IS_FASTER = products.onednn_is_faster
"""The original function; a fixture replaces it in the module."""


@pytest.fixture(params=[False, True], ids=["torch", "oneDNN"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test with torch's own products and with those of oneDNN."""
    if request.param and not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this torch has no oneDNN")
    monkeypatch.setattr(products, "onednn_is_faster", lambda: request.param)


@pytest.mark.parametrize("right", LAYOUTS)
@pytest.mark.parametrize("left", LAYOUTS)
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-14), (torch.float32, 1e-6), (torch.bfloat16, 8e-3)]
)
def test_products(left: str, right: str, dtype: torch.dtype, tolerance: float) -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(shape, generator=generator).to(dtype) for shape in ((6, 20), (20, 33)))
    bias = torch.randn(6, generator=generator).to(dtype)
    x, y = LAYOUTS[left](a), LAYOUTS[right](b)
    exact = a.double() @ b.double()

    def assert_close(product: Tensor, expected: Tensor) -> None:
        torch.testing.assert_close(product.double(), expected, rtol=0, atol=tolerance * float(expected.abs().max()))

    assert_close(multiply(x, y), exact)
    out = torch.empty(6, 33, dtype=dtype)
    assert multiply(x, y, out=out) is out
    assert_close(out, exact)
    assert_close(multiply_with_scratch(x, y, scratch=torch.empty_like(out)), exact)
    assert_close(affine_with_scratch(x, y, bias, scratch=torch.empty_like(out)), exact + bias.double()[:, None])
    total = torch.ones(6, 33, dtype=dtype)
    add_product(total, x, y)
    assert_close(total, exact + 1)


def test_sums_and_results_in_another_dtype() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(shape, generator=generator).bfloat16() for shape in ((6, 20), (20, 33)))
    product = (a @ b).float()
    total = torch.full((6, 33), 1e-3)
    add_product(total, a, b)
    assert torch.equal(total, product + 1e-3)
    assert torch.equal(multiply(a, b, out=torch.empty(6, 33)), product)


def test_wide_matrices_are_multiplied_in_blocks_of_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(shape, generator=generator) for shape in ((6, 20), (20, 33)))
    monkeypatch.setattr(products, "MAX_COLUMNS", 8)
    torch.testing.assert_close(multiply(a, b, out=torch.full((6, 33), torch.nan)), a @ b)


@pytest.mark.parametrize(
    ("processor", "chosen"),
    [
        ({"cpu_name": "AMD EPYC", "avx512_f": True}, True),
        ({"cpu_name": "AMD Ryzen", "avx512_f": False}, False),
        ({"cpu_name": "Intel Xeon", "avx512_f": True}, False),
        ({}, False),
    ],
)
def test_onednn_is_chosen_only_on_amd_processors_with_avx512(
    processor: dict[str, object], chosen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (torch.backends.mkl.is_available() and torch.backends.mkldnn.is_available()):  # type: ignore[no-untyped-call]
        pytest.skip("this torch does not have both libraries")
    monkeypatch.setattr(products, "cpu_capabilities", lambda: processor)
    assert ONEDNN_IS_FASTER.__wrapped__() is chosen
