"""A folder with one file of every kind that Drumhead opens, and the command that opens each."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from tests.published.reference_models import params, random_state, write
from tests.training.tiny_runs import fit, tiny_experiment

from drumhead.data import Dataset, Split, TetrominoConfig, make_dataset, write_dataset
from drumhead.experiments import find_experiment
from drumhead.results.results_file import add_rows
from drumhead.results.rows import result_row
from drumhead.runs import DataRecord, Run, RunConfig
from drumhead.scores import background_scores
from drumhead.sweeps.failure import Failure, write_failure

DIGITS = {"train": 12, "t10k": 6}
PREDICT = ["predict", "run", "picture.png", "scan.tif", "array.npy", "--out", "masks"]
SPLIT = ["data", "import", "unsplit", "--out", "new", "--split", "2,1,1", "--groups", "unsplit/groups.csv"]
ONE_STEP = ["--recipe.epochs", "1", "--recipe.steps-per-epoch", "1", "--recipe.batch-size", "2", "--accelerator", "cpu"]
MAKE_DIGITS = ["data", "mnist", "--out", "new", "--mnist-root", "mnist", "--seed", "1"]
MAKE_DIGITS += ["--train", "4", "--val", "2", "--test", "3", "--size", "28"]

OPENED_BY: dict[str, list[str]] = {
    "data/manifest.json": ["data", "check", "data"],
    "data/train_images.npy": ["data", "check", "data"],
    "data/test_masks.npy": ["data", "check", "data"],
    "padded/train_sizes.npy": ["data", "check", "padded"],
    "arrays/train_images.npy": ["data", "import", "arrays", "--out", "new"],
    "arrays/val_masks.npy": ["data", "import", "arrays", "--out", "new"],
    "arrays/classes.txt": ["data", "import", "arrays", "--out", "new"],
    "pairs/train/images/0.png": ["data", "import", "pairs", "--out", "new"],
    "pairs/test/masks/1.png": ["data", "import", "pairs", "--out", "new"],
    "unsplit/images/0.tif": SPLIT,
    "unsplit/images/1.jpg": SPLIT,
    "unsplit/masks/0.npy": SPLIT,
    "unsplit/masks/1.tif": SPLIT,
    "unsplit/groups.csv": SPLIT,
    "run/config.json": ["evaluate", "run", "--data", "data", "--accelerator", "cpu"],
    "run/metrics.csv": ["table", "run"],
    "run/scores.json": ["table", "run"],
    "run/model.safetensors": PREDICT,
    "diverged/diverged.json": ["evaluate", "diverged", "--data", "data", "--accelerator", "cpu"],
    "going/last.ckpt": ["train", "going", "--data", "data"],
    "stopped/failed.json": ["runs", "stopped"],
    "stopped/log.txt": ["runs", "stopped"],
    "lab/drumhead.yaml": ["sweep", "tetrominoes-cnn-2", "--on", "slurm", "--dry-run", "--cluster", "lab/drumhead.yaml"],
    "lab/experiment.yaml": ["train", "--config", "lab/experiment.yaml", "--data", "data", "--out", "new", *ONE_STEP],
    "lab/.submitit/jobs-0.json": ["runs", "lab"],
    "theirs/cp.pt": ["import", "theirs", "--out", "new"],
    "theirs/.hydra/config.yaml": ["import", "theirs", "--out", "new"],
    "mnist/train-images-idx3-ubyte": MAKE_DIGITS,
    "mnist/train-labels-idx1-ubyte": MAKE_DIGITS,
    "mnist/t10k-images-idx3-ubyte.gz": MAKE_DIGITS,
    "mnist/t10k-labels-idx1-ubyte.gz": MAKE_DIGITS,
    "picture.png": PREDICT,
    "scan.tif": PREDICT,
    "array.npy": PREDICT,
    "results.csv": ["table", "results.csv"],
}
"""The arguments of a command that opens each file; paths are relative to the folder."""


def build(folder: Path) -> None:
    """Make all files in a new folder."""
    config = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=4, val=2, test=4, seed=0)
    dataset = make_dataset(config, folder / "data")
    own_padded(folder / "padded", dataset)
    own_arrays(folder / "arrays", dataset)
    own_pairs(folder / "pairs", dataset)
    own_unsplit_files(folder / "unsplit", dataset)
    run = untrained(folder / "run", dataset)
    scores = background_scores(dataset.splits["test"].masks, dataset.class_names)
    run.write_scores(scores)
    add_rows(folder / "results.csv", [result_row(run, scores)])
    untrained(folder / "diverged", dataset).write_divergence("the loss of step 3 is nan")
    stopped(folder / "stopped", dataset)
    lab(folder / "lab")
    fit(tiny_experiment("cnn", epochs=1, model_fields={"engine": "plain"}), dataset, folder / "going")
    (folder / "going" / "scores.json").unlink()
    described = params("cornn_model2", max_iters=6, c_mid=4, readout_type="fft")
    write(folder / "theirs", described, random_state(described))
    digits(folder / "mnist")
    board = dataset.splits["test"].images[0]
    Image.fromarray(board).save(folder / "picture.png")
    tifffile.imwrite(folder / "scan.tif", board)
    np.save(folder / "array.npy", board)


def stopped(folder: Path, dataset: Dataset) -> None:
    """Make a run that failed in a sweep."""
    untrained(folder, dataset)
    write_failure(folder, Failure(kind="failed", message="OSError: no space left on device"))
    (folder / "log.txt").write_text("epoch   1  loss 0.5\nOSError: no space left on device\n")


def lab(folder: Path) -> None:
    """Make the settings of a cluster, the record of a submitted job, and an experiment."""
    (folder / ".submitit").mkdir(parents=True)
    (folder / "drumhead.yaml").write_text("partition: gpu\ntime: 4:00:00\nmem: 16G\nsetup:\n  - module load cuda\n")
    (folder / "experiment.yaml").write_text(
        "name: mine\nseed: 3\nmodel:\n  name: cnn\n  layers: 2\n  width: 4\n  pixel_widths: [8]\n  engine: plain\n"
    )
    job = {"job": "1_0", "name": "drumhead-1", "log": "1_0_log.out"}
    (folder / ".submitit" / "jobs-0.json").write_text(json.dumps({"seed0": job}))


def own_padded(folder: Path, dataset: Dataset) -> None:
    """Make a dataset of images of different sizes."""
    splits = {}
    for name, split in dataset.splits.items():
        sizes = np.array([(24, 24 - number) for number in range(len(split.images))], np.int32)
        masks = split.masks.copy()
        for mask, (_, width) in zip(masks, sizes.tolist(), strict=True):
            mask[:, width:] = 255
        splits[name] = Split(split.images, masks, sizes)
    write_dataset(folder, splits, name="padded", class_names=dataset.class_names, ignored_label=255)


def own_arrays(folder: Path, dataset: Dataset) -> None:
    """Make a user's folder of arrays, with class names."""
    folder.mkdir()
    for name, split in dataset.splits.items():
        np.save(folder / f"{name}_images.npy", split.images)
        np.save(folder / f"{name}_masks.npy", split.masks)
    (folder / "classes.txt").write_text("\n".join(dataset.class_names))


def own_pairs(folder: Path, dataset: Dataset) -> None:
    """Make a user's folder of PNG pairs, with class names."""
    for name, split in dataset.splits.items():
        for kind, arrays in (("images", split.images), ("masks", split.masks)):
            (folder / name / kind).mkdir(parents=True)
            for number, array in enumerate(arrays):
                Image.fromarray(array).save(folder / name / kind / f"{number}.png")
    (folder / "classes.txt").write_text("\n".join(dataset.class_names))


def own_unsplit_files(folder: Path, dataset: Dataset) -> None:
    """Make a user's folder of files in other formats, without splits, with a file of groups."""
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number, (image, mask) in enumerate(zip(*dataset.splits["train"].arrays.values(), strict=True)):
        if number % 2:
            Image.fromarray(image).save(folder / "images" / f"{number}.jpg")
            tifffile.imwrite(folder / "masks" / f"{number}.tif", mask)
        else:
            tifffile.imwrite(folder / "images" / f"{number}.tif", image)
            np.save(folder / "masks" / f"{number}.npy", mask)
    (folder / "classes.txt").write_text("\n".join(dataset.class_names))
    (folder / "groups.csv").write_text("".join(f"{number},{number}\n" for number in range(4)))


def untrained(folder: Path, dataset: Dataset) -> Run:
    """Make a run of a small wave network with untrained weights and metrics of two epochs."""
    experiment = find_experiment("tetrominoes-nwm-linear")
    experiment = experiment.replace(model=experiment.model.replace(steps=4, pixel_widths=(8,), engine="plain"))
    run = Run.create(
        folder, RunConfig(experiment=experiment, data=DataRecord.from_dataset(dataset), versions={}, machine={})
    )
    run.save_model(run.new_model())
    numbers = {"learning_rate": 1e-3, "train_loss": 0.5, "val_loss": 0.6, "val_acc": 0.9, "val_iou_foreground": 0.1}
    run.write_metrics([{"epoch": epoch, "step": epoch, "seconds": 2.5 * epoch, **numbers} for epoch in (1, 2)])
    return run


def digits(folder: Path) -> None:
    """Make the four files of MNIST with a few random images; the test files are gzipped."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for prefix, count in DIGITS.items():
        images = generator.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            content = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()
            if prefix == "train":
                (folder / f"{prefix}-{kind}-ubyte").write_bytes(content)
            else:
                (folder / f"{prefix}-{kind}-ubyte.gz").write_bytes(gzip.compress(content))
