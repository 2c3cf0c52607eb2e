"""Whether the fused engine can run on a device: decided without one."""

from __future__ import annotations

import sys
import types

import pytest
import torch

from drumhead.fields import engine

CUDA = torch.device("cuda")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment like that of an A100 with Triton."""
    triton = types.ModuleType("triton")
    triton.__version__ = "3.7.1"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "triton", triton)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 0))
    monkeypatch.setattr(torch.version, "hip", None)
    return monkeypatch


def test_a_gpu_with_triton_takes_the_fused_engine(gpu: pytest.MonkeyPatch) -> None:
    assert engine.device_unsupported_reason(CUDA, torch.float32) is None
    assert engine.compiler_failure(CUDA) is None


def test_a_gpu_without_triton_takes_plain(gpu: pytest.MonkeyPatch) -> None:
    gpu.setitem(sys.modules, "triton", None)
    assert "needs Triton" in str(engine.compiler_failure(CUDA))
    assert not engine.use_fused("auto", lambda: engine.compiler_failure(CUDA))
    with pytest.raises(ValueError, match="needs Triton"):
        engine.use_fused("fused", lambda: engine.compiler_failure(CUDA))


def test_other_gpus_take_plain(gpu: pytest.MonkeyPatch) -> None:
    assert "got one on mps" in str(engine.device_unsupported_reason(torch.device("mps"), torch.float32))
    gpu.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert "capability 8.0, got 7.5" in str(engine.compiler_failure(CUDA))
    gpu.setattr(torch.version, "hip", "6.4")
    assert "for AMD" in str(engine.compiler_failure(CUDA))


def test_an_old_triton_takes_plain(gpu: pytest.MonkeyPatch) -> None:
    gpu.setattr(sys.modules["triton"], "__version__", "3.1.0")
    assert "needs Triton 3.7, got 3.1" in str(engine.compiler_failure(CUDA))


def test_float64_on_a_gpu_takes_plain() -> None:
    assert engine.device_unsupported_reason(torch.device("cpu"), torch.float64) is None
    assert "needs float32, got torch.float64" in str(engine.device_unsupported_reason(CUDA, torch.float64))
