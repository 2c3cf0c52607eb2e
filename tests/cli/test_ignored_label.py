"""Data with an ignored label, from the user's folder to predictions, as a user types it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drumhead.cli import FAILED, OK, USAGE_ERROR, main
from drumhead.data import open_dataset
from drumhead.runs import Run


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with PNG pairs whose outlines are labelled 255, the imported data, and a run on it."""
    folder = tmp_path_factory.mktemp("ignored")
    generator = np.random.default_rng(0)
    for split, count in (("train", 8), ("val", 4), ("test", 4)):
        for kind in ("images", "masks"):
            (folder / "mine" / split / kind).mkdir(parents=True)
        for number in range(count):
            mask = np.zeros((20, 24), np.uint8)
            mask[4:12, 5:15] = 255
            mask[5:11, 6:14] = 1 + number % 2
            if split == "test" and number == 3:
                mask[:] = 255
            image = (90 * (mask % 255) + generator.integers(0, 20, mask.shape)).astype(np.uint8)
            Image.fromarray(image).save(folder / "mine" / split / "images" / f"{number}.png")
            Image.fromarray(mask).save(folder / "mine" / split / "masks" / f"{number}.png")
    assert main(["data", "import", str(folder / "mine"), "--out", str(folder / "data"), "--ignore-label", "255"]) == OK
    assert train(folder, "run", "--recipe.class-weights", "1,4,2") == OK
    return folder


def train(folder: Path, name: str, *flags: str, data: str = "data") -> int:
    flags = ("--model.steps", "4", "--model.pixel-widths", "8,4", "--data", str(folder / data), *flags)
    return main(["train", "tetrominoes-nwm-linear", "--recipe", "smoke", "--out", str(folder / name), *flags])


def test_the_configuration_names_label_and_weights(workplace: Path) -> None:
    config = Run.open(workplace / "run").config
    assert config.data.ignored_label == 255
    assert config.experiment.recipe.class_weights == (1, 4, 2)
    assert config.experiment.model.pixel_widths == (8, 4)  # type: ignore[union-attr]


def test_the_same_command_leaves_a_finished_run_alone(workplace: Path) -> None:
    before = (workplace / "run" / "model.safetensors").read_bytes()
    assert train(workplace, "run", "--recipe.class-weights", "1", "4", "2") == OK
    assert (workplace / "run" / "model.safetensors").read_bytes() == before


def test_evaluate_names_ignored_images(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(workplace / "run")]) == OK
    printed = " ".join(capsys.readouterr().out.split())
    assert "1 of 4 images have only ignored pixels and count for nothing." in printed
    masks = open_dataset(workplace / "data").splits["test"].masks[:3]
    assert f"{(masks == 0).sum() / (masks != 255).sum():.3f}" in printed  # background everywhere


def test_balanced_weights_train(workplace: Path) -> None:
    assert train(workplace, "balanced", "--recipe.class-weights", "balanced") == OK
    assert Run.open(workplace / "balanced").config.experiment.recipe.class_weights == "balanced"


def test_a_weight_too_few_is_refused(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(workplace, "few", "--recipe.class-weights", "1,4") in (FAILED, USAGE_ERROR)
    assert "must be 3 numbers; got 2" in " ".join(capsys.readouterr().err.split())
    assert not (workplace / "few").exists()


def test_data_without_an_ignored_label_is_scored_on_all_pixels(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = open_dataset(workplace / "data")
    whole = workplace / "whole"
    whole.mkdir(exist_ok=True)
    for name, split in data.splits.items():
        np.save(whole / f"{name}_images.npy", split.images)
        np.save(whole / f"{name}_masks.npy", np.where(split.masks == 255, 0, split.masks))
    (whole / "classes.txt").write_text("\n".join(data.class_names))
    assert main(["evaluate", str(workplace / "run"), "--data", str(whole)]) == OK
    printed = " ".join(capsys.readouterr().out.split())
    assert "ignored" not in printed
    share = (open_dataset(whole).splits["test"].masks == 0).mean()
    assert f"{share:.3f}" in printed  # background everywhere


def test_samples_and_movie(workplace: Path) -> None:
    run = str(workplace / "run")
    assert main(["figure", "samples", run, "--samples", "0", "1", "3", "--out", str(workplace / "figures")]) == OK
    assert main(["movie", run, "--samples", "0", "3", "--out", str(workplace / "waves.gif")]) == OK


@pytest.mark.slow
def test_other_figures_and_the_report(workplace: Path) -> None:
    run, out = str(workplace / "run"), str(workplace / "figures")
    assert main(["figure", "waves", run, "--out", out]) == OK
    assert main(["figure", "polygons", run, "--out", out, "--images", "4"]) == OK
    assert main(["report", run, "--out", str(workplace / "report"), "--no-theory", "--no-movies"]) == OK
    page = (workplace / "report" / "report.html").read_text()
    assert "255: its pixels count in no loss and no score" in page


def test_predict_gives_every_pixel_a_class(workplace: Path) -> None:
    out = workplace / "masks"
    images = str(workplace / "mine" / "test" / "images")
    assert main(["predict", str(workplace / "run"), images, "--out", str(out)]) == OK
    for file in out.glob("*_mask.png"):
        with Image.open(file) as mask:
            assert np.array(mask).max() <= 2
