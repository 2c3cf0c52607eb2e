"""The fused loss in several processes: each takes part of the batch, and all get the gradient of the whole batch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import torch
import torch.distributed as distributed
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from drumhead.models import build


class Loss(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images, masks):
        return self.model.loss(images, masks)


def main(rank, folder):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(4, 1, 9, 8, generator=generator, dtype=torch.float64)
    masks = torch.randint(3, (4, 9, 8), generator=generator)
    for name in ("nwm", "conv_lstm", "cnn"):
        options = {"layers": 2} if name == "cnn" else {"steps": 5}
        model = build(name, in_channels=1, classes=3, pixel_widths=(8,), engine="fused", **options).double()
        whole = torch.autograd.grad(model.loss(images, masks), list(model.parameters()))
        parallel = DistributedDataParallel(Loss(model))
        for _ in range(2):  # the second step reuses the memory of the first
            model.zero_grad()
            parallel(images[2 * rank : 2 * rank + 2], masks[2 * rank : 2 * rank + 2]).backward()
            for parameter, gradient in zip(model.parameters(), whole, strict=True):
                torch.testing.assert_close(parameter.grad, gradient)
    distributed.barrier()
    distributed.destroy_process_group()


if __name__ == "__main__":
    torch.multiprocessing.spawn(main, args=(sys.argv[1],), nprocs=2)
"""


def test_two_processes_get_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        [sys.executable, script, tmp_path], env=environment, timeout=240, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
