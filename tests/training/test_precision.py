"""Training with bfloat16 products: the choice of precision and its effect on the numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from drumhead.data import Dataset
from drumhead.experiments import Recipe
from drumhead.training.precision import resolve_precision

from .tiny_runs import MODELS, assert_same_training, fit, last_weights, tiny_experiment


@pytest.mark.parametrize("model", MODELS)
def test_bfloat16_rounds_products_and_keeps_the_weights(model: str, boards: Dataset, tmp_path: Path) -> None:
    single, half, again = (
        fit(tiny_experiment(model, epochs=2, precision=precision), boards, tmp_path / folder)
        for folder, precision in (("single", "float32"), ("half", "bf16"), ("again", "bf16"))
    )
    assert_same_training(half, again)
    weights, rounded = last_weights(single), last_weights(half)
    assert all(values.dtype in (torch.float32, torch.int64) for values in rounded.values())
    assert any(not torch.equal(weights[name], rounded[name]) for name in weights)
    all_of_one, all_of_other = (torch.cat([v.flatten().float() for v in w.values()]) for w in (weights, rounded))
    assert (all_of_one - all_of_other).norm() < 0.1 * all_of_one.norm()
    assert half.config.machine["precision"] == "bf16"
    assert single.config.machine["precision"] == "float32"


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({"amx_bf16": True}, "bf16"), ({"avx512_bf16": True}, "bf16"), ({"avx2": True}, "float32")],
)
def test_auto_depends_on_the_processor(
    capabilities: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert resolve_precision(Recipe(precision="auto"), torch.device("cpu")) == expected


def test_auto_is_float32_if_torch_does_not_report_capabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert resolve_precision(Recipe(precision="auto"), torch.device("cpu")) == "float32"


def test_auto_depends_on_the_gpu_when_training_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for supported, expected in ((True, "bf16"), (False, "float32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, answer=supported: answer)
        assert resolve_precision(Recipe(precision="auto"), torch.device("cuda")) == expected
    assert resolve_precision(Recipe(precision="auto"), torch.device("mps")) == "float32"
