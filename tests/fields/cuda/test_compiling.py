"""Triton compiles every kernel for the GPUs that are supported; for this it needs no GPU, but not its interpreter."""

from __future__ import annotations

import os
from typing import Any, get_args

import pytest

from drumhead.fields import Boundary
from drumhead.fields.cuda.boundary_codes import BOUNDARY_CODES
from drumhead.fields.cuda.launch_plan import PRODUCT_PRECISION, make_plan
from drumhead.fields.engine import MIN_TRITON

pytest.importorskip("triton", minversion=".".join(map(str, MIN_TRITON)))
pytestmark = pytest.mark.skipif(os.environ.get("TRITON_INTERPRET") == "1", reason="TRITON_INTERPRET=1 does not compile")


def compile_kernel(name: str, channels: int, side: int, *, boundary: Boundary, capability: int) -> Any:
    """Compile a kernel as an evolution of images of this size launches it."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    from drumhead.fields.cuda.kernels import single_steps, whole_images

    kernel = getattr(whole_images if "images" in name else single_steps, name)
    plan = make_plan(channels, side, side, whole_images="images" in name)
    constants = {
        "CHANNELS": channels,
        "OWN": plan.channel_block,
        "ROWS": plan.rows,
        "COLUMNS": plan.columns,
        "GROUPS": plan.groups,
        "BOUNDARY": BOUNDARY_CODES[boundary],
        "TANH": True,
        "DOT": plan.dot,
        "PRECISION": PRODUCT_PRECISION,
        "WITH_SUMS": True,
    }
    types = {"dt": "fp32", "inverse_dt": "fp32", "zero": "*i32"} | dict.fromkeys(
        ("first_image", "t", "steps", "height", "width"), "i32"
    )
    signature = {
        argument: "constexpr" if argument in constants else types.get(argument, "*fp32")
        for argument in kernel.arg_names
    }
    positions = {
        (kernel.arg_names.index(argument),): value
        for argument, value in constants.items()
        if argument in kernel.arg_names
    }
    source = ASTSource(fn=kernel, signature=signature, constexprs=positions)
    return compile(
        source,
        target=GPUTarget("cuda", capability, 32),
        options={"num_warps": plan.warps, "num_stages": 1},
    )


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("name", ["evolve_images", "evolve_images_adjoint", "evolve_step", "evolve_step_adjoint"])
@pytest.mark.parametrize(("channels", "boundary"), [(2, "circular"), (16, "free")])
def test_a_kernel_compiles(name: str, channels: int, boundary: Boundary, capability: int) -> None:
    assert boundary in get_args(Boundary)
    compiled = compile_kernel(name, channels, 8, boundary=boundary, capability=capability)
    assert len(compiled.asm["cubin"]) > 0
    if "images" in name:
        # The threads of a program wait for each other in each step, after what they have written.
        assert "bar.sync" in compiled.asm["ptx"]
