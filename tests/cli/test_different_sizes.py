"""A folder of photos of different sizes, from the check to predictions, as a user types it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.runs import Run
from drumhead.waves import read_states

SIZES = [(20, 24), (12, 30), (16, 16), (20, 24)]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of image and mask files of different sizes without any import, and a run on it."""
    folder = tmp_path_factory.mktemp("sizes")
    generator = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for kind in ("images", "masks"):
            (folder / "mine" / split / kind).mkdir(parents=True)
        for number, size in enumerate(SIZES):
            mask = np.zeros(size, np.uint8)
            mask[3:9, 4 : 8 + number] = 1
            image = (90 * mask[..., None] + generator.integers(0, 20, (*size, 3))).astype(np.uint8)
            Image.fromarray(image).save(folder / "mine" / split / "images" / f"{number}.png")
            Image.fromarray(mask).save(folder / "mine" / split / "masks" / f"{number}.png")
    flags = ["--model.steps", "4", "--model.pixel-widths", "8", "--recipe.batch-size", "2"]
    command = ["train", "nwm-linear", "--data", str(folder / "mine"), "--recipe", "smoke", *flags]
    assert main([*command, "--out", str(folder / "run")]) == OK
    return folder


def test_the_check_says_what_is_padded(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(workplace / "mine")]) == OK
    printed = " ".join(capsys.readouterr().out.split())
    padding = 1 - sum(height * width for height, width in SIZES) / (len(SIZES) * 20 * 30)
    assert "3 x 20 x 30 pixels (channel, height, width)" in printed
    assert "3 sizes of images, heights 12 to 20, widths 16 to 30" in printed
    assert f"smaller images are padded ({padding:.1%} of all pixels), and the padding does not count" in printed
    assert "pixels that do not count are stored" not in printed  # nothing but the padding is ignored


def test_evaluate_scores_every_image_alone(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = Run.open(workplace / "run").scores()
    assert stored is not None
    assert stored.images == len(SIZES)
    for size in ("1", "64"):
        assert main(["evaluate", str(workplace / "run"), "--batch-size", size]) == OK
        assert f"{stored.acc:.3f}" in capsys.readouterr().out


def test_predictions_and_pictures_have_the_sizes_of_the_images(workplace: Path) -> None:
    out, run = workplace / "masks", str(workplace / "run")
    assert main(["predict", run, str(workplace / "mine/test/images"), "--out", str(out)]) == OK
    for number, size in enumerate(SIZES):
        with Image.open(out / f"{number}_mask.png") as mask:
            assert mask.size[::-1] == size
    assert main(["figure", "samples", run, "--samples", "0", "1", "2", "--out", str(workplace / "figures")]) == OK
    assert main(["movie", run, "--samples", "1", "--out", str(workplace / "waves.gif")]) == OK


def test_a_movie_has_samples_of_one_size(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--out", str(workplace / "two.gif"), "--samples"]
    assert main(["movie", str(workplace / "run"), *flags, "0", "1"]) == USAGE_ERROR
    assert "got 20 x 24, 12 x 30 pixels: make a movie of each, with --each" in " ".join(capsys.readouterr().err.split())
    assert main(["movie", str(workplace / "run"), *flags, "0", "3"]) == OK


def test_states_have_the_size_of_the_image(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = workplace / "states.npz"
    assert main(["states", str(workplace / "run"), "--samples", "1", "--out", str(out)]) == OK
    found = read_states(out)
    assert found.values.shape[-2:] == SIZES[1]
    assert found.masks is not None
    assert found.masks.shape[1:] == SIZES[1]
    assert (found.masks[0, 3:9, 4:9] == 1).all()
    both = ["states", str(workplace / "run"), "--samples", "0:2", "--out", str(workplace / "two.npz")]
    assert main(both) == USAGE_ERROR
    assert "got 20 x 24, 12 x 30 pixels" in " ".join(capsys.readouterr().err.split())
