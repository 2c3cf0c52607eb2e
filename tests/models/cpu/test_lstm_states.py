"""LSTMStates: loss, gradients and predictions equal those of the plain engine, and which models use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from drumhead.fields import Boundary, CellState, LSTMCell
from drumhead.fields.cpu.lstm import LSTMState
from drumhead.models import READOUTS, ConvRNN, ConvRNNConfig, PixelMLP, ReadoutName
from drumhead.models.cpu import lstm_states
from drumhead.models.cpu.lstm_states import LSTMStates, lstm_kernel
from drumhead.models.cpu.state_stream import StateStream, StoredStates
from drumhead.models.cpu.workspace import Workspace

every_readout = pytest.mark.parametrize("readout", tuple(READOUTS))


def network(engine: str = "fused", *, name: str = "conv_lstm", **fields: Any) -> ConvRNN:
    """Return a network whose weights do not depend on the engine."""
    torch.manual_seed(1)
    config = ConvRNNConfig(**{"name": name, "engine": engine, "steps": 5, "pixel_widths": (16,), **fields})
    return ConvRNN(config, in_channels=1, classes=4)


def batch(
    count: int = 3, *, height: int = 7, width: int = 9, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    images = torch.rand(count, 1, height, width, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
    return images, torch.randint(4, (count, height, width), generator=generator)


def loss_and_gradients(model: ConvRNN, images: Tensor, masks: Tensor) -> list[Tensor]:
    loss = model.loss(images, masks)
    return [loss.detach(), *torch.autograd.grad(loss, [images, *model.parameters()])]


def assert_all_close(results: list[Tensor], expected: list[Tensor]) -> None:
    for result, reference in zip(results, expected, strict=True):
        torch.testing.assert_close(result, reference, rtol=1e-9, atol=1e-12)


@every_readout
@pytest.mark.parametrize("channels", [1, 2])
def test_loss_and_gradients_equal_those_of_the_plain_engine(readout: ReadoutName, channels: int) -> None:
    images, masks = batch()
    plain, fused = (
        network(engine, readout=readout, hidden_channels=channels).double() for engine in ("plain", "fused")
    )
    assert isinstance(fused.make_stream(images, Workspace()), LSTMStates)
    assert_all_close(loss_and_gradients(fused, images, masks), loss_and_gradients(plain, images, masks))
    with torch.no_grad():
        torch.testing.assert_close(fused(images), plain(images))


@pytest.mark.parametrize("boundary", get_args(Boundary))
def test_boundaries(boundary: Boundary) -> None:
    images, masks = batch()
    plain, fused = (network(engine, boundary=boundary).double() for engine in ("plain", "fused"))
    assert_all_close(loss_and_gradients(fused, images, masks), loss_and_gradients(plain, images, masks))


@every_readout
def test_gradcheck(readout: ReadoutName) -> None:
    model = network(readout=readout, hidden_channels=1, width=1, steps=3, pixel_widths=(3,)).double()
    images, masks = batch(1, height=3, width=4)

    def loss(*_: Tensor) -> Tensor:  # gradcheck changes the model's parameters in place
        return model.loss(images, masks)

    assert torch.autograd.gradcheck(loss, (images, *model.parameters()))


@every_readout
@pytest.mark.parametrize("chunk_steps", [1, 2, 4, 7])
def test_chunks_give_the_results_of_the_whole_field(
    readout: ReadoutName, chunk_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, masks = batch()
    model = network(readout=readout).double()
    expected = loss_and_gradients(model, images, masks)
    logits = model(images).detach()

    def make_stream(images: Tensor, workspace: Workspace) -> StateStream:
        inputs, (hidden, memory) = model.start(images)
        kernel = lstm_kernel(model.cell, model.next_input)
        assert kernel is not None
        assert memory is not None
        state = LSTMState(inputs, hidden, memory)
        return LSTMStates(state, kernel, steps=5, chunk_steps=chunk_steps, workspace=workspace)

    monkeypatch.setattr(model, "make_stream", make_stream)
    assert_all_close(loss_and_gradients(model, images, masks), expected)
    with torch.no_grad():
        torch.testing.assert_close(model(images), logits)


def test_a_chunk_has_as_many_steps_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lstm_states, "CHUNK_BYTES", 100_000)
    model, images = network(steps=200), torch.zeros(1, 1, 13, 16)
    stream = model.make_stream(images, Workspace())
    with torch.no_grad():
        forward_only = model.make_stream(images, Workspace())
    assert isinstance(stream, LSTMStates)
    assert isinstance(forward_only, LSTMStates)
    assert forward_only.chunk_steps == 100_000 // (2 * 13 * 16 * 4)
    assert 1 < stream.chunk_steps < forward_only.chunk_steps / 3


def test_float32_is_as_close_to_float64_as_the_plain_engine() -> None:
    images, masks = batch(2, height=24, width=24)
    exact = loss_and_gradients(network("plain", steps=20).double(), images, masks)

    def distance(engine: str) -> float:
        single = images.detach().float().requires_grad_()
        results = loss_and_gradients(network(engine, steps=20), single, masks)
        return max(float((a - b).norm() / b.norm()) for a, b in zip(results, exact, strict=True))

    assert distance("fused") < 3 * distance("plain") + 1e-6


def test_the_same_bits_for_any_number_of_threads() -> None:
    images, masks = batch(5, dtype=torch.float32)
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 2):
            torch.set_num_threads(threads)
            results.append(loss_and_gradients(network(), images, masks))
    finally:
        torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(result, results[0], strict=True))


def test_computes_only_the_gradients_that_are_needed() -> None:
    images, masks = batch()
    model = network().double()
    names = [name for name, _ in model.named_parameters()]
    expected = dict(zip(["loss", "images", *names], loss_and_gradients(model, images, masks), strict=True))
    for frozen in ("cell", "encoder", "next_input"):
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(frozen not in name)
        model.zero_grad()
        torch.autograd.backward(model.loss(images.detach(), masks))
        for name, parameter in model.named_parameters():
            if frozen in name:
                assert parameter.grad is None
            else:
                torch.testing.assert_close(parameter.grad, expected[name])
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    torch.testing.assert_close(torch.autograd.grad(model.loss(images, masks), images)[0], expected["images"])


def test_images_of_any_strides() -> None:
    images, masks = batch(8)
    model = network().double()
    expected = loss_and_gradients(model, images, masks)
    strided = images.detach().mT.contiguous().mT.to(memory_format=torch.channels_last).requires_grad_()
    assert_all_close(loss_and_gradients(model, strided, masks), expected)


def test_bfloat16_products_do_not_change_the_recurrence() -> None:
    images, masks = batch(4, height=16, width=16, dtype=torch.float32)
    results = []
    for engine, autocast in (("plain", False), ("fused", True)):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            tensors = loss_and_gradients(network(engine), images, masks)
        results.append(torch.cat([values.flatten() for values in tensors]))
    exact, half = results
    assert half.dtype == torch.float32
    assert 1e-4 * exact.norm() < (half - exact).norm() < 0.03 * exact.norm()


class CellWithoutMemory(LSTMCell):
    """An LSTM cell that sets its memory to 0 at each step."""

    def forward(self, inputs: Tensor, state: CellState) -> CellState:
        return CellState(super().forward(inputs, state).hidden, torch.zeros_like(state.hidden))


class DoubledStates(ConvRNN):
    """A subclass with other states."""

    def states(self, images: Tensor) -> Tensor:
        return 2 * super().states(images)


def unsupported_networks() -> Iterator[tuple[str, Callable[[str], ConvRNN]]]:
    """Yield functions that build a network that the compiled LSTM does not support, with an id for each."""

    def changed(change: Callable[[ConvRNN], Any], **fields: Any) -> Callable[[str], ConvRNN]:
        def make(engine: str) -> ConvRNN:
            model = network(engine, **fields)
            change(model)
            return model.double()

        return make

    def subclass_cell(model: ConvRNN) -> None:
        cell = CellWithoutMemory(2)
        cell.load_state_dict(model.cell.state_dict())
        model.cell = cell

    def add_layer(model: ConvRNN) -> None:
        model.next_input = PixelMLP(2, 2, widths=[4, 4])

    def replace_relu(model: ConvRNN) -> None:
        model.next_input.layers[1] = nn.GELU()

    def remove_bias(model: ConvRNN) -> None:
        model.next_input.layers[2] = nn.Linear(4, 2, bias=False)

    yield "gru", changed(lambda model: None, name="conv_gru")
    yield "rnn", changed(lambda model: None, name="conv_rnn")
    for change in (subclass_cell, add_layer, replace_relu, remove_bias):
        yield change.__name__, changed(change)
    yield "states", lambda engine: DoubledStates(network(engine).config, in_channels=1, classes=4).double()


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in unsupported_networks()])
def test_unsupported_networks_are_computed_by_torch(make: Callable[[str], ConvRNN]) -> None:
    images, masks = batch()
    torch.manual_seed(3)
    plain, fused = make("plain"), make("fused")
    fused.load_state_dict(plain.state_dict())
    assert isinstance(fused.make_stream(images, Workspace()), StoredStates)
    assert_all_close(loss_and_gradients(fused, images, masks), loss_and_gradients(plain, images, masks))


def add_hook(model: ConvRNN) -> None:
    model.next_input.register_forward_hook(lambda module, inputs, output: output / 2)


def add_parametrization(model: ConvRNN) -> None:
    assert isinstance(model.cell, LSTMCell)
    nn.utils.parametrizations.weight_norm(model.cell.gates)


@pytest.mark.parametrize("change", [add_hook, add_parametrization])
def test_hooks_and_parametrizations_are_computed_by_torch(change: Callable[[ConvRNN], None]) -> None:
    """With ``auto`` they have their effect; with ``fused`` they are refused."""
    images, masks = batch()
    plain, auto, fused = (network(engine).double() for engine in ("plain", "auto", "fused"))
    without_change = loss_and_gradients(plain, images, masks)[0]
    for model in (plain, auto, fused):
        change(model)
    assert_all_close(loss_and_gradients(auto, images, masks), loss_and_gradients(plain, images, masks))
    if change is add_hook:
        assert not torch.equal(auto.loss(images, masks).detach(), without_change)
    with pytest.raises(ValueError, match="it does not"):
        fused.loss(images, masks)
