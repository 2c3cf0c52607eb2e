"""Logits without gradients."""

from __future__ import annotations

import pytest
import torch

from drumhead.models import PixelMLP, build_readout
from drumhead.models.cpu.fused_inference import fused_logits
from drumhead.models.cpu.state_stream import StoredStates
from drumhead.models.readout_head import ReadoutHead


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
