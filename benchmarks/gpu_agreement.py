"""How far gradients on a GPU are from float64 on the CPU: plain torch and ours, for each model of the training steps.

    python benchmarks/gpu_agreement.py                        # on a GPU
    python benchmarks/gpu_agreement.py --device cpu --quick   # only checks that it runs

The distance is that of all gradients together, as one vector, relative to its length. Ours in float32 should be at most
three times as far as plain in float32. Nothing has been measured with it yet.
"""

from __future__ import annotations

import torch
from torch import Tensor

import drumhead
from command_line import print_tables, run_benchmark
from drumhead.report.tables.text_table import TextTable
from drumhead.training.graphed_loss import GraphedLoss
from gpu_steps import VARIANTS, GpuVariant, GpuWorkload
from train_step import STEPS
from workloads import Case

IMAGES = 2
"""The number of images: float64 on a CPU is slow."""


def main(device: str = "cuda", quick: bool = False, markdown: bool = False) -> None:
    """Print the distances.

    Args:
        device: where the variants are computed.
        quick: use tiny sizes, to check that it runs.
        markdown: print the table as Markdown.
    """
    body = []
    for case in STEPS:
        small = case.tiny() if quick else case._replace(shape=case.shape._replace(batch=IMAGES))
        exact = exact_gradient(small)
        distances = [distance(gradient(small, variant, torch.device(device)), exact) for variant in VARIANTS]
        body.append([case.name, *(f"{each:.1e}" for each in distances), f"{distances[1] / distances[0]:.2g}"])
    head = ["case", *(variant.name for variant in VARIANTS), "ours / plain\nfloat32"]
    notes = [f"Distance of the gradients from float64, with new weights, on {device}."]
    print_tables([TextTable(head, body, notes, title="Gradients")], markdown=markdown)


def exact_gradient(case: Case) -> Tensor:
    """Return the gradients of plain torch in float64 on the CPU, as one vector."""
    config = case.config.replace(engine="plain") if case.has_engines else case.config
    workload = GpuWorkload(case, VARIANTS[0], torch.device("cpu"))
    model = drumhead.build(config, in_channels=case.shape.in_channels, classes=case.shape.classes).double()
    model.load_state_dict({name: values.double() for name, values in seeded_state(workload).items()})
    model.loss(workload.images.double(), workload.masks).backward()  # type: ignore[no-untyped-call]
    return flat([parameter.grad for parameter in model.parameters()])


def gradient(case: Case, variant: GpuVariant, device: torch.device) -> Tensor:
    """Return the gradients of a variant, as one vector in float64 on the CPU."""
    workload = GpuWorkload(case, variant, device)
    workload.model.load_state_dict(seeded_state(workload))
    graphed: GraphedLoss | None = workload.graphed
    if graphed is None or graphed(workload.images, workload.masks, None) is None:
        workload.loss(workload.images, workload.masks, None).backward()  # type: ignore[no-untyped-call]
    return flat([parameter.grad for parameter in workload.model.parameters()])


def seeded_state(workload: GpuWorkload) -> dict[str, Tensor]:
    """Return the same weights for every variant: those of a new model, plus small random numbers."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, values in workload.model.state_dict().items():
        noise = torch.randn(values.shape, generator=generator) if values.is_floating_point() else 0
        is_weight = values.ndim > 1
        state[name] = (0.3 / max(1, values[0].numel()) ** 0.5 * noise).to(values) if is_weight else values
    return state


def flat(gradients: list[Tensor | None]) -> Tensor:
    """Return gradients as one vector, without those of parameters that have none."""
    return torch.cat([each.detach().double().cpu().flatten() for each in gradients if each is not None])


def distance(result: Tensor, exact: Tensor) -> float:
    """Return the length of the difference, relative to the exact vector's."""
    return float((result - exact).norm() / exact.norm())


if __name__ == "__main__":
    run_benchmark(main)
