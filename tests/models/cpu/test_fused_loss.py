"""The fused loss equals the plain one: values, gradients, weights; and only gradients are saved."""

from __future__ import annotations

import threading
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drumhead.models import READOUTS, PixelMLP, Readout, ReadoutName, build_readout
from drumhead.models.cpu import pixel_blocks
from drumhead.models.cpu.fused_inference import fused_logits
from drumhead.models.cpu.fused_loss import fused_cross_entropy
from drumhead.models.cpu.state_stream import StoredStates
from drumhead.models.readout_head import ReadoutHead

NAMES: tuple[ReadoutName, ...] = tuple(READOUTS)
every_readout = pytest.mark.parametrize("name", NAMES)


class Case(NamedTuple):
    """The inputs of a loss."""

    field: Tensor
    masks: Tensor
    weights: Tensor
    readout: Readout
    network: PixelMLP

    def plain(self) -> Tensor:
        losses = F.cross_entropy(self.network(self.readout(self.field)), self.masks, reduction="none")
        return (losses * self.weights).sum()

    def fused(self) -> Tensor:
        loss: Tensor = fused_cross_entropy(
            StoredStates, self.field, self.masks, self.weights, head=self.head, parameters=[], workspaces=[]
        )
        return loss

    @property
    def head(self) -> ReadoutHead:
        return ReadoutHead(self.readout, list(self.network.layers))

    @property
    def inputs(self) -> list[Tensor]:
        return [self.field, *self.readout.parameters(), *self.network.parameters()]

    def double(self) -> Case:
        """Return the same case in float64."""
        readout = build_readout(self.readout.name, steps=self.field.shape[1], channels=self.field.shape[2])
        readout.load_state_dict(self.readout.state_dict())
        widths = [layer.out_features for layer in self.network.layers if isinstance(layer, nn.Linear)]
        network = PixelMLP(self.readout.features, widths[-1], widths=widths[:-1])
        network.load_state_dict(self.network.state_dict())
        field = self.field.detach().double().requires_grad_()
        return Case(field, self.masks, self.weights.double(), readout.double(), network.double())


def make_case(
    name: ReadoutName,
    *,
    widths: tuple[int, ...] = (16,),
    shape: tuple[int, int, int, int, int] = (3, 7, 2, 5, 9),
    classes: int = 4,
    dtype: torch.dtype = torch.float64,
) -> Case:
    """Return a random case. ``shape`` is that of the field; some pixels have weight 0."""
    batch, steps, channels, height, width = shape
    readout = build_readout(name, steps=steps, channels=channels).to(dtype)
    network = PixelMLP(readout.features, classes, widths=widths).to(dtype)
    weights = torch.rand(batch, height, width, dtype=dtype)
    weights[-1, : height // 2] = 0
    field = torch.randn(shape, dtype=dtype, requires_grad=True)
    return Case(field, torch.randint(classes, (batch, height, width)), weights, readout, network)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 pixels, the smallest size."""
    monkeypatch.setattr(pixel_blocks, "CACHE_BYTES", 1)


@every_readout
@pytest.mark.parametrize("widths", [(), (16,), (32, 8, 16)], ids=str)
@pytest.mark.parametrize("shape", [(3, 7, 2, 5, 9), (2, 8, 3, 11, 13), (1, 1, 1, 1, 1)], ids=str)
@pytest.mark.usefixtures("small_blocks")
def test_agrees_with_the_definition(
    name: ReadoutName, widths: tuple[int, ...], shape: tuple[int, int, int, int, int]
) -> None:
    case = make_case(name, widths=widths, shape=shape)
    plain, fused = case.plain(), case.fused()
    torch.testing.assert_close(fused, plain, rtol=1e-12, atol=1e-13)
    # A factor other than 1 shows that the backward pass uses the gradient of the loss.
    gradients, expected = (torch.autograd.grad(0.3 * loss, case.inputs) for loss in (fused, plain))
    for gradient, reference in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, reference, rtol=1e-10, atol=1e-12)
    with torch.no_grad():
        logits = fused_logits(StoredStates, case.field, head=case.head, classes=4, workspaces=[])
        torch.testing.assert_close(logits, case.network(case.readout(case.field)), rtol=1e-12, atol=1e-13)


@every_readout
def test_float32_is_as_close_to_float64_as_the_plain_engine(name: ReadoutName) -> None:
    """Only the largest distance counts, since one ReLU that flips can change single gradients in either engine."""
    case = make_case(name, widths=(64, 64), shape=(2, 50, 2, 24, 24), dtype=torch.float32)
    exact = case.double()
    truth = [exact.plain().detach(), *torch.autograd.grad(exact.plain(), exact.inputs)]

    def distance(loss: Tensor) -> float:
        results = [loss.detach(), *torch.autograd.grad(loss, case.inputs)]
        return max(float((a - b).norm() / b.norm()) for a, b in zip(results, truth, strict=True))

    assert distance(case.fused()) < 3 * distance(case.plain()) + 1e-6


@every_readout
def test_gradcheck(name: ReadoutName) -> None:
    case = make_case(name, widths=(5,), shape=(1, 4, 2, 2, 3), classes=3)

    def loss(field: Tensor, *_: Tensor) -> Tensor:
        return case._replace(field=field).fused()

    assert torch.autograd.gradcheck(loss, case.inputs)


def test_fourier_magnitude_of_a_zero_field_has_gradient_0() -> None:
    case = make_case("fft")
    zero = case._replace(field=torch.zeros_like(case.field).requires_grad_())
    assert not torch.autograd.grad(zero.fused(), zero.field)[0].any()


def test_tied_maxima_share_the_gradient() -> None:
    case = make_case("max")
    tied = case._replace(field=(case.field.detach().sign()).requires_grad_())
    fused, plain = (torch.autograd.grad(loss, tied.field)[0] for loss in (tied.fused(), tied.plain()))
    torch.testing.assert_close(fused, plain)


@every_readout
@pytest.mark.usefixtures("small_blocks")
def test_same_bits_for_any_number_of_threads(name: ReadoutName) -> None:
    case = make_case(name, shape=(5, 6, 2, 16, 17), dtype=torch.float32)
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 2):
            torch.set_num_threads(threads)
            loss = case.fused()
            assert torch.get_num_threads() == threads
            results.append([loss.detach(), *torch.autograd.grad(loss, case.inputs)])
    finally:
        torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(result, results[0], strict=True))


@pytest.mark.usefixtures("small_blocks")
def test_an_error_in_a_thread_is_raised_and_keeps_the_number_of_threads() -> None:
    case = make_case("linear", shape=(4, 6, 2, 16, 16))
    before, alive = torch.get_num_threads(), threading.active_count()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="out of bounds"):
            case._replace(masks=case.masks + 7).fused()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert threading.active_count() == alive


def test_saves_only_gradients_for_the_backward_pass() -> None:
    case = make_case("linear", widths=(64, 64))
    saved: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor):  # type: ignore[func-returns-value]
        case.fused()
    assert sum(tensor.numel() for tensor in saved) == sum(tensor.numel() for tensor in case.inputs)


def test_computes_only_the_gradients_that_are_needed() -> None:
    case = make_case("linear")
    expected = case.plain()
    with torch.no_grad():
        assert not case.fused().requires_grad
        torch.testing.assert_close(case.fused(), expected)
    without_field = case._replace(field=case.field.detach())
    torch.autograd.backward(without_field.fused())
    for parameter, gradient in zip(case.inputs[1:], torch.autograd.grad(expected, case.inputs[1:]), strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
    for parameter in case.inputs[1:]:
        parameter.requires_grad_(False)
    torch.testing.assert_close(
        torch.autograd.grad(case.fused(), case.field), torch.autograd.grad(case.plain(), case.field)
    )


def test_the_backward_pass_may_run_again_and_accumulates() -> None:
    case = make_case("linear")
    loss = case.fused()
    for _ in range(3):
        torch.autograd.backward(loss, retain_graph=True)
    for tensor, gradient in zip(case.inputs, torch.autograd.grad(case.plain(), case.inputs), strict=True):
        torch.testing.assert_close(tensor.grad, 3 * gradient)


def test_second_derivatives_are_refused() -> None:
    case = make_case("linear")
    with pytest.raises(NotImplementedError, match="engine='plain'"):
        torch.autograd.grad(case.fused(), case.field, create_graph=True)
