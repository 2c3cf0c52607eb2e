"""Users' own folders on the command line: what ``data check`` says, and what ``data import`` keeps for ``predict``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.data import ImportOptions, open_dataset
from drumhead.runs import Run


@pytest.fixture
def microscopy(tmp_path: Path) -> Path:
    """Images of a 12-bit camera in 16-bit TIFF files, in one folder without splits; a bright square is class 1."""
    generator = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (tmp_path / "cells" / kind).mkdir(parents=True)
    for sample in range(8):
        mask = np.zeros((16, 16), np.uint8)
        mask[4:10, sample : sample + 6] = 1
        image = generator.integers(100, 300, (16, 16)) + 3500 * mask.astype(int)
        tifffile.imwrite(tmp_path / "cells/images" / f"{sample}.tif", image.astype(np.uint16))
        Image.fromarray(mask).save(tmp_path / "cells/masks" / f"{sample}.png")
    return tmp_path / "cells"


def test_dark_images_are_named(microscopy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(microscopy), "--split", "60,20,20"]) == OK
    text = " ".join(capsys.readouterr().out.split())
    assert "train 5 images, pixels 0.00153 to 0.058" in text
    assert "Warning: no pixel of train, val, test is above 0.058 of 1, so a network sees nearly black images." in text
    assert "--scale 4095" in text
    assert main(["data", "check", str(microscopy), "--split", "60,20,20", "--scale", "4095"]) == OK
    text = capsys.readouterr().out
    assert "Warning" not in text
    assert "pixels are the numbers in the files divided by 4095" in text


def test_train_warns_of_dark_images(microscopy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--split", "60,20,20", "--seed", "3"]
    for name, more in (("dark", []), ("bright", ["--scale", "4095"])):
        assert main(["data", "import", str(microscopy), "--out", str(tmp_path / name), *flags, *more]) == OK
        capsys.readouterr()
        command = ["train", "cnn-2", "--recipe", "smoke", "--recipe.batch-size", "2", "--data", str(tmp_path / name)]
        assert main([*command, "--out", str(tmp_path / f"{name}-run")]) == OK
        warning = " ".join(capsys.readouterr().err.split())
        assert ("warning: no pixel of train, val, test is above 0.058 of 1" in warning) == (name == "dark")
    assert main(["data", "check", str(tmp_path / "bright")]) == OK
    assert "split at random as 60, 20, 20, with seed 3" in capsys.readouterr().out
    options = open_dataset(tmp_path / "bright").manifest.import_options
    assert options == ImportOptions(split=(60, 20, 20), seed=3, scale=4095)


def test_a_scale_goes_from_import_to_predict(
    microscopy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new, run = tmp_path / "new", tmp_path / "run"
    flags = ["--split", "60,20,20", "--scale", "4095", "--relabel", "--ignore-label", "9"]
    assert main(["data", "import", str(microscopy), "--out", str(new), *flags]) == OK
    dataset = open_dataset(new)
    assert (dataset.scale, dataset.ignored_label, dataset.relabel) == (4095, 255, {0: 0, 1: 1})
    assert main(["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(new), "--out", str(run)]) == OK
    record = Run.open(run).config.data
    assert (record.scale, record.ignored_label, record.relabel) == (4095, 255, {0: 0, 1: 1})
    images = [str(microscopy / "images/0.tif"), str(microscopy / "images/1.tif")]
    assert main(["predict", str(run), *images, "--out", str(tmp_path / "masks")]) == OK
    Image.fromarray(np.full((16, 16), 200, np.uint8)).save(tmp_path / "eight.png")
    capsys.readouterr()
    assert main(["predict", str(run), str(tmp_path / "eight.png"), "--out", str(tmp_path / "more")]) == USAGE_ERROR
    assert "the numbers that become 1.0 are 4095 (--scale)" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--split", "1,2,0"], "three numbers above 0"),
        (["--groups", "g.csv"], "groups need a split"),
        (["--scale", "0"], "scale"),
        ([], "no dataset found"),
    ],
)
def test_bad_flags(flags: list[str], message: str, microscopy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(microscopy), *flags]) == USAGE_ERROR
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--split", "1,2"], "--split must be the sizes of train, val and test"),
        (["--ignore-label", "x"], "--ignore-label must be one integer or several"),
    ],
)
def test_numbers_with_commas(
    flags: list[str], message: str, microscopy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["data", "check", str(microscopy), *flags])
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
