"""Images in, class logits out: the wave network and the models it is compared with."""

from drumhead.models.cnn import CNN, CNNConfig
from drumhead.models.conv_rnn import ConvRNN, ConvRNNConfig
from drumhead.models.nwm import NWM, NWMConfig, WaveParameters
from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.pixel_sample import PixelSample, sample_pixels
from drumhead.models.readouts import READOUTS, Readout, ReadoutName, build_readout
from drumhead.models.recurrent import RecurrentSegmenter
from drumhead.models.registry import FAMILIES, MODEL_NAMES, ModelConfig, build, model_config
from drumhead.models.segmenter import Segmenter
from drumhead.models.unet import UNet, UNetConfig

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
