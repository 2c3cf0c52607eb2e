"""Commands as a user types them: arguments, output, exit codes, and files on disk."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.fork_server import ForkServer

from drumhead.cli import COMMANDS, FAILED, INTERRUPTED, OK, USAGE_ERROR, main
from drumhead.data import DATASETS, MNIST_ROOT_VARIABLE, TETROMINO_CLASSES, ReferenceDataset, open_dataset
from drumhead.demo import FILES
from drumhead.report.page.train_command import train_command
from drumhead.runs import Run

SMALL_MODEL = ["--model.steps", "4", "--model.pixel-widths", "8"]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset and two finished runs, made by the commands themselves."""
    folder = tmp_path_factory.mktemp("workplace")
    data = str(folder / "data")
    size = [
        "--canvas",
        "32",
        "--cell",
        "5",
        "--max-pieces",
        "2",
        "--train",
        "8",
        "--val",
        "4",
        "--test",
        "5",
        "--seed",
        "1",
    ]
    assert main(["data", "tetrominoes", "--out", data, *size]) == OK
    for name, flags in (("tetrominoes-nwm-linear", SMALL_MODEL), ("tetrominoes-cnn-2", ["--model.pixel-widths", "8"])):
        out = str(folder / "runs" / name)
        assert main(["train", name, "--recipe", "smoke", "--data", data, "--out", out, *flags]) == OK
    return folder


@pytest.fixture
def waves(workplace: Path) -> str:
    """The wave network's run folder."""
    return str(workplace / "runs" / "tetrominoes-nwm-linear")


def test_help_names_every_command_and_is_instant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == OK
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)
    code = "import sys; from drumhead.cli import main; main(['--help']); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(SystemExit):  # raised by the parser
        assert main([name, "--help"]) == OK
    assert f"drumhead {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == OK
    assert capsys.readouterr().out.startswith("drumhead ")


def test_an_unknown_command_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trian"]) == USAGE_ERROR
    printed = capsys.readouterr().err
    assert "unknown command 'trian'; did you mean train? The commands are data, experiments" in printed


def test_data_is_made_once_and_checked(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(workplace / "data")
    assert main(["data", "check", folder]) == OK
    printed = capsys.readouterr().out
    assert "No errors" in printed
    assert "published" not in printed
    assert main(["data", "tetrominoes", "--out", folder]) == USAGE_ERROR
    assert "is not empty" in capsys.readouterr().err


def test_damaged_data_is_named(workplace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    assert main(["data", "import", str(workplace / "data"), "--out", str(copy)]) == OK
    masks = np.load(copy / "val_masks.npy")
    masks[0, 0, 0] ^= 1
    np.save(copy / "val_masks.npy", masks)
    assert main(["data", "check", str(copy)]) == USAGE_ERROR
    assert "val_masks.npy" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mnist", "multi-mnist", "multi_mnist", "polygons"])
def test_every_dataset_is_made_with_its_options(
    name: str, toy_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"mnist": ["--size", "31"], "polygons": ["--canvas", "64", "--sides", "3", "5", "--rotate"]}
    args = ["data", name, "--out", str(tmp_path / "new"), "--train", "4", "--val", "2", "--test", "3", "--seed", "1"]
    root = [] if name == "polygons" else ["--mnist-root", str(toy_mnist)]
    assert main([*args, *root, *options.get(name, [])]) == OK
    assert open_dataset(tmp_path / "new").height == {"mnist": 31, "polygons": 64}.get(name, 128)
    assert main(["data", "check", str(tmp_path / "new")]) == OK
    assert "No errors" in capsys.readouterr().out


def test_digits_are_asked_for_before_anything_is_made(
    toy_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["data", "mnist", "--out", str(tmp_path / "new"), "--train", "4", "--val", "2", "--test", "3"]
    assert main([*args, "--seed", "1", "--mnist-root", str(tmp_path)]) == USAGE_ERROR
    assert "train-images-idx3-ubyte.gz" in capsys.readouterr().err
    monkeypatch.setenv(MNIST_ROOT_VARIABLE, str(toy_mnist))
    assert main(["data", "mnist", "--out", str(tmp_path / "new")]) == USAGE_ERROR
    assert "Give a seed" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert main([*args, "--seed", "1"]) == OK


def test_a_reference_dataset_is_named(
    workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ReferenceDataset("the set of this test", open_dataset(workplace / "data").manifest.splits)
    monkeypatch.setitem(DATASETS, "polygons", DATASETS["polygons"]._replace(reference=known))
    assert main(["data", "check", str(workplace / "data")]) == OK
    assert "This is the set of this test, bit for bit" in capsys.readouterr().out


def test_a_run_is_listed_with_its_scores(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(workplace / "runs")]) == OK
    printed = capsys.readouterr().out
    assert printed.count("done") >= 2
    assert main(["runs", str(workplace / "nowhere")]) == USAGE_ERROR


def test_a_finished_run_is_left_alone(workplace: Path, waves: str, capsys: pytest.CaptureFixture[str]) -> None:
    weights = (Path(waves) / "model.safetensors").stat().st_mtime_ns
    assert main(["train", waves]) == OK
    assert (Path(waves) / "model.safetensors").stat().st_mtime_ns == weights
    capsys.readouterr()
    same = ["train", "tetrominoes-nwm-linear", "--recipe", "smoke", "--data", str(workplace / "data"), "--out", waves]
    assert main([*same, *SMALL_MODEL, "--seed", "5"]) == USAGE_ERROR
    assert "seed is 2200, not 5" in capsys.readouterr().err


def test_a_run_resumes_after_its_data_was_moved(
    workplace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there, out = tmp_path / "here", tmp_path / "there", tmp_path / "run"
    assert main(["data", "import", str(workplace / "data"), "--out", str(here)]) == OK
    args = ["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(here), "--out", str(out)]
    assert main([*args, "--model.pixel-widths", "8"]) == OK
    (out / "scores.json").unlink()
    here.rename(there)
    assert main(["train", str(out)]) == USAGE_ERROR
    assert "--data" in capsys.readouterr().err
    assert main(["train", str(out), "--data", str(there)]) == OK
    assert Run.open(out).state == "done"


def test_a_finished_run_resumes_with_more_epochs(workplace: Path, tmp_path: Path) -> None:
    args = ["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(workplace / "data")]
    args += ["--out", str(tmp_path / "run"), "--model.pixel-widths", "8", "--recipe.epochs"]
    assert main([*args, "1"]) == OK
    assert main([*args, "3"]) == OK
    run = Run.open(tmp_path / "run")
    assert (run.state, len(run.metrics())) == ("done", 3)
    assert main(["train", str(run.folder), "--recipe.epochs", "4"]) == OK
    assert (run.state, len(run.metrics())) == ("done", 4)
    assert main(["train", str(run.folder), "--recipe.epochs", "2"]) == USAGE_ERROR


def test_the_configuration_of_a_run_trains_again(
    workplace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, out = workplace / "runs" / "tetrominoes-cnn-2", tmp_path / "new"
    args = ["train", "--config", str(old / "config.json"), "--out", str(out), "--seed", "9", "--recipe.min-delta", "9"]
    assert main([*args, "--recipe.epochs", "5", "--recipe.patience", "1"]) == OK
    assert "Training stopped early after epoch 2 of 5" in " ".join(capsys.readouterr().out.split())
    before, after = Run.open(old).config, Run.open(out).config
    recipe = before.experiment.recipe.replace(epochs=5, patience=1, min_delta=9.0)
    assert after.experiment == before.experiment.replace(seed=9, recipe=recipe)
    assert after.data == before.data
    assert main(["evaluate", str(out)]) == OK


def test_an_experiment_in_a_yaml_file_trains(workplace: Path, tmp_path: Path) -> None:
    file = tmp_path / "experiment.yaml"
    file.write_text(
        "name: mine\nmodel: {name: cnn, layers: 2, pixel_widths: [8]}\nrecipe: {epochs: 1, batch_size: 4}\n"
    )
    out = tmp_path / "run"
    assert main(["train", f"--config={file}", "--data", str(workplace / "data"), "--out", str(out)]) == OK
    assert (Run.open(out).config.experiment.name, Run.open(out).state) == ("mine", "done")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["tetrominoes-nmw"], "no experiment is called 'tetrominoes-nmw'"),
        (["runs/nothing"], "runs/nothing is not a run folder: it has no config.json"),
        (["tetrominoes-cnn-2", "--data", "nowhere"], "this one is missing"),
        (["tetrominoes-cnn-2", "--resume"], "the command that started a run also resumes it"),
        (["tetrominoes-cnn-2", "--config", "mine.yaml"], "names the experiment to train, and so does"),
        (["--config", "mine.yaml"], "mine.yaml"),
        (["tetrominoes-cnn-2", "--data", "nowhere", "--dataset.seed", "3"], "drop one"),
    ],
)
def test_invalid_arguments_of_train(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *args]) == USAGE_ERROR
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        (["--model.layers", "0"], "drumhead: --model.layers must be greater than 0; got 0"),
        (["--recipe.learning-rate=-3"], "drumhead: --recipe.learning-rate must be greater than 0; got -3.0"),
        (
            ["--recipe.epochz", "1"],
            "train tetrominoes-cnn-2 has no flag --recipe.epochz; did you mean --recipe.epochs?",
        ),
        (["--lr", "1"], "has no flag --lr; did you mean --recipe.learning-rate?"),
        (["--zzz=1"], "has no flag --zzz; `drumhead train tetrominoes-cnn-2 --help` lists all flags"),
        (["more"], "train tetrominoes-cnn-2 does not take the argument 'more'"),
        (["--accelerator", "cuda", "--devices", "8"], "needs 8, but this machine has"),
    ],
)
def test_bad_flags_for_train_stop_at_once(
    flag: list[str],
    message: str,
    workplace: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    data = ["--data", str(workplace / "data"), "--recipe", "smoke", "--recipe.batch-size", "8"]
    assert main(["train", "tetrominoes-cnn-2", *(data if "--devices" in flag else []), *flag]) == USAGE_ERROR
    printed = capsys.readouterr().err
    assert message in printed
    assert not any(word in printed.lower() for word in ("pydantic", "validation error", "fabric", "trainer"))
    assert list(tmp_path.iterdir()) == []


def test_an_impossible_recipe_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["train", "tetrominoes-cnn-2", "--recipe", "huge"])
    assert stop.value.code == USAGE_ERROR
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("data import", "drumhead: data import needs FOLDER and --out PATH; `drumhead data import --help` lists"),
        ("predict run images", "drumhead: predict needs --out PATH; `drumhead predict --help` lists"),
    ],
)
def test_a_missing_argument_is_named(command: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == USAGE_ERROR
    assert message in capsys.readouterr().err


def test_the_home_folder_is_found_also_where_a_shell_does_not_expand_it(
    workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    args = ["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(workplace / "data")]
    assert main([*args, "--model.pixel-widths", "8", "--out=~/one"]) == OK
    assert main([*args, "--model.pixel-widths", "8", "--out", "~/two"]) == OK
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}
    assert f"The run is in {tmp_path / 'one'}" in capsys.readouterr().out.replace("\n", "")
    assert main(["evaluate", "~/one", "--json=~/scores.json"]) == OK
    assert (tmp_path / "scores.json").is_file()


def test_path_variables_name_the_home_folder(toy_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(toy_mnist.parent))
    monkeypatch.setenv(MNIST_ROOT_VARIABLE, f"~/{toy_mnist.name}")
    args = ["data", "mnist", "--out", str(tmp_path / "new"), "--train", "4", "--val", "2", "--test", "3"]
    assert main([*args, "--seed", "1"]) == OK


def test_a_training_that_diverges_says_so(workplace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(workplace / "data")]
    out = tmp_path / "run"
    assert main([*args, "--out", str(out), "--recipe.learning-rate", "1e30"]) == FAILED
    assert "learning-rate" in capsys.readouterr().err
    assert not (out / "scores.json").exists()


def test_evaluate_shows_background_and_writes_scores(
    workplace: Path, waves: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.open(waves)
    before = run.scores()
    other = str(workplace / "runs" / "tetrominoes-cnn-2")
    report = workplace / "all.json"
    assert main(["evaluate", waves, other, "--json", str(report), "--batch-size", "2"]) == OK
    printed = capsys.readouterr().out
    assert "background everywhere" in printed
    assert all(name in printed for name in TETROMINO_CLASSES)
    assert set(json.loads(report.read_text())) == {waves, other}
    after = run.scores()
    assert before is not None
    assert after is not None
    assert (after.acc, after.mean_iou) == (before.acc, before.mean_iou)
    assert main(["evaluate", waves, "--split", "val"]) == OK
    assert run.scores() == after


def test_evaluate_needs_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path)]) == USAGE_ERROR
    assert "no config.json" in capsys.readouterr().err


def test_predict_any_size_and_kind(waves: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = tmp_path / "images"
    images.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (20, 33, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(images / "a.png")
    Image.fromarray(pixels).save(images / "b.jpg")
    np.save(images / "c.npy", pixels)
    out = tmp_path / "masks"
    assert main(["predict", waves, str(images), "--out", str(out)]) == OK
    model = Run.open(waves).load_model()
    expected = model.predict(torch.from_numpy(pixels / np.float32(255)).permute(2, 0, 1)[None])[0].numpy()
    for name in "ac":
        with Image.open(out / f"{name}_mask.png") as mask:
            assert np.array_equal(np.asarray(mask), expected)
    with Image.open(out / "b_colour.png") as colours:
        assert colours.size == (33, 20)
    assert main(["predict", waves, str(images), "--out", str(out)]) == USAGE_ERROR
    assert "--overwrite" in capsys.readouterr().err
    assert main(["predict", waves, str(images), "--out", str(out), "--overwrite"]) == OK


def test_predict_writes_palettes_probabilities_and_overlays(
    waves: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    (images / "more").mkdir(parents=True)
    (images / "notes.txt").write_text("none")
    pixels = np.random.default_rng(0).integers(0, 256, (20, 33, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(images / "a.png")
    args = ["predict", waves, str(images), "--out", str(out), "--probabilities", "--overlay"]
    assert main(args) == OK
    assert f"left out, as no images in {images}: more/, notes.txt" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {
        *("a_mask.png", "a_colour.png", "a_probabilities.npy", "a_overlay.png")
    }
    model = Run.open(waves).load_model()
    batch = torch.from_numpy(pixels / np.float32(255)).permute(2, 0, 1)[None]
    probabilities = np.load(out / "a_probabilities.npy", allow_pickle=False)
    assert probabilities.dtype == np.float32
    assert np.allclose(probabilities, model(batch)[0].softmax(dim=0).detach().numpy(), atol=1e-6)
    with Image.open(out / "a_mask.png") as mask, Image.open(out / "a_colour.png") as colours:
        assert mask.mode == "P"
        classes = np.asarray(mask)
        assert np.array_equal(classes, probabilities.argmax(axis=0))
        assert np.array_equal(classes, model.predict(batch)[0].numpy())
        assert np.array_equal(np.asarray(mask.convert("RGB")), np.asarray(colours))
        with Image.open(out / "a_overlay.png") as overlay:
            shown, foreground = np.asarray(overlay), classes > 0
            blended = (pixels.astype(float) + np.asarray(colours)) / 2
            assert np.array_equal(shown[~foreground], pixels[~foreground])
            assert np.abs(shown[foreground] - blended[foreground]).max(initial=0) <= 1
    (out / "a_mask.png").unlink()
    assert main(args) == USAGE_ERROR
    assert "a_colour.png already exists" in capsys.readouterr().err


def test_predict_finds_bad_input_before_work(waves: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.npy").write_bytes(b"")
    (tmp_path / "bad.png").write_text("no picture")
    out = tmp_path / "masks"
    assert main(["predict", waves, str(tmp_path / "bad.png"), "--out", str(out)]) == USAGE_ERROR
    assert "bad.png" in capsys.readouterr().err
    assert not out.exists()


def test_movie_has_a_frame_for_each_step(workplace: Path, waves: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["movie", waves, "--samples", "2", "0", "--channels", "1"]) == OK
    path = Path(waves) / "movies" / "test-2-0.gif"
    assert f"wrote {path}" in capsys.readouterr().out
    with Image.open(path) as movie:
        assert getattr(movie, "n_frames", 1) == 4
    assert main(["movie", waves, "--samples", "1", "3", "--each"]) == OK
    assert main(["movie", waves, "--samples", "1", "3", "--each", "--out", str(workplace / "one" / "m.gif")]) == OK
    assert [(path.parent / f"test-{sample}.gif").is_file() for sample in (1, 3)] == [True, True]
    each = [workplace / "one" / f"m-{sample}.gif" for sample in (1, 3)]
    assert sorted((workplace / "one").iterdir()) == each
    assert each[0].read_bytes() == (path.parent / "test-1.gif").read_bytes()
    assert main(["movie", waves, "--samples", "1", "1", "--each"]) == USAGE_ERROR
    assert "samples must differ" in capsys.readouterr().err
    assert main(["movie", waves, "--samples", "5"]) == USAGE_ERROR
    assert "from 0 to 4" in capsys.readouterr().err
    assert main(["movie", waves, "--out", "waves.webm"]) == USAGE_ERROR
    assert ".gif or .mp4" in capsys.readouterr().err
    assert main(["movie", str(workplace / "runs" / "tetrominoes-cnn-2")]) == USAGE_ERROR
    assert "no waves" in capsys.readouterr().err


def test_movie_of_image_files_of_any_size(waves: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 27, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "cell.png")
    Image.fromarray(pixels[::-1]).save(tmp_path / "flipped.png")
    Image.fromarray(pixels[:18]).save(tmp_path / "smaller.png")
    files = [str(tmp_path / f"{name}.png") for name in ("cell", "flipped", "smaller")]
    assert main(["movie", waves, "--images", *files[:2]]) == OK
    both = Path(waves) / "movies" / "cell-flipped.gif"
    assert f"wrote {both}" in capsys.readouterr().out
    assert main(["movie", waves, "--images", str(tmp_path), "--each", "--out", str(tmp_path / "out" / "m.gif")]) == OK
    each = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in each] == ["m-cell.gif", "m-flipped.gif", "m-smaller.gif"]
    with Image.open(both) as two, Image.open(each[0]) as one, Image.open(each[2]) as smaller:
        assert getattr(two, "n_frames", 1) == getattr(one, "n_frames", 1) == 4
        assert two.height > one.height > smaller.height
    assert main(["movie", waves, "--images", *files]) == USAGE_ERROR
    assert "20 x 27, 20 x 27, 18 x 27 pixels: make a movie of each, with --each" in " ".join(
        capsys.readouterr().err.split()
    )
    for flags in (["--samples", "0"], ["--split", "val"], ["--data", waves]):
        assert main(["movie", waves, "--images", files[0], *flags]) == USAGE_ERROR
        assert "give either them or --images" in " ".join(capsys.readouterr().err.split())
    (tmp_path / "bad.png").write_text("no picture")
    assert main(["movie", waves, "--images", str(tmp_path / "bad.png")]) == USAGE_ERROR
    assert "bad.png" in capsys.readouterr().err
    assert not (Path(waves) / "movies" / "bad.gif").exists()


def test_demo_from_data_to_pictures(workplace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    data = tmp_path / "boards"
    sizes = ["--canvas", "29", "--max-pieces", "1", "--train", "16", "--val", "2", "--test", "2", "--seed", "1"]
    assert main(["data", "tetrominoes", "--out", str(data), *sizes]) == OK
    args = ["demo", "--data", str(data), "--out", str(out), "--seconds", "0.1"]
    assert main(args) == OK
    printed = " ".join(capsys.readouterr().out.split())
    assert all(heading in printed for heading in ("background everywhere", "trained NWM", "trained CNN", "mean IoU"))
    assert "trained now" in printed
    run = Run.open(out / "tetrominoes-nwm-linear")
    epochs = run.metrics()
    assert f"The time limit ended the training after {epochs[-1]['step']:.0f} of 3,000 steps (0%)" in printed
    assert {path.name for path in out.iterdir()} == {"tetrominoes-nwm-linear", *FILES}
    assert main(args) == OK  # shows the finished demo again
    assert run.metrics() == epochs


def test_interrupted_training_ends_cleanly_and_resumes(
    workplace: Path, fork_server: ForkServer, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    args = ["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(workplace / "data"), "--out", str(out)]
    args += ["--model.pixel-widths", "8", "--recipe.epochs", "100000"]
    script = "import sys; from drumhead.cli import main; sys.exit(main(arguments))"
    for stop in (signal.SIGINT, signal.SIGTERM):
        process = fork_server.start(script, *args)
        before = len(Run.open(out).metrics()) if (out / "config.json").exists() else 0
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if (out / "config.json").exists() and len(Run.open(out).metrics()) > before:
                break
            time.sleep(0.05)
        os.kill(process.pid, stop)
        assert process.wait() == INTERRUPTED
        output = process.read_output()
        assert f"drumhead train {out}" in output
        assert "Traceback" not in output
        run = Run.open(out)
        assert run.state == "unfinished"
        assert len(run.metrics()) > before
        run.load_model()


def test_data_of_your_own_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = np.random.default_rng(0)
    for split, count in (("train", 4), ("val", 2), ("test", 2)):
        for kind in ("images", "masks"):
            (tmp_path / "mine" / split / kind).mkdir(parents=True)
        for number in range(count):
            mask = np.zeros((18, 23), np.uint8)
            mask[4:9, 5:11] = 1 + number % 2
            image = np.clip(mask * 90 + generator.integers(0, 20, mask.shape), 0, 255).astype(np.uint8)
            Image.fromarray(image).save(tmp_path / "mine" / split / "images" / f"{number}.png")
            Image.fromarray(mask).save(tmp_path / "mine" / split / "masks" / f"{number}.png")
    (tmp_path / "mine" / "classes.txt").write_text("background\ncell\nnucleus\n")
    monkeypatch.chdir(tmp_path)
    assert main(["train", "unet-2", "--recipe", "smoke"]) == USAGE_ERROR
    assert "unet-2 has no dataset of its own: give the folder of your data with --data" in capsys.readouterr().err
    assert main(["train", "unet-2", "--recipe", "smoke", "--data", "mine"]) == OK
    run = Run.open(tmp_path / "runs" / "mine-unet-2-seed0")
    assert run.config.experiment.name == "mine-unet-2"
    assert train_command(run) == f"drumhead train unet-2 --recipe smoke --seed 0 --data {tmp_path / 'mine'}"
    assert run.config.data.class_names == ("background", "cell", "nucleus")
    assert run.config.experiment.dataset is None
    assert open_dataset(tmp_path / "mine").fingerprint == run.config.data.fingerprint


def test_help_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in COMMANDS:
        with contextlib.suppress(SystemExit):
            main([name, "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    main(["--help"])
    overview = capsys.readouterr().out
    assert max(map(len, overview.splitlines())) <= 80
    headings = [line.removesuffix(":") for line in overview.splitlines() if line.endswith(":")]
    assert headings == list(dict.fromkeys(command.group for command in COMMANDS.values()))
    assert len(headings) == 5
