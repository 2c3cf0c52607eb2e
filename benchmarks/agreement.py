"""How well the engines agree: loss curves from the same initial weights, and gradients, compared with float64.

    python benchmarks/agreement.py                      # a minute; writes agreement.png
    python benchmarks/agreement.py --quick              # tiny sizes: only checks that it runs
    python benchmarks/agreement.py --readout fft --steps 200 --side 64 --markdown

Plain float64, plain float32, fused float32 and fused bf16 train the same NWM from the same weights on the same
tetrominoes. The errors of plain float32 in losses and gradients are the standard for those of the fused engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

import drumhead
from command_line import print_tables, progress_console, run_benchmark, usage_error
from drumhead.data import TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes, to_tensors
from drumhead.files import atomic_replace
from drumhead.models import NWMConfig, ReadoutName, Segmenter
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from machine import has_fast_bf16
from workloads import BF16, FLOAT32, PLAIN, Variant

EXACT = "plain float64"
Batch = tuple[Tensor, Tensor]
Weights = dict[str, Tensor]


class Setup(NamedTuple):
    """The network, the data and the training."""

    model: NWMConfig
    side: int
    batch: int
    learning_rate: float
    seed: int

    def build(self, variant: Variant, dtype: torch.dtype = torch.float32) -> Segmenter:
        """Build the network, with the same initial weights for each variant."""
        config = self.model.replace(engine=variant.engine)
        return drumhead.build(config, in_channels=3, classes=len(TETROMINO_CLASSES), seed=self.seed).to(dtype)

    def batches(self, count: int) -> list[Batch]:
        """Return batches of images and masks, one for each step."""
        config = TetrominoConfig(
            canvas=self.side, cell=self.side // 9, train=count * self.batch, val=1, test=1, seed=self.seed
        )
        split = make_tetrominoes(config)["train"]
        return [to_tensors(split, range(step * self.batch, (step + 1) * self.batch)) for step in range(count)]


class TrainingResult(NamedTuple):
    """The result of training a network."""

    losses: Tensor
    """The loss before each step, float64 ``(step,)``."""
    weights: Weights
    """The weights after the last step."""


class GradientErrors(NamedTuple):
    """Norms of the differences of gradients from those in float64, relative to the norms of the latter."""

    overall: float
    """The error of all parameters as one vector."""
    worst: float
    """The largest error of a single parameter."""


class Comparison(NamedTuple):
    """The results of all variants, by the name of the variant."""

    trainings: dict[str, TrainingResult]
    errors: dict[str, dict[str, GradientErrors]]
    """The errors of gradients, by when they are taken (at the start or at the end of training), then by variant."""
    unsupported: dict[str, str]
    """The reasons why some variants do not run."""


def main(
    quick: bool = False,
    steps: int = 60,
    readout: ReadoutName = "linear",
    frames: int = 100,
    side: int = 32,
    batch: int = 8,
    learning_rate: float = 1e-3,
    seed: int = 0,
    bf16: bool = has_fast_bf16(),
    figure: Path = Path("agreement.png"),
    markdown: bool = False,
) -> None:
    """Compare loss curves and gradients of the engines.

    Args:
        quick: use tiny sizes and a few steps, to check that the benchmark runs.
        steps: the number of training steps.
        readout: the readout of the NWM.
        frames: the number of time steps of the NWM, T.
        side: the height and width of the images, at least 9.
        batch: the number of images in a step.
        learning_rate: the learning rate of Adam.
        seed: the seed of weights and images.
        bf16: also compare products in bfloat16; by default if the processor has instructions for them.
        figure: the PNG file to which the curves are written.
        markdown: print the tables as Markdown.
    """
    if steps < 1 or batch < 1 or side < 9:
        usage_error(f"--steps and --batch must be at least 1, --side at least 9; got {steps}, {batch} and {side}")
    if figure.suffix != ".png":
        usage_error(f"--figure must end in .png; got {figure}")
    if quick:
        steps, frames, side, batch = 4, 6, 16, 2
    variants = {"plain float32": PLAIN, "fused float32": FLOAT32}
    if bf16:
        variants["fused bf16"] = BF16
    setup = Setup(NWMConfig(readout=readout, steps=frames), side, batch, learning_rate, seed)
    comparison = compare(setup, variants, steps=steps)
    draw(comparison.trainings, title=f"NWM, {readout} readout, T {frames}, {side} x {side}, batch {batch}", path=figure)
    print_tables([losses_table(comparison), gradients_table(comparison)], markdown=markdown)


def compare(setup: Setup, variants: dict[str, Variant], *, steps: int) -> Comparison:
    """Train with each variant, and compare gradients on a batch that is not trained on."""
    *batches, held_out = setup.batches(steps + 1)
    trainings, unsupported = {}, {}
    with progress_console().status(EXACT) as status:
        trainings[EXACT] = train(setup, PLAIN, batches, dtype=torch.float64)
        for name, variant in variants.items():
            status.update(name)
            try:
                trainings[name] = train(setup, variant, batches)
            except ValueError as error:
                unsupported[name] = str(error)
        weights = {"at the start": setup.build(PLAIN).state_dict(), "at the end": trainings["plain float32"].weights}
        errors = {
            when: gradient_errors(setup, state, {name: variants[name] for name in trainings if name != EXACT}, held_out)
            for when, state in weights.items()
        }
    return Comparison(trainings, errors, unsupported)


def train(
    setup: Setup, variant: Variant, batches: list[Batch], *, dtype: torch.dtype = torch.float32
) -> TrainingResult:
    """Train a new network on these batches, one step each."""
    model = setup.build(variant, dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=setup.learning_rate)
    losses = []
    for batch in batches:
        loss = batch_loss(model, variant, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    return TrainingResult(torch.tensor(losses, dtype=torch.float64), model.state_dict())


def batch_loss(model: Segmenter, variant: Variant, batch: Batch) -> Tensor:
    """Compute the loss of a batch, in the dtype of the network's parameters."""
    images, masks = batch
    with variant.precision():
        return model.loss(images.to(next(model.parameters()).dtype), masks)


def gradient_errors(
    setup: Setup, weights: Weights, variants: dict[str, Variant], batch: Batch
) -> dict[str, GradientErrors]:
    """Return the errors of each variant's gradients, compared with plain float64 at the same weights."""

    def gradients(variant: Variant, dtype: torch.dtype) -> list[Tensor]:
        model = setup.build(variant, dtype)
        model.load_state_dict(weights)
        return [g.double() for g in torch.autograd.grad(batch_loss(model, variant, batch), [*model.parameters()])]

    exact = gradients(PLAIN, torch.float64)
    norms = torch.stack([gradient.norm() for gradient in exact])
    errors = {}
    for name, variant in variants.items():
        pairs = zip(gradients(variant, torch.float32), exact, strict=True)
        distances = torch.stack([(gradient - reference).norm() for gradient, reference in pairs])
        worst = float((distances / norms).nan_to_num().max())
        errors[name] = GradientErrors(float(distances.norm() / norms.norm()), worst)
    return errors


def losses_table(comparison: Comparison) -> TextTable:
    """Return a table with the first and last loss, and the largest relative difference from float64 so far."""
    exact = comparison.trainings[EXACT].losses
    spans = sorted({1, min(10, len(exact)), len(exact)})
    head = ["training", "first\nloss", "last\nloss", *(f"difference\n{span} step{'s' * (span > 1)}" for span in spans)]
    body = []
    for name, (losses, _) in comparison.trainings.items():
        differences = (losses - exact).abs() / exact
        row = [name, f"{losses[0]:.4f}", f"{losses[-1]:.4f}"]
        body.append(row + [DASH if name == EXACT else f"{differences[:span].max():.1e}" for span in spans])
    notes = ["Difference: the largest relative difference of the loss from that in float64, up to that step."]
    return TextTable(
        head, body, notes + [f"{name} is not supported: {reason}." for name, reason in comparison.unsupported.items()]
    )


def gradients_table(comparison: Comparison) -> TextTable:
    """Return a table with the errors of gradients, also relative to those of plain float32."""
    head = ["gradients", "relative error", "relative to\nplain float32", "worst parameter"]
    body = []
    for when, errors in comparison.errors.items():
        plain = errors["plain float32"]
        for name, error in errors.items():
            ratio = f"{error.overall / plain.overall:.1f}"
            body.append([f"{name}, {when}", f"{error.overall:.1e}", ratio, f"{error.worst:.1e}"])
    notes = [
        "Relative error: the norm of the difference between all gradients, as one vector, and those of plain float64, "
        "over the norm of the latter, all at the weights of plain float32. Worst parameter: the same for the parameter "
        "where it is largest."
    ]
    return TextTable(head, body, notes)


def draw(trainings: dict[str, TrainingResult], *, title: str, path: Path) -> None:
    """Draw the loss curves, and below them their relative differences from float64."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    exact = trainings[EXACT].losses
    steps = range(1, len(exact) + 1)
    for name, (losses, _) in trainings.items():
        above.plot(steps, losses, label=name, linewidth=1)
        # A logarithmic axis cannot show a difference of 0.
        below.plot(steps, ((losses - exact).abs() / exact).where(losses != exact, torch.nan), label=name, linewidth=1)
    above.set_title(title, fontsize=10)
    above.set_ylabel("loss")
    above.legend(frameon=False, fontsize=8)
    below.set_yscale("log")
    below.set_ylabel("relative difference from float64")
    below.set_xlabel("step")
    with atomic_replace(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


if __name__ == "__main__":
    run_benchmark(main)
