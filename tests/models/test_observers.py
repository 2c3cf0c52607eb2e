"""The engine is plain where something observes single operations or modules, so that nothing is left out silently."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm
from torch.utils.flop_counter import FlopCounterMode

from drumhead.fields import evolve, laplacian
from drumhead.models import MODEL_NAMES, build
from drumhead.models.fused_segmenter import FusedSegmenter

IMAGES = torch.rand(2, 2, 7, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
MASKS = torch.randint(3, (2, 7, 6), generator=torch.Generator().manual_seed(0))
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in ("conv_rnn", "conv_gru") else name
    for name in MODEL_NAMES
    if name != "unet"
]
"""The models with a fused engine. Two cells are slow tests: their states are stored whole, as those of the CNN are."""


def make(name: str, engine: str) -> FusedSegmenter:
    fields = {"layers": 2} if name == "cnn" else {"steps": 4}
    model = build(name, in_channels=2, classes=3, width=3, pixel_widths=(5,), engine=engine, **fields)
    assert isinstance(model, FusedSegmenter)
    return model.double()


@pytest.fixture(params=NAMES)
def models(request: pytest.FixtureRequest) -> tuple[FusedSegmenter, FusedSegmenter, FusedSegmenter]:
    """Return a model with each engine: auto, plain, fused."""
    auto, plain, fused = (make(request.param, engine) for engine in ("auto", "plain", "fused"))
    return auto, plain, fused


Models = tuple[FusedSegmenter, FusedSegmenter, FusedSegmenter]


def loss_gradients(model: FusedSegmenter) -> list[Tensor]:
    model.zero_grad()
    loss = model.loss(IMAGES, MASKS)
    loss.backward()  # type: ignore[no-untyped-call]
    return [loss.detach(), *(p.grad for p in model.parameters() if p.grad is not None)]


def test_auto_is_fused_if_nothing_observes(models: Models) -> None:
    auto, _, _ = models
    assert auto.fused_unsupported_reason(IMAGES) is None


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # torch.func.jvp uses it
class TestTransformations:
    def test_forward_mode(self, models: Models) -> None:
        auto, plain, fused = models

        def derivative(model: FusedSegmenter) -> Tensor:
            with torch.no_grad():  # without gradients, the fused engine computes the logits
                tangent: Tensor = torch.func.jvp(model, (IMAGES,), (IMAGES.cos(),))[1]
            return tangent

        expected = derivative(plain)
        assert expected.abs().max() > 0
        torch.testing.assert_close(derivative(auto), expected)
        with pytest.raises(ValueError, match="forward-mode"):
            derivative(fused)

    def test_forward_mode_of_the_evolution(self) -> None:
        y0, coupling = IMAGES[:, :1], laplacian(1, dtype=torch.float64)

        def field(y0: Tensor, engine: str) -> Tensor:
            zero = torch.zeros_like(y0)
            return evolve(y0, zero, zero, coupling, dt=0.1, steps=3, engine=engine)  # type: ignore[arg-type]

        for transformation in (torch.func.jacfwd, torch.func.jacrev):
            auto, plain = (transformation(partial(field, engine=engine))(y0) for engine in ("auto", "plain"))
            assert plain.abs().max() > 0
            torch.testing.assert_close(auto, plain)

    def test_vmap_and_grad_of_torch_func(self, models: Models) -> None:
        auto, plain, fused = models

        def gradients(model: FusedSegmenter) -> Tensor:
            def loss(image: Tensor, mask: Tensor) -> Tensor:
                return model.loss(image[None], mask[None])

            result: Tensor = torch.func.vmap(torch.func.grad(loss))(IMAGES, MASKS)
            return result

        torch.testing.assert_close(gradients(auto), gradients(plain))
        with pytest.raises(ValueError, match=r"torch\.func"):
            gradients(fused)

    def test_functional_call(self, models: Models) -> None:
        auto, plain, _ = models
        halved = {name: values / 2 for name, values in plain.named_parameters()}
        torch.testing.assert_close(*(torch.func.functional_call(model, halved, (IMAGES,)) for model in (auto, plain)))


class TestRecordings:
    @pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:.*torch.jit.trace.*")
    def test_jit_trace(self, models: Models) -> None:
        auto, plain, fused = models
        with torch.no_grad():
            traced = torch.jit.trace(auto, IMAGES)  # type: ignore[no-untyped-call]
            torch.testing.assert_close(traced(IMAGES.flip(0)), plain(IMAGES.flip(0)))
            with pytest.raises(ValueError, match=r"torch\.jit\.trace"):
                torch.jit.trace(fused, IMAGES)  # type: ignore[no-untyped-call]

    @pytest.mark.usefixtures("exporting")
    @pytest.mark.parametrize("strict", [pytest.param(False, marks=pytest.mark.slow), True])  # not strict: ONNX export
    def test_export(self, models: Models, strict: bool) -> None:
        auto, plain, _ = models
        with torch.no_grad():
            program = torch.export.export(auto.eval(), (IMAGES,), strict=strict)
            targets = [str(node.target) for node in program.graph.nodes]
            assert not [target for target in targets if "drumhead" in target]
            torch.testing.assert_close(program.module()(IMAGES.flip(0)), plain(IMAGES.flip(0)))

    def test_counters_of_operations(self, models: Models) -> None:
        auto, plain, _ = models

        def operations(model: FusedSegmenter) -> int:
            with torch.no_grad(), FlopCounterMode(display=False) as counter:
                model(IMAGES)
            return int(counter.get_total_flops())

        assert operations(auto) == operations(plain) > 0


def changed_by(change: Callable[[nn.Module], object], models: Models) -> Models:
    """Return copies of the models whose last convolution and last linear layer are changed."""
    auto, plain, fused = (copy.deepcopy(model) for model in models)
    for model in (auto, plain, fused):
        torch.manual_seed(0)
        for layer_type in (nn.Conv2d, nn.Linear):
            change([module for module in model.modules() if isinstance(module, layer_type)][-1])
    return auto, plain, fused


class TestModules:
    @pytest.mark.parametrize(
        "change",
        [
            partial(prune.l1_unstructured, name="weight", amount=0.5),
            parametrizations.spectral_norm,
            parametrizations.weight_norm,
            pytest.param(spectral_norm, marks=pytest.mark.filterwarnings("ignore:.*spectral_norm.*")),
        ],
        ids=["pruning", "spectral norm", "weight norm", "spectral norm by hooks"],
    )
    def test_computed_weights(self, models: Models, change: Callable[[nn.Module], object]) -> None:
        auto, plain, fused = changed_by(change, models)
        with pytest.raises(ValueError, match="does not"):
            fused.loss(IMAGES, MASKS)
        for _ in range(2):  # the second step has weights that the first did not
            torch.testing.assert_close(loss_gradients(auto), loss_gradients(plain))
            for model in (auto, plain):
                with torch.no_grad():
                    for parameter in model.parameters():
                        if parameter.grad is not None:
                            parameter.sub_(0.1 * parameter.grad)
        torch.testing.assert_close(auto.eval()(IMAGES), plain.eval()(IMAGES))

    @pytest.mark.filterwarnings("ignore:Full backward hook is firing")
    @pytest.mark.parametrize(
        "register",
        ["register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"],
    )
    def test_hooks(self, models: Models, register: str) -> None:
        def calls(model: FusedSegmenter) -> list[str]:
            """Return the modules whose hooks a loss and its gradient call, in order."""
            called: list[str] = []
            for name, module in model.named_modules():
                if name and not list(module.children()):
                    getattr(module, register)(lambda *_, name=name: called.append(name))
            model.loss(IMAGES, MASKS).backward()  # type: ignore[no-untyped-call]
            return called

        auto, plain, fused = models
        expected = calls(plain)
        assert expected
        assert calls(auto) == expected
        with pytest.raises(ValueError, match="hooks of"):
            calls(fused)

    def test_hooks_of_all_modules(self, models: Models) -> None:
        auto, _, _ = models
        called: list[nn.Module] = []
        handle = nn.modules.module.register_module_forward_hook(lambda module, *_: called.append(module))
        try:
            auto.predict(IMAGES)
        finally:
            handle.remove()
        assert {auto, *auto.get_submodule("pixel_network").modules()} <= set(called)

    def test_hooks_of_the_model_itself(self, models: Models) -> None:
        auto, _, fused = models
        called: list[nn.Module] = []
        for model in (auto, fused):
            model.register_forward_hook(lambda module, *_: called.append(module))
            model(IMAGES)
            assert called.pop() is model
        auto.predict(IMAGES)
        assert called == [auto]
        with pytest.raises(ValueError, match="hooks of the model"):
            fused.predict(IMAGES)
        assert auto.fused_unsupported_reason(IMAGES) is None  # a loss calls no hook of the model itself
