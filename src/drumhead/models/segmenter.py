"""The interface of all models: images in, class logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import Self

from drumhead.models.config import SegmenterConfig
from drumhead.models.pixel_sample import PixelSample
from drumhead.models.pixel_weights import check_masks, pixel_weights
from drumhead.modes import evaluation_mode

NO_LABEL = -100
"""The default ``ignore_index`` of torch's cross-entropy; no mask holds it."""

MAX_PARTS = 12
"""The greatest number of parts that the repr of a model lists."""


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


class Segmenter(nn.Module, ABC):
    """A network that predicts the class of every pixel, in two parts.

    In ``forward_features`` information spreads through the image; ``forward_head`` treats each pixel on its own. So a
    loss on a sample of pixels needs ``forward_head`` only for the sample.

    Args:
        config: The configuration of the model.
        in_channels: Number of channels of the images.
        classes: Number of classes, background included.

    >>> from drumhead.models import build
    >>> model = build("nwm", in_channels=3, classes=6, steps=10)
    >>> images, masks = torch.zeros(2, 3, 20, 31), torch.zeros(2, 20, 31, dtype=torch.int64)
    >>> model(images).shape, model.predict(images).shape, model.loss(images, masks).shape
    (torch.Size([2, 6, 20, 31]), torch.Size([2, 20, 31]), torch.Size([]))
    """

    def __init__(self, config: SegmenterConfig, *, in_channels: int, classes: int) -> None:
        super().__init__()
        self.config = config
        self.in_channels = in_channels
        self.classes = classes
        self.run_folder: Path | None = None
        """The run folder that the weights were loaded from; None for a model that was built or opened without one."""

    def __repr__(self) -> str:
        """Return the sizes, configuration and parts of the model; ``torch.nn.Module.__repr__`` returns all layers."""
        parts = [(name, part) for name, part in self.named_children() if any(True for _ in part.parameters())]
        lines = [
            f"{type(self).__name__}(in_channels={self.in_channels}, classes={self.classes}), "
            f"{self.parameter_count:,} parameters",
            repr(self.config),
            *(f"  {name}: {_size(part):,} parameters" for name, part in parts[:MAX_PARTS]),
        ]
        return "\n".join(lines) + (f"\n  and {len(parts) - MAX_PARTS} more parts" if len(parts) > MAX_PARTS else "")

    @abstractmethod
    def forward_features(self, images: Tensor) -> Tensor:
        """Return features ``(batch, ..., height, width)`` of images ``(batch, channel, height, width)``."""

    @abstractmethod
    def forward_head(self, features: Tensor) -> Tensor:
        """Return class logits ``(batch, class, height, width)``; each pixel depends on its own features alone."""

    def forward(self, images: Tensor) -> Tensor:
        """Return class logits ``(batch, class, height, width)``.

        Args:
            images: ``(batch, channel, height, width)``, floating point, values from 0 to 1. Any height and width.

        Raises:
            ValueError: If the images do not have that shape, have another number of channels, or hold integers.
        """
        self.check_images(images)
        return self.forward_head(self.forward_features(images))

    def loss(
        self,
        images: Tensor,
        masks: Tensor,
        *,
        pixels: PixelSample | None = None,
        class_weights: Tensor | None = None,
        ignored_label: int | None = None,
    ) -> Tensor:
        """Return the mean cross-entropy over all pixels of all images, weighted by class if weights are given.

        Args:
            images: As in :meth:`forward`.
            masks: Classes, int64 ``(batch, height, width)``.
            pixels: A sample of pixels of each image, for an unbiased estimate of the mean; all pixels by default.
            class_weights: Relative weight of each class, ``(class,)``; equal by default.
            ignored_label: Label in ``masks`` of the pixels to ignore; none by default. If all pixels of the batch have
                it, the loss is NaN.

        Raises:
            ValueError: If images or masks do not have these shapes, or masks hold a value that is neither a class nor
                the ignored label.
        """
        self.check_images(images)
        check_masks(masks, images, classes=self.classes, ignored_label=ignored_label)
        features = self.forward_features(images)
        ignore_index = NO_LABEL if ignored_label is None else ignored_label
        if class_weights is not None:
            class_weights = class_weights.to(features)
        if pixels is None:
            logits = self.forward_head(features)
            return F.cross_entropy(logits, masks, weight=class_weights, ignore_index=ignore_index)
        weights = pixel_weights(masks, class_weights=class_weights, ignored_label=ignored_label, dtype=features.dtype)
        sample_weights = weights.flatten(1).gather(1, pixels.pixel) * weights[0].numel() * pixels.weight
        flat = features.flatten(-2)
        index = pixels.pixel.view(len(masks), *[1] * (flat.ndim - 2), -1)
        sampled = flat.take_along_dim(index, dim=-1)[..., None]  # an image of one column, one row for each draw
        targets = masks.flatten(1).gather(1, pixels.pixel)[..., None]
        losses = F.cross_entropy(self.forward_head(sampled), targets, reduction="none", ignore_index=ignore_index)
        return (losses.squeeze(-1) * sample_weights).sum()

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """Return the class of every pixel, int64 ``(batch, height, width)``.

        The model computes in evaluation mode; afterwards each module has its previous mode again.
        """
        with evaluation_mode(self):
            prediction: Tensor = self(images).argmax(dim=1)
        return prediction

    def stability_warning(self, images: Tensor) -> str | None:
        """Return a warning for the user if the dynamics are unstable for these images; None if they are stable."""
        return None

    def constrain_parameters(self) -> None:
        """Change the parameters to meet the constraints of the configuration, if it has any; call after each step."""

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the model to a folder in the layout of the Hugging Face hub: configuration, weights and a model card.

        If the model was loaded from a run and still has its weights, the folder has the run's configuration, scores and
        metrics as well, and every command takes it as a run. A ``README.md`` that is there is kept.

        Args:
            folder: a new or empty folder, or one that an earlier call wrote.

        Raises:
            RunError: if the folder is that of a run.

        >>> import tempfile
        >>> from drumhead.models import build
        >>> folder = Path(tempfile.mkdtemp()) / "small"
        >>> build("cnn", in_channels=1, classes=2, layers=2).save_pretrained(folder)
        >>> sorted(path.name for path in folder.iterdir())
        ['README.md', 'config.json', 'model.safetensors']
        >>> Segmenter.from_pretrained(folder).parameter_count
        158186
        """
        from drumhead.hub import save_folder

        save_folder(self, folder)

    @classmethod
    def from_pretrained(cls, where: str | Path, **options: Any) -> Self:
        """Return the model in a folder or in a repository of the Hugging Face hub, in evaluation mode, on the CPU.

        No code in it is run, and no file but the configuration and the weights is downloaded.

        Args:
            where: a folder that :meth:`save_pretrained` wrote, a run folder, or OWNER/NAME on the hub, which needs
                huggingface_hub (``pip install 'drumhead[hub]'``).
            **options: of ``huggingface_hub.snapshot_download``, such as ``revision`` or ``token``; not for folders.

        Raises:
            RunError: if there is no such folder, a file is damaged, or the model is of another class.
        """
        from drumhead.hub import download, open_folder

        folder = Path(where) if Path(where).is_dir() else download(str(where), **options)
        model = open_folder(folder)
        if not isinstance(model, cls):
            raise TypeError(
                f"{where} holds a {type(model).__name__}, not a {cls.__name__}: use Segmenter.from_pretrained"
            )
        return model

    def push_to_hub(self, repository: str, **options: Any) -> str:
        """Write the model to a repository of the Hugging Face hub, and return the address of the commit.

        Args:
            repository: OWNER/NAME; the repository is created if it is missing.
            **options: ``private``, ``token``, ``revision`` (a branch) and ``commit_message``.

        Raises:
            RunError: if the name has another form, or huggingface_hub is not installed, which
                ``pip install 'drumhead[hub]'`` does.
        """
        from drumhead.hub import upload

        return upload(self, repository, **options)

    @property
    def parameter_count(self) -> int:
        """Number of parameters that require a gradient."""
        return sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)

    def check_images(self, images: Tensor) -> None:
        """Raise ``ValueError`` unless images are floating point ``(batch, in_channels, height, width)``."""
        if images.ndim != 4 or images.shape[1] != self.in_channels:
            raise ValueError(
                f"images must be (batch, {self.in_channels}, height, width) for this model, "
                f"got shape {tuple(images.shape)}"
            )
        if not images.is_floating_point():
            raise ValueError(f"images must be floating point, from 0 to 1, got {images.dtype}: scale them")
