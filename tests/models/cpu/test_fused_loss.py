"""The fused loss is the plain one: values, gradients, weights, and nothing kept but gradients."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drumhead.models import (
    CNN,
    NWM,
    READOUTS,
    ConvRNN,
    ConvRNNConfig,
    NWMConfig,
    PixelMLP,
    PixelSample,
    Readout,
    ReadoutName,
    RecurrentSegmenter,
    build,
    build_readout,
    sample_pixels,
)
from drumhead.models.cpu import pixel_blocks
from drumhead.models.cpu.fused_loss import fused_cross_entropy, fused_logits
from drumhead.models.cpu.readouts import MaxKernel, ReadoutCache
from drumhead.models.cpu.state_stream import StoredStates
from drumhead.models.fused_segmenter import FusedSegmenter
from drumhead.models.pixel_weights import pixel_weights, sampled_weights
from drumhead.models.readout_head import ReadoutHead
from drumhead.models.readouts import LastReadout

NAMES: tuple[ReadoutName, ...] = tuple(READOUTS)
EVERY_READOUT = pytest.mark.parametrize("name", NAMES)


class Case(NamedTuple):
    """What a loss is computed of."""

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
        modules = [build_readout(self.readout.name, steps=self.field.shape[1], channels=self.field.shape[2])]
        modules[0].load_state_dict(self.readout.state_dict())
        widths = [layer.out_features for layer in self.network.layers if isinstance(layer, nn.Linear)]
        network = PixelMLP(self.readout.features, widths[-1], widths=widths[:-1])
        network.load_state_dict(self.network.state_dict())
        field = self.field.detach().double().requires_grad_()
        return Case(field, self.masks, self.weights.double(), modules[0].double(), network.double())


def case(
    name: ReadoutName,
    *,
    widths: tuple[int, ...] = (16,),
    shape: tuple[int, int, int, int, int] = (3, 7, 2, 5, 9),
    classes: int = 4,
    dtype: torch.dtype = torch.float64,
) -> Case:
    """A random case; ``shape`` is of the field, and a few pixels have no weight."""
    batch, steps, channels, height, width = shape
    readout = build_readout(name, steps=steps, channels=channels).to(dtype)
    network = PixelMLP(readout.features, classes, widths=widths).to(dtype)
    weights = torch.rand(batch, height, width, dtype=dtype)
    weights[-1, : height // 2] = 0
    field = torch.randn(shape, dtype=dtype, requires_grad=True)
    return Case(field, torch.randint(classes, (batch, height, width)), weights, readout, network)


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    """Torch has as many threads after a test as before."""
    before = torch.get_num_threads()
    yield
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert after == before


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 64 pixels, the smallest there are."""
    monkeypatch.setattr(pixel_blocks, "CACHE_BYTES", 1)


@EVERY_READOUT
@pytest.mark.parametrize("widths", [(), (16,), (32, 8, 16)], ids=str)
@pytest.mark.parametrize("shape", [(3, 7, 2, 5, 9), (2, 8, 3, 11, 13), (1, 1, 1, 1, 1)], ids=str)
@pytest.mark.usefixtures("small_chunks")
def test_agrees_with_the_definition(
    name: ReadoutName, widths: tuple[int, ...], shape: tuple[int, int, int, int, int]
) -> None:
    it = case(name, widths=widths, shape=shape)
    expected, loss = it.plain(), it.fused()
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-13)
    # A factor that is not 1 goes through the backward pass.
    for ours, theirs in zip(
        torch.autograd.grad(0.3 * loss, it.inputs), torch.autograd.grad(0.3 * expected, it.inputs), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    with torch.no_grad():
        logits = fused_logits(StoredStates, it.field, head=it.head, classes=4, workspaces=[])
        torch.testing.assert_close(logits, it.network(it.readout(it.field)), rtol=1e-12, atol=1e-13)


@EVERY_READOUT
def test_float32_is_as_near_to_float64_as_the_plain_path(name: ReadoutName) -> None:
    """Distances of all gradients together: one ReLU that flips moves single ones in either path."""
    it = case(name, widths=(64, 64), shape=(2, 50, 2, 24, 24), dtype=torch.float32)
    exact = it.double()
    truth = [exact.plain().detach(), *torch.autograd.grad(exact.plain(), exact.inputs)]

    def distance(loss: Tensor) -> list[float]:
        found = [loss.detach(), *torch.autograd.grad(loss, it.inputs)]
        return [float((a - b).norm() / b.norm()) for a, b in zip(found, truth, strict=True)]

    assert max(distance(it.fused())) < 3 * max(distance(it.plain())) + 1e-6


@EVERY_READOUT
def test_gradcheck(name: ReadoutName) -> None:
    it = case(name, widths=(5,), shape=(1, 4, 2, 2, 3), classes=3)

    def loss(field: Tensor, *_: Tensor) -> Tensor:
        return it._replace(field=field).fused()

    assert torch.autograd.gradcheck(loss, it.inputs)


def test_fourier_magnitude_of_silence_has_no_gradient() -> None:
    it = case("fft")
    still = it._replace(field=torch.zeros_like(it.field).requires_grad_())
    assert not torch.autograd.grad(still.fused(), still.field)[0].any()


def test_tied_maxima_share_the_gradient() -> None:
    it = case("max")
    tied = it._replace(field=(it.field.detach().sign()).requires_grad_())
    ours, theirs = (torch.autograd.grad(loss, tied.field)[0] for loss in (tied.fused(), tied.plain()))
    torch.testing.assert_close(ours, theirs)


@EVERY_READOUT
@pytest.mark.usefixtures("small_chunks")
def test_same_bits_for_any_number_of_threads(name: ReadoutName) -> None:
    it = case(name, shape=(5, 6, 2, 16, 17), dtype=torch.float32)
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 2):
            torch.set_num_threads(threads)
            loss = it.fused()
            assert torch.get_num_threads() == threads
            results.append([loss.detach(), *torch.autograd.grad(loss, it.inputs)])
    finally:
        torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(result, results[0], strict=True))


@pytest.mark.usefixtures("small_chunks")
def test_an_error_in_a_thread_is_raised_and_leaves_torch_as_it_was() -> None:
    it = case("linear", shape=(4, 6, 2, 16, 16))
    before, alive = torch.get_num_threads(), threading.active_count()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="out of bounds"):
            it._replace(masks=it.masks + 7).fused()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert threading.active_count() == alive


def test_keeps_nothing_but_gradients() -> None:
    it = case("linear", widths=(64, 64))
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):  # type: ignore[func-returns-value]
        it.fused()
    assert sum(tensor.numel() for tensor in kept) == sum(tensor.numel() for tensor in it.inputs)


def test_makes_only_the_gradients_that_are_wanted() -> None:
    it = case("linear")
    expected = it.plain()
    with torch.no_grad():
        assert not it.fused().requires_grad
        torch.testing.assert_close(it.fused(), expected)
    still = it._replace(field=it.field.detach())
    torch.autograd.backward(still.fused())
    for parameter, gradient in zip(it.inputs[1:], torch.autograd.grad(expected, it.inputs[1:]), strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
    for parameter in it.inputs[1:]:
        parameter.requires_grad_(False)
    torch.testing.assert_close(torch.autograd.grad(it.fused(), it.field), torch.autograd.grad(it.plain(), it.field))


def test_backward_may_run_again_and_adds_up() -> None:
    it = case("linear")
    loss = it.fused()
    for _ in range(3):
        torch.autograd.backward(loss, retain_graph=True)
    for tensor, gradient in zip(it.inputs, torch.autograd.grad(it.plain(), it.inputs), strict=True):
        torch.testing.assert_close(tensor.grad, 3 * gradient)


def test_second_derivatives_are_refused() -> None:
    it = case("linear")
    with pytest.raises(NotImplementedError, match="engine='plain'"):
        torch.autograd.grad(it.fused(), it.field, create_graph=True)


# What torch itself looks at after a break in the graph.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_works_among_compiled_code() -> None:
    _, fused = engines()
    images, masks = torch.rand(2, 1, 6, 5, dtype=torch.float64), torch.randint(4, (2, 6, 5))
    compiled = torch.compile(lambda images, masks: 2 * fused.loss(images.sqrt(), masks), backend="aot_eager")
    ours, theirs = compiled(images, masks), 2 * fused.loss(images.sqrt(), masks)
    torch.testing.assert_close(ours, theirs)
    parameters = list(fused.parameters())
    for a, b in zip(torch.autograd.grad(ours, parameters), torch.autograd.grad(theirs, parameters), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_does_not_hang_in_a_forked_process() -> None:
    """Torch's own threads do, once the parent has used them."""
    script = """
import os, signal, torch
from drumhead.models import NWM, NWMConfig
torch.set_num_threads(2)
model = NWM(NWMConfig(steps=3, engine="fused"), in_channels=1, classes=3)
images, masks = torch.rand(4, 1, 6, 6), torch.ones(4, 6, 6, dtype=torch.int64)
model.loss(images, masks).backward()
torch.ones(1_000_000).exp()  # starts torch's threads
child = os.fork()
signal.alarm(20)
loss = model.loss(images, masks)  # makes the gradients as well
if child:
    assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env={**os.environ, "OMP_NUM_THREADS": "2"})


def engines(**fields: Any) -> Iterator[NWM]:
    """The same network with the plain and with the fused engine."""
    for engine in ("plain", "fused"):
        torch.manual_seed(1)
        config = NWMConfig(steps=6, pixel_widths=(16,), engine=engine, **fields)
        yield NWM(config, in_channels=1, classes=4).double()


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("ignored", [None, 2, 255])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_and_ignored_pixels_as_in_cross_entropy(sampled: bool, ignored: int | None, weighted: bool) -> None:
    images, masks = torch.rand(3, 1, 9, 8, dtype=torch.float64), torch.randint(4, (3, 9, 8))
    if ignored == 255:
        masks[torch.rand(masks.shape) < 0.3] = 255
    options: dict[str, Any] = {"ignored_label": ignored}
    if weighted:
        options["class_weights"] = torch.tensor([0.2, 1.0, 3.0, 0.0])
    if sampled:
        options["pixels"] = sample_pixels(masks, 40, generator=torch.Generator().manual_seed(3))
    gradients = []
    for model in engines():
        loss = model.loss(images, masks, **options)
        gradients.append([loss, *torch.autograd.grad(loss, list(model.parameters()))])
    for plain, fused in zip(*gradients, strict=True):
        torch.testing.assert_close(fused, plain, rtol=1e-6 if sampled else 1e-9, atol=1e-10)


def test_a_sample_of_every_pixel_is_the_whole_loss() -> None:
    """Also with class weights and ignored pixels: the mean is over the whole mask, not over what was drawn."""
    images, masks = torch.rand(2, 1, 5, 6, dtype=torch.float64), torch.randint(4, (2, 5, 6))
    pixel = torch.arange(30).repeat(2, 2)  # every pixel twice
    sample = PixelSample(pixel, torch.full(pixel.shape, 1 / 60, dtype=torch.float64))
    options: dict[str, Any] = {"class_weights": torch.tensor([0.2, 1.0, 3.0, 0.5]), "ignored_label": 1}
    for model in engines():
        whole = model.loss(images, masks, **options)
        torch.testing.assert_close(model.loss(images, masks, pixels=sample, **options), whole)


def test_sampled_shares_are_right_on_average() -> None:
    masks = torch.tensor([[[0, 0, 0, 1], [0, 2, 0, 0]]])
    shares = pixel_weights(masks, class_weights=torch.tensor([1.0, 2.0, 4.0]), dtype=torch.float64)
    draws = sample_pixels(masks, 100_000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(sampled_weights(shares, draws), shares, rtol=0.03, atol=0)


def test_nothing_counted_is_not_a_number() -> None:
    for model in engines():
        images, masks = torch.rand(1, 1, 4, 4, dtype=torch.float64), torch.full((1, 4, 4), 9)
        assert model.loss(images, masks, ignored_label=9).isnan()


def test_predictions_and_their_gradient() -> None:
    images = torch.rand(2, 1, 7, 5, dtype=torch.float64)
    plain, fused = engines(readout="fft")
    with torch.no_grad():
        torch.testing.assert_close(fused(images), plain(images))
    assert torch.equal(fused.predict(images), plain.predict(images))
    assert fused(images).requires_grad


def test_every_recurrent_cell_uses_it() -> None:
    images, masks = torch.rand(2, 1, 6, 5), torch.randint(3, (2, 6, 5))
    losses = []
    for engine in ("plain", "fused"):
        torch.manual_seed(2)
        config = ConvRNNConfig(name="conv_gru", steps=4, engine=engine)
        losses.append(ConvRNN(config, in_channels=1, classes=3).loss(images, masks))
    torch.testing.assert_close(losses[0], losses[1])


def test_auto_falls_back_where_fused_refuses() -> None:
    class DoubledReadout(LastReadout):
        def forward(self, field: Tensor) -> Tensor:
            return 2 * super().forward(field)

    config = NWMConfig(steps=4, readout="last")
    auto, fused = (
        NWM(config, in_channels=1, classes=3),
        NWM(config.replace(engine="fused"), in_channels=1, classes=3),
    )
    images, masks = torch.rand(1, 1, 4, 4), torch.randint(3, (1, 4, 4))
    before = auto.loss(images, masks)
    with torch.autocast("cpu", dtype=torch.float16):
        assert auto.loss(images, masks) != before
        with pytest.raises(ValueError, match="bfloat16, got torch\\.float16"):
            fused.loss(images, masks)
    with pytest.raises(ValueError, match="all of float32"):
        fused.loss(images.double(), masks)
    fused.readout = auto.readout = DoubledReadout(steps=4, channels=2)
    assert auto.loss(images, masks) != before
    with pytest.raises(ValueError, match="last, mean, max, fft, linear, got a DoubledReadout"):
        fused.loss(images, masks)


def test_masks_must_fit() -> None:
    images = torch.rand(1, 1, 4, 4, dtype=torch.float64)
    for model in engines():
        with pytest.raises(ValueError, match="from 0 to 3, got 0 to 9"):
            model.loss(images, torch.tensor([0, 9]).repeat(8).view(1, 4, 4))
        with pytest.raises(ValueError, match="int64"):
            model.loss(images, torch.zeros(1, 4, 5, dtype=torch.int64))


@pytest.mark.parametrize("threads", [1, 2])
def test_logits_in_inference_mode(threads: int) -> None:
    field = torch.randn(3, 6, 2, 40, 41)
    readout = build_readout("linear", steps=6, channels=2)
    network = PixelMLP(readout.features, 4, widths=[16])
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            logits = fused_logits(
                StoredStates, field, head=ReadoutHead(readout, list(network.layers)), classes=4, workspaces=[]
            )
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(logits, network(readout(field)).detach())


@pytest.mark.parametrize("stretch", [1, 2, 4, 5])
@EVERY_READOUT
def test_the_same_in_stretches(name: ReadoutName, stretch: int) -> None:
    """Of 6 frames, some at a time, the others made again going back: values and gradients of the whole field."""
    images, masks = torch.rand(3, 1, 5, 8, dtype=torch.float64), torch.randint(4, (3, 5, 8))
    weights = torch.tensor([0.0, 1.0, 2.0, 0.5])  # pixels of the first class are not heard
    plain, fused = engines(readout=name)
    stretched = NWM(fused.config.replace(chunk_steps=stretch), in_channels=1, classes=4).double()
    stretched.load_state_dict(plain.state_dict())
    images.requires_grad_()
    results = []
    for model in (plain, stretched):
        loss = model.loss(images, masks, class_weights=weights)
        results.append([loss, *torch.autograd.grad(loss, [images, *model.parameters()])])
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-11)
    with torch.no_grad():
        torch.testing.assert_close(stretched(images), plain(images))


def test_a_maximum_that_returns_later_counts_twice() -> None:
    """Ties between stretches share the gradient like ties within one."""
    readout = MaxKernel(steps=4)
    cache = ReadoutCache(*(torch.zeros(1, 1, 2) for _ in range(3)))
    states = torch.tensor([[3.0, 1.0], [1.0, 2.0], [3.0, 2.0], [0.0, 5.0]])[:, None]
    for start in (0, 2):
        readout.consume(states[start : start + 2], start, cache)
    cache.grad_features[:] = 1
    readout.prepare_backward(cache)
    gradient = torch.empty_like(states)
    for start in (0, 2):
        readout.write_gradient(cache, states[start : start + 2], start, gradient[start : start + 2])
    expected = torch.tensor([[0.5, 0.0], [0.0, 0.0], [0.5, 0.0], [0.0, 1.0]])[:, None]
    torch.testing.assert_close(gradient, expected)


def test_a_long_field_takes_no_more_memory_than_a_stretch() -> None:
    """2,000 frames of 1 MB each, both for the loss with its gradients and for predictions, in a process of its own."""
    script = """
import resource, torch
from drumhead.models import NWM, NWMConfig
model = NWM(NWMConfig(steps=2, engine="fused", pixel_widths=(8,), hidden_channels=8), in_channels=1, classes=3)
images, masks = torch.rand(1, 1, 16, 16), torch.ones(1, 16, 16, dtype=torch.int64)
model.loss(images, masks).backward()
config = model.config.replace(steps=2000, chunk_steps=20, readout="last")
long = NWM(config, in_channels=1, classes=3)
images, masks = torch.rand(1, 1, 180, 180), torch.ones(1, 180, 180, dtype=torch.int64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
long.loss(images, masks).backward()
long.predict(images)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / (8 * 180 * 180 * 4))
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, timeout=200, capture_output=True, text=True)
    frames = float(done.stdout)
    assert frames < 500  # the states at the starts of 100 stretches are 200 of them, the stretch and its gradient 40


def gradients_of(model: NWM, images: Tensor, masks: Tensor, *, autocast: bool = False) -> Tensor:
    """All gradients end to end, in float64."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        loss = model.loss(images, masks)
    return torch.cat([g.flatten().double() for g in torch.autograd.grad(loss, list(model.parameters()))])


@EVERY_READOUT
@pytest.mark.parametrize("stretch", [None, 7])
def test_bfloat16_products_give_gradients_good_enough_to_learn_from(name: ReadoutName, stretch: int | None) -> None:
    """Products alone are rounded: the gradient is 2 % off float64's at most, where rounding all of it is not."""
    torch.manual_seed(4)
    config = NWMConfig(steps=30, readout=name, pixel_widths=(64, 64), engine="fused", chunk_steps=stretch)
    model = NWM(config, in_channels=1, classes=4)
    images = torch.rand(4, 1, 24, 24)
    masks = (images[:, 0] > 0.5).long() + 2 * (images[:, 0] > 0.8)  # what can be learned: at random nothing is left
    exact = gradients_of(copy.deepcopy(model).double(), images.double(), masks)
    single, half = gradients_of(model, images, masks), gradients_of(model, images, masks, autocast=True)
    assert (single - exact).norm() < 1e-4 * exact.norm()
    assert (half - exact).norm() < 0.02 * exact.norm()
    assert (half - exact).norm() > 1e-4 * exact.norm()  # it was bfloat16


def test_under_autocast_states_stay_in_float32() -> None:
    for name in ("nwm", "conv_lstm", "conv_gru", "conv_rnn"):
        for engine in ("plain", "auto"):
            model = build(name, in_channels=1, classes=3, steps=5, engine=engine)
            assert isinstance(model, RecurrentSegmenter)
            images = torch.rand(1, 1, 9, 9)
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                field = model.states(images)
            assert field.dtype == torch.float32
            torch.testing.assert_close(field, model.states(images).detach(), rtol=0.05, atol=0.02)
            assert not torch.equal(field, field.bfloat16().float())


@pytest.mark.parametrize("name", ["nwm", "conv_lstm", "cnn"])
def test_memory_is_shared_by_losses_and_predictions(name: str) -> None:
    """What one call leaves is used by the next, larger or smaller, in inference mode or not; copies start without."""
    model = build(name, in_channels=1, classes=3, pixel_widths=(8,), engine="fused")
    assert isinstance(model, FusedSegmenter)
    fresh = copy.deepcopy(model)
    images, masks = torch.rand(3, 1, 20, 24), torch.randint(3, (3, 20, 24))
    with torch.inference_mode():
        first = model(images)
    torch.autograd.backward(model.loss(images, masks))
    model.loss(images[:, :, :5], masks[:, :5])
    assert model.workspaces
    with torch.inference_mode():
        assert torch.equal(model(images), first)
    loss = model.loss(images, masks)
    assert torch.equal(loss, fresh.loss(images, masks))
    duplicate = copy.deepcopy(model)
    assert not any(workspace.memory for workspace in duplicate.workspaces)
    assert pickle.loads(pickle.dumps(model)).loss(images, masks) == loss


@pytest.mark.parametrize("name", ["nwm", "conv_gru", "cnn"])
def test_a_pixel_network_of_another_kind_is_not_passed_over(name: str) -> None:
    class Doubled(PixelMLP):
        def forward(self, features: Tensor) -> Tensor:
            return 2 * super().forward(features)

    images = torch.rand(1, 1, 5, 6)
    for engine in ("auto", "fused"):
        model = build(name, in_channels=1, classes=3, pixel_widths=(8,), engine=engine)
        assert isinstance(model, NWM | ConvRNN | CNN)
        expected = 2 * model(images).detach()
        first = model.pixel_network.layers[0]
        assert isinstance(first, nn.Linear)
        doubled = Doubled(first.in_features, 3, widths=[8])
        doubled.load_state_dict(model.pixel_network.state_dict())
        model.pixel_network = doubled
        with torch.no_grad():
            if engine == "fused":
                with pytest.raises(ValueError, match=r"got .*Doubled"):
                    model(images)
            else:
                torch.testing.assert_close(model(images), expected)


def test_a_layer_without_bias_is_left_to_plain_torch() -> None:
    model = NWM(NWMConfig(steps=3, engine="fused", pixel_widths=(8,)), in_channels=1, classes=3)
    model.pixel_network.layers[0] = nn.Linear(model.readout.features, 8, bias=False)
    with pytest.raises(ValueError, match="with a bias"):
        model.predict(torch.rand(1, 1, 4, 5))
