"""``drumhead predict``: segment images with a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import tyro
from torch import Tensor

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.data import find_image_files, read_image
from drumhead.files import check_writable
from drumhead.models import Segmenter
from drumhead.modes import evaluation_mode
from drumhead.report.mask_files import (
    COLOUR,
    MASK,
    OVERLAY,
    PROBABILITIES,
    save_mask,
    save_overlay,
    save_probabilities,
)
from drumhead.runs import Run
from drumhead.zoo import find_run

MOST_NAMES = 10
"""The greatest number of files that are named as left out, in each folder."""


def main(args: list[str]) -> int:
    """Run ``drumhead predict``."""
    parse(predict, args, prog="drumhead predict")
    return OK


def predict(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")],
    images: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE [IMAGE ...]")],
    *,
    out: Path,
    probabilities: bool = False,
    overlay: bool = False,
    overwrite: bool = False,
) -> None:
    """Segment images with the best weights of a run; each pixel gets a class, never the ignored label of the data.

    For each image, this writes NAME_mask.png with class numbers and a palette of colours, and NAME_colour.png. Images
    may have any size. 8-bit PNG, JPEG and TIFF files are converted to grey or RGB as the model needs. An .npy file has
    shape (height, width, channel). Numbers are scaled as in the training data.

    Args:
        run: A run folder, or the name of a trained network.
        images: Image files (PNG, JPEG, TIFF, .npy), or folders of them.
        out: The folder for the masks, made if it is missing.
        probabilities: Also write NAME_probabilities.npy, float32 with shape (class, height, width).
        overlay: Also write NAME_overlay.png, the image with the colours of all classes but the background over it.
        overwrite: Replace existing files with the same names.
    """
    files = find_image_files(list(images))
    if not files:
        raise ValueError("name at least one image or a folder of images")
    opened = Run.open(find_run(run))
    model = opened.load_model()
    endings = [MASK, COLOUR, *([PROBABILITIES] if probabilities else []), *([OVERLAY] if overlay else [])]
    written = [out / f"{file.stem}{ending}" for file in files for ending in endings]
    existing = [path for path in written if path.exists()]
    if existing and not overwrite:
        raise FileExistsError(f"{existing[0]} already exists; choose another --out, or add --overwrite")
    check_writable(written[0])
    # Reading all images first finds invalid input before any work.
    scale = opened.config.data.scale
    pictures = [read_image(file, channels=model.in_channels, scale=scale) for file in files]
    out.mkdir(parents=True, exist_ok=True)
    console = Console()
    with progress_bar(console, "predicting") as progress:
        for number, (file, picture) in enumerate(zip(files, pictures, strict=True), start=1):
            batch = torch.from_numpy(picture)[None]
            if probabilities:
                shares = predict_probabilities(model, batch)[0]
                mask = shares.argmax(dim=0).numpy()  # of the same numbers, so that both files agree in ties
                save_probabilities(shares.numpy(), out, file.stem)
            else:
                mask = model.predict(batch)[0].numpy()
            save_mask(mask, out, file.stem)
            if overlay:
                save_overlay(picture, mask, out, file.stem)
            progress(number, len(files))
    for line in left_out(images, files):
        console.print(line, soft_wrap=True)
    legend = ", ".join(f"{number} {name}" for number, name in enumerate(opened.config.data.class_names))
    console.print(f"{len(files)} {'mask' if len(files) == 1 else 'masks'} in {out}. Classes: {legend}", highlight=False)


@torch.no_grad()
def predict_probabilities(model: Segmenter, images: Tensor) -> Tensor:
    """Return the probability of every class at every pixel, ``(batch, class, height, width)``."""
    with evaluation_mode(model):
        logits: Tensor = model(images)
    return logits.softmax(dim=1)


def left_out(paths: Sequence[Path], files: Sequence[Path]) -> list[str]:
    """Return a line for each folder that holds anything else than the image files, hidden files aside."""
    lines = []
    for folder in (path for path in paths if path.is_dir()):
        others = sorted(path for path in folder.iterdir() if path not in files and not path.name.startswith("."))
        names = [f"{path.name}/" if path.is_dir() else path.name for path in others]
        if names:
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            lines.append(f"left out, as no images in {folder}: {', '.join(names[:MOST_NAMES])}{more}")
    return lines
