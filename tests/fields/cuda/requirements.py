"""What tests of Triton kernels need, and the reasons for which they are skipped."""

from __future__ import annotations

import importlib.util
import os

import pytest
import torch


def interpreter_missing() -> str | None:
    """Return why Triton's interpreter cannot run kernels on the CPU in this process; None if it can."""
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed; `make test-triton` installs it"
    if os.environ.get("TRITON_INTERPRET") != "1":
        return "runs in Triton's interpreter: TRITON_INTERPRET=1, as `make test-triton` sets it"
    return None


def gpu_missing() -> str | None:
    """Return why kernels cannot run on a GPU in this process; None if they can."""
    if not torch.cuda.is_available():
        return "needs a CUDA device"
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    if os.environ.get("TRITON_INTERPRET") == "1":
        return "TRITON_INTERPRET=1 runs kernels on the CPU"
    return None


interpreted = pytest.mark.skipif(interpreter_missing() is not None, reason=interpreter_missing() or "")
"""Marks a test that runs kernels on the CPU, in Triton's interpreter."""

on_gpu = [pytest.mark.gpu, pytest.mark.skipif(gpu_missing() is not None, reason=gpu_missing() or "")]
"""Marks a file of tests that need a GPU."""
