"""How well the engines agree: loss curves from one start, and gradients, with float64 as the yardstick.

    python benchmarks/agreement.py                      # a minute; the plot is agreement.png
    python benchmarks/agreement.py --quick              # tiny sizes: a check that it runs
    python benchmarks/agreement.py --readout fft --steps 200 --side 64 --markdown

Plain float64, plain float32, fast float32 and fast bf16 train the same NWM from the same weights on the same tetromino
boards. What float32 itself does to the loss and to gradients is the measure of what the fast engine may do.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

import drumhead
from drumhead.data import TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes, to_tensors
from drumhead.files import atomic_replace
from drumhead.models import NWMConfig, ReadoutName, Segmenter
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from machine import has_fast_bf16
from terminal import call, progress, refuse, show
from workloads import BF16, FLOAT32, PLAIN, Variant

EXACT = "plain float64"
Batch = tuple[Tensor, Tensor]
Weights = dict[str, Tensor]


class Setting(NamedTuple):
    """What is trained, and on what."""

    model: NWMConfig
    side: int
    batch: int
    learning_rate: float
    seed: int

    def build(self, variant: Variant, dtype: torch.dtype = torch.float32) -> Segmenter:
        """The network, with the same initial weights for each variant."""
        config = self.model.replace(engine=variant.engine)
        return drumhead.build(config, in_channels=3, classes=len(TETROMINO_CLASSES), seed=self.seed).to(dtype)

    def batches(self, count: int) -> list[Batch]:
        """Boards, a batch for each step."""
        config = TetrominoConfig(
            canvas=self.side, cell=self.side // 9, train=count * self.batch, val=1, test=1, seed=self.seed
        )
        split = make_tetrominoes(config)["train"]
        return [to_tensors(split, range(step * self.batch, (step + 1) * self.batch)) for step in range(count)]


class Training(NamedTuple):
    """What became of a network."""

    losses: Tensor
    """Before each step, float64 ``(step,)``."""
    weights: Weights
    """After the last."""


class Errors(NamedTuple):
    """Distances of gradients from those in float64, relative to the length of those."""

    together: float
    """Of all parameters as one vector."""
    worst: float
    """Of the parameter where it is largest."""


class Comparison(NamedTuple):
    """What was found, by the name of the way to compute."""

    trainings: dict[str, Training]
    errors: dict[str, dict[str, Errors]]
    """Of gradients, at the start and at the end of training, too."""
    refusals: dict[str, str]
    """Why some ways could not be compared."""


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
        quick: tiny sizes, a few steps: a check that it runs.
        steps: of training.
        readout: of the NWM.
        frames: its steps in time, T.
        side: of the boards, at least 9.
        batch: boards in a step.
        learning_rate: of Adam.
        seed: of weights and boards.
        bf16: compare products in bfloat16 too; by default if the processor has instructions for them.
        figure: where the curves are written, as PNG.
        markdown: print tables as Markdown.
    """
    if steps < 1 or batch < 1 or side < 9:
        refuse(f"--steps and --batch must be at least 1, --side at least 9; got {steps}, {batch} and {side}")
    if figure.suffix != ".png":
        refuse(f"--figure must end in .png; got {figure}")
    if quick:
        steps, frames, side, batch = 4, 6, 16, 2
    variants = {"plain float32": PLAIN, "fast float32": FLOAT32}
    if bf16:
        variants["fast bf16"] = BF16
    setting = Setting(NWMConfig(readout=readout, steps=frames), side, batch, learning_rate, seed)
    comparison = compare(setting, variants, steps=steps)
    draw(comparison.trainings, title=f"NWM, {readout} readout, T {frames}, {side} x {side}, batch {batch}", path=figure)
    show([losses_grid(comparison), gradients_grid(comparison)], markdown=markdown)


def compare(setting: Setting, variants: dict[str, Variant], *, steps: int) -> Comparison:
    """Train with each variant, and compare gradients on a batch that none has seen."""
    *batches, unseen = setting.batches(steps + 1)
    trainings, refusals = {}, {}
    with progress().status(EXACT) as status:
        trainings[EXACT] = train(setting, PLAIN, batches, dtype=torch.float64)
        for name, variant in variants.items():
            status.update(name)
            try:
                trainings[name] = train(setting, variant, batches)
            except ValueError as error:
                refusals[name] = str(error)
        weights = {"at the start": setting.build(PLAIN).state_dict(), "at the end": trainings["plain float32"].weights}
        errors = {
            when: gradient_errors(setting, state, {name: variants[name] for name in trainings if name != EXACT}, unseen)
            for when, state in weights.items()
        }
    return Comparison(trainings, errors, refusals)


def train(setting: Setting, variant: Variant, batches: list[Batch], *, dtype: torch.dtype = torch.float32) -> Training:
    """Train a new network on these batches, one step each."""
    model = setting.build(variant, dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=setting.learning_rate)
    losses = []
    for batch in batches:
        loss = loss_of(model, variant, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    return Training(torch.tensor(losses, dtype=torch.float64), model.state_dict())


def loss_of(model: Segmenter, variant: Variant, batch: Batch) -> Tensor:
    """The loss of a batch, in the type of the network's parameters."""
    images, masks = batch
    with variant.precision():
        return model.loss(images.to(next(model.parameters()).dtype), masks)


def gradient_errors(
    setting: Setting, weights: Weights, variants: dict[str, Variant], batch: Batch
) -> dict[str, Errors]:
    """How far each variant's gradients are from those of the plain network in float64, at these weights."""

    def gradients(variant: Variant, dtype: torch.dtype) -> list[Tensor]:
        model = setting.build(variant, dtype)
        model.load_state_dict(weights)
        return [g.double() for g in torch.autograd.grad(loss_of(model, variant, batch), [*model.parameters()])]

    exact = gradients(PLAIN, torch.float64)
    length = torch.stack([gradient.norm() for gradient in exact])
    errors = {}
    for name, variant in variants.items():
        found = gradients(variant, torch.float32)
        distance = torch.stack([(ours - theirs).norm() for ours, theirs in zip(found, exact, strict=True)])
        errors[name] = Errors(float(distance.norm() / length.norm()), float((distance / length).nan_to_num().max()))
    return errors


def losses_grid(comparison: Comparison) -> TextTable:
    """First and last loss, and the largest relative difference from float64 up to some steps."""
    exact = comparison.trainings[EXACT].losses
    spans = sorted({1, min(10, len(exact)), len(exact)})
    head = ["training", "first\nloss", "last\nloss", *(f"difference\n{span} step{'s' * (span > 1)}" for span in spans)]
    body = []
    for name, (losses, _) in comparison.trainings.items():
        differences = (losses - exact).abs() / exact
        row = [name, f"{losses[0]:.4f}", f"{losses[-1]:.4f}"]
        body.append(row + [DASH if name == EXACT else f"{differences[:span].max():.1e}" for span in spans])
    notes = ["Largest relative difference of the loss from that in float64, up to that step."]
    return TextTable(
        head, body, notes + [f"{name} is refused: {reason}." for name, reason in comparison.refusals.items()]
    )


def gradients_grid(comparison: Comparison) -> TextTable:
    """How far gradients are from float64, and how that compares with what plain float32 does."""
    head = ["gradients", "relative error", "times that of\nplain float32", "worst parameter"]
    body = []
    for when, errors in comparison.errors.items():
        plain = errors["plain float32"]
        for name, error in errors.items():
            times = f"{error.together / plain.together:.1f}"
            body.append([f"{name}, {when}", f"{error.together:.1e}", times, f"{error.worst:.1e}"])
    notes = [
        "Distance of all gradients together, as one vector, from those of the plain network in float64 at the same "
        "weights (those of plain float32), over their length; and the same of the parameter where it is largest."
    ]
    return TextTable(head, body, notes)


def draw(trainings: dict[str, Training], *, title: str, path: Path) -> None:
    """Write the loss curves, and below them their relative differences from float64."""
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(7, 6), layout="constrained")
    above, below = sheet.subplots(2, 1, sharex=True)
    exact = trainings[EXACT].losses
    steps = range(1, len(exact) + 1)
    for name, (losses, _) in trainings.items():
        above.plot(steps, losses, label=name, linewidth=1)
        # Nothing to draw on a logarithmic axis where there is no difference.
        below.plot(steps, ((losses - exact).abs() / exact).where(losses != exact, torch.nan), label=name, linewidth=1)
    above.set_title(title, fontsize=10)
    above.set_ylabel("loss")
    above.legend(frameon=False, fontsize=8)
    below.set_yscale("log")
    below.set_ylabel("relative difference from float64")
    below.set_xlabel("step")
    with atomic_replace(path) as temporary:
        sheet.savefig(temporary, format="png", dpi=150)


if __name__ == "__main__":
    call(main)
