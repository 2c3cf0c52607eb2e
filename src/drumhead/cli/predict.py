"""``drumhead predict``: segment images with a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.data import find_image_files, read_image
from drumhead.files import check_writable
from drumhead.report.mask_files import save_mask
from drumhead.runs import Run


def main(args: list[str]) -> int:
    """Run ``drumhead predict``."""
    parse(predict, args, prog="drumhead predict")
    return OK


def predict(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")],
    images: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE [IMAGE ...]")],
    *,
    out: Path,
    overwrite: bool = False,
) -> None:
    """Segment images with the best weights of a run; each pixel gets a class, never the ignored label of the data.

    For each image, this writes NAME_mask.png with class numbers, and NAME_colour.png. Images may have any size.
    8-bit PNG, JPEG and TIFF files are converted to grey or RGB as the model needs. An .npy file has shape (height,
    width, channel). Numbers are scaled as in the training data.

    Args:
        run: A run folder.
        images: Image files (PNG, JPEG, TIFF, .npy), or folders of them.
        out: The folder for the masks, made if it is missing.
        overwrite: Replace existing masks with the same names.
    """
    files = find_image_files(list(images))
    if not files:
        raise ValueError("name at least one image or a folder of images")
    opened = Run.open(run)
    model = opened.load_model()
    existing = [out / f"{file.stem}_mask.png" for file in files if (out / f"{file.stem}_mask.png").exists()]
    if existing and not overwrite:
        raise FileExistsError(f"{existing[0]} already exists; choose another --out, or add --overwrite")
    check_writable(*(out / f"{file.stem}_mask.png" for file in files[:1]))
    # Reading all images first finds invalid input before any work.
    scale = opened.config.data.scale
    pictures = [read_image(file, channels=model.in_channels, scale=scale) for file in files]
    out.mkdir(parents=True, exist_ok=True)
    console = Console()
    with progress_bar(console, "predicting") as progress:
        for number, (file, picture) in enumerate(zip(files, pictures, strict=True), start=1):
            batch = torch.from_numpy(picture)[None]
            save_mask(model.predict(batch)[0].numpy(), out, file.stem)
            progress(number, len(files))
    legend = ", ".join(f"{number} {name}" for number, name in enumerate(opened.config.data.class_names))
    console.print(f"{len(files)} masks in {out}. Classes: {legend}", highlight=False)
