"""Every model exports to ONNX as it is built, with any batch, height and width, and gives the same logits there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drumhead.models import MODEL_NAMES, READOUTS, build

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

CASES: list[tuple[str, dict[str, Any]]] = [
    *[("nwm", {"steps": 6, "readout": readout, "pixel_widths": (8,)}) for readout in READOUTS],
    *[(name, {"steps": 6, "pixel_widths": (8,)}) for name in MODEL_NAMES if name.startswith("conv_")],
    ("cnn", {"layers": 3, "pixel_widths": (8,)}),
    ("unet", {}),
]


def test_every_model_is_a_case() -> None:
    assert {name for name, _ in CASES} == set(MODEL_NAMES)


def is_slow(name: str, fields: dict[str, Any]) -> bool:
    """Whether a case is recurrent like the NWM, but with another cell, or differs from another only in its readout."""
    return fields.get("readout", "linear") != "linear" or name in ("conv_rnn", "conv_gru", "conv_lstm")


@pytest.mark.usefixtures("exporting")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")  # of torch
@pytest.mark.parametrize(
    ("name", "fields"),
    [pytest.param(*case, marks=[pytest.mark.slow] if is_slow(*case) else []) for case in CASES],
    ids=[f"{name}-{fields.get('readout', '')}" for name, fields in CASES],
)
def test_onnx_gives_the_same_logits(name: str, fields: dict[str, Any], tmp_path: Path) -> None:
    model = build(name, in_channels=3, classes=4, **fields).eval()
    sizes = {0: torch.export.Dim("batch"), 2: torch.export.Dim("height"), 3: torch.export.Dim("width")}
    path = tmp_path / "model.onnx"
    torch.onnx.export(model, (torch.rand(2, 3, 40, 48),), path, dynamic_shapes=(sizes,), dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    (images,) = session.get_inputs()
    for shape in ((2, 3, 40, 48), (1, 3, 37, 70), (1, 3, 5, 64)):
        values = torch.rand(shape)
        (logits,) = session.run(None, {images.name: values.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(logits, model(values).numpy(), rtol=0, atol=1e-4)
