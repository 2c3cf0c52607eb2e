"""The time of an evolution on a GPU for several ways to split it into programs and launches.

    python benchmarks/gpu_plans.py                         # on a GPU with Triton
    TRITON_INTERPRET=1 python benchmarks/gpu_plans.py --device cpu --quick   # only checks that it runs

`drumhead.fields.cuda.launch_plan` chooses the plan from counts of registers and bytes. This table says whether another
one is faster. Nothing has been measured with it yet.
"""

from __future__ import annotations

import torch

from command_line import format_seconds, print_tables, run_benchmark
from drumhead.fields import laplacian
from drumhead.fields.cuda import wave
from drumhead.fields.cuda.launch_plan import MAX_RESIDENT_VALUES, PRODUCT_PRECISION, LaunchPlan, make_plan
from drumhead.report.tables.text_table import TextTable
from gpu_steps import best_seconds

SHAPES = [(64, 2, 64, 64), (64, 2, 28, 28), (16, 16, 128, 128)]
WARPS = (2, 4, 8, 16, 32)


def main(device: str = "cuda", quick: bool = False, markdown: bool = False) -> None:
    """Print the times.

    Args:
        device: where to compute.
        quick: use tiny sizes, to check that it runs.
        markdown: print the table as Markdown.
    """
    shapes, steps, repeats = ([(1, 1, 3, 4)], 1, 1) if quick else (SHAPES, 100, 5)
    body = []
    for shape in shapes:
        for plan in plans(shape)[: 2 if quick else None]:
            body.append([*row(shape, plan, steps=steps, repeats=repeats, device=torch.device(device))])
    head = ["batch, C, H, W", "launches", "tile", "warps", "chosen", "products", "forward\nms", "backward\nms"]
    print_tables([TextTable(head, body, [f"{steps} steps, best of {repeats}."], title="Plans")], markdown=markdown)


def plans(shape: tuple[int, ...]) -> list[LaunchPlan]:
    """Return the plan that is chosen, then others."""
    chosen = make_plan(*shape[1:])
    others = []
    for whole_images in (True, False):
        plan = make_plan(*shape[1:], whole_images=whole_images)
        values = plan.channel_block * plan.rows * plan.columns
        if values <= 2 * MAX_RESIDENT_VALUES:
            others += [plan._replace(warps=warps) for warps in WARPS if 32 * warps <= values <= 2048 * warps]
    return [chosen, *(plan for plan in others if plan != chosen)]


def row(shape: tuple[int, ...], plan: LaunchPlan, *, steps: int, repeats: int, device: torch.device) -> list[str]:
    """Measure a plan."""
    generator = torch.Generator().manual_seed(0)
    y, z, omega, alpha = (torch.rand(shape, generator=generator).to(device) for _ in range(4))
    coupling = laplacian(shape[1]).to(device)
    problem = wave.WaveProblem(
        y, z, omega, alpha, coupling, dt=0.1, boundary="circular", nonlinearity="tanh", plan=plan
    )
    cells = [
        ", ".join(map(str, shape)),
        "one" if plan.whole_images else "one a step",
        f"{plan.channel_block} x {plan.rows} x {plan.columns}",
        str(plan.warps),
        "yes" if plan == make_plan(*shape[1:]) else "",
        PRODUCT_PRECISION if plan.dot else "",
    ]
    try:
        frames, z_end = problem.forward(steps)
        forward = best_seconds(lambda: problem.forward(steps), repeats=repeats, device=device)
        backward = best_seconds(
            lambda: problem.backward(frames, frames, z_end, needs_grad_coupling=True), repeats=repeats, device=device
        )
    except Exception as error:  # a plan that a GPU cannot run says why, and the others are measured
        return [*cells, "fails:", str(error).splitlines()[0][:40]]
    return [*cells, format_seconds(1000 * forward), format_seconds(1000 * backward)]


if __name__ == "__main__":
    run_benchmark(main)
