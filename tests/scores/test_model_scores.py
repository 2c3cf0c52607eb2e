"""Scoring a model leaves it unchanged."""

from __future__ import annotations

import math

import pytest
import torch

from drumhead.scores import evaluate_model

NAMES = ["background", "square", "disc"]


class Noisy(torch.nn.Module):
    """A model that in training mode draws random numbers and updates its statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm2d(3)
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert torch.is_inference_mode_enabled()
        return torch.as_tensor(self.drop(self.norm(images)))


def test_evaluate_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    batches = [
        (torch.rand(2, 3, 4, 4, generator=generator), torch.randint(3, (2, 4, 4), generator=generator)) for _ in "ab"
    ]
    model = Noisy().train()
    model.norm.eval()  # a module in evaluation mode must stay in it
    state, weights = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    scores = evaluate_model(model, batches, NAMES)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())
    assert (model.training, model.drop.training, model.norm.training) == (True, True, False)
    assert scores.images == 4
    assert scores == evaluate_model(model, batches, NAMES)


def test_evaluate_restores_the_mode_after_an_error() -> None:
    model = torch.nn.Identity().train()
    batch = (torch.full((1, 3, 2, 2), math.nan), torch.zeros(1, 2, 2, dtype=torch.long))
    with pytest.raises(FloatingPointError, match=r"must be finite; image 0 of the batch gave nan"):
        evaluate_model(model, [batch], NAMES)
    assert model.training


def test_at_least_one_batch_is_required() -> None:
    with pytest.raises(ValueError, match="at least one batch"):
        evaluate_model(torch.nn.Identity(), [], NAMES)
