"""Images in, class logits out: the wave network and the models it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drumhead.lazy_imports import lazy_imports
from drumhead.models.config import (
    MODEL_NAMES,
    CNNConfig,
    ConvRNNConfig,
    ModelConfig,
    NWMConfig,
    ReadoutName,
    UNetConfig,
    model_config,
)

if TYPE_CHECKING:
    from drumhead.models.cnn import CNN
    from drumhead.models.conv_rnn import ConvRNN
    from drumhead.models.nwm import NWM, WaveParameters
    from drumhead.models.pixel_mlp import PixelMLP
    from drumhead.models.pixel_sample import PixelSample, sample_pixels
    from drumhead.models.readouts import READOUTS, Readout, build_readout
    from drumhead.models.recurrent import RecurrentSegmenter
    from drumhead.models.registry import FAMILIES, build
    from drumhead.models.segmenter import Segmenter
    from drumhead.models.unet import UNet
else:
    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "cnn": ["CNN"],
            "conv_rnn": ["ConvRNN"],
            "nwm": ["NWM", "WaveParameters"],
            "pixel_mlp": ["PixelMLP"],
            "pixel_sample": ["PixelSample", "sample_pixels"],
            "readouts": ["READOUTS", "Readout", "build_readout"],
            "recurrent": ["RecurrentSegmenter"],
            "registry": ["FAMILIES", "build"],
            "segmenter": ["Segmenter"],
            "unet": ["UNet"],
        },
    )

__all__ = [
    "CNN",
    "FAMILIES",
    "MODEL_NAMES",
    "NWM",
    "READOUTS",
    "CNNConfig",
    "ConvRNN",
    "ConvRNNConfig",
    "ModelConfig",
    "NWMConfig",
    "PixelMLP",
    "PixelSample",
    "Readout",
    "ReadoutName",
    "RecurrentSegmenter",
    "Segmenter",
    "UNet",
    "UNetConfig",
    "WaveParameters",
    "build",
    "build_readout",
    "model_config",
    "sample_pixels",
]
