"""The hyperbolic tangent of the kernels against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled
from drumhead.fields.cpu.kernels.fast_tanh import fast_tanh


def test_float32() -> None:
    tiny = np.geomspace(1e-37, 1e-3, 10_000, dtype=np.float32)
    dense = np.linspace(0, 12, 2_000_001, dtype=np.float32)
    large = np.geomspace(12, 3e38, 1000, dtype=np.float32)
    x = np.concatenate([tiny, dense[1:], large])
    result, exact = tanh_of(x), np.tanh(x.astype(np.float64))
    assert np.abs(result - exact).max() < 5e-7
    assert (np.abs(result - exact) / exact).max() < 5e-7
    assert result.max() == 1
    assert (result[-1000:] == 1).all()
    np.testing.assert_array_equal(tanh_of(-x), -result)
    special = tanh_of(np.array([0, np.inf, -np.inf, np.nan], np.float32))
    np.testing.assert_array_equal(special, [0, 1, -1, np.nan])


def test_float64_is_exact() -> None:
    x = np.linspace(-20, 20, 1001)
    np.testing.assert_allclose(tanh_of(x), np.tanh(x), rtol=1e-15)


def tanh_of(x: NDArray[Any]) -> NDArray[Any]:
    @compiled
    def fill(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = fast_tanh(x[i])

    out = np.empty_like(x)
    fill(x, out)
    return out
