"""Imported models compute the authors' equations; invalid folders are refused with an error that names the file."""

from __future__ import annotations

import pickle
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import drumhead
from drumhead.data import DATASETS, Dataset, TetrominoConfig, make_dataset, prepare_dataset, write_dataset
from drumhead.evaluation import evaluate_run, open_run_dataset
from drumhead.experiments import Recipe, find_experiment
from drumhead.published import ImportRunError, import_run
from drumhead.report.tables.score_tables import score_row
from drumhead.runs import Run, RunError
from drumhead.training import train

from . import reference_models
from .reference_models import Params, params, random_state, write

READOUTS = ("last", "mean_time", "max_time", "fft", "linear")
SMALLER = ("linear_smaller", "linear_smaller2", "linear_smaller3", "linear_smaller4")
CELLS = ("lstm", "gru", "rnn")

PUBLISHED: list[tuple[str, Params]] = [
    *[
        (f"{dataset}-{name}-{readout.removesuffix('_time')}", params(model, authors_dataset, readout_type=readout))
        for dataset, authors_dataset in (("tetrominoes", "new_tetronimoes"), ("mnist", "mnist"))
        for name, model in (("nwm", "cornn_model2"), ("lstm", "conv_recurrent2"))
        for readout in READOUTS
    ],
    *[
        (f"{dataset}-cnn-{layers}", params("baseline1_flexible", authors_dataset, num_layers=layers))
        for dataset, authors_dataset in (("tetrominoes", "new_tetronimoes"), ("mnist", "mnist"))
        for layers in (2, 4, 8, 16, 32)
    ],
    (
        "multi-mnist-nwm-linear",
        params("cornn_model2", "multi_mnist", hidden_channels=16, readout_type="linear_smaller4"),
    ),
    *[(f"multi-mnist-unet-{width}", params("unet2", "multi_mnist", c_mid=width)) for width in (2, 3, 4, 5)],
]
"""The 35 published experiments by Drumhead's names, with the authors' parameters."""
OTHERS: list[tuple[str, Params]] = [
    *[(f"nwm-{readout}", params("cornn_model2", readout_type=readout)) for readout in SMALLER],
    *[
        (f"{cell}-{readout}", params("conv_recurrent2", cell_type=cell, readout_type=readout))
        for cell in ("gru", "rnn")
        for readout in (*READOUTS, *SMALLER)
    ],
    ("other-nwm", params("cornn_model2", max_iters=7, dt=0.05, c_mid=5, hidden_channels=3, readout_type="fft")),
    ("other-lstm", params("conv_recurrent2", max_iters=3, c_mid=5, hidden_channels=3, readout_type="linear_smaller2")),
    ("other-cnn", params("baseline1_flexible", num_layers=1, c_mid=5, hidden_channels=3)),
]
"""Other models that the authors' code can train."""


def case_names(cases: Sequence[tuple[Any, ...]]) -> list[str]:
    return [case[0] for case in cases]


@pytest.mark.parametrize(("name", "described"), [*PUBLISHED, *OTHERS], ids=case_names([*PUBLISHED, *OTHERS]))
def test_an_imported_model_computes_the_authors_equations(name: str, described: Params, tmp_path: Path) -> None:
    state = random_state(described)
    run, dropped = import_run(write(tmp_path / "theirs", described, state), tmp_path / "run")
    model = drumhead.load(run.folder)
    sides = (32, 48) if described["model_type"] == "unet2" else (9, 14)  # a U-Net halves them four times
    images = torch.rand(2, model.in_channels, *sides)
    expected = reference_models.logits(described, state, images)
    assert expected.std() > 0.01
    scale = float(expected.abs().max())
    with torch.no_grad():
        torch.testing.assert_close(model(images).double(), expected, rtol=0, atol=1e-5 * scale)
        torch.testing.assert_close(model.double()(images.double()), expected, rtol=0, atol=1e-12 * scale)
    num_kept = sum(tensor.numel() for tensor in model.state_dict().values())
    assert num_kept + sum(dropped.values()) == sum(tensor.numel() for tensor in state.values())


@pytest.mark.parametrize(("name", "described"), PUBLISHED, ids=case_names(PUBLISHED))
def test_a_published_checkpoint_is_imported_as_its_experiment(name: str, described: Params, tmp_path: Path) -> None:
    run = import_run(write(tmp_path / "theirs", described, random_state(described)), tmp_path / "run").run
    assert run.config.experiment == find_experiment(name).replace(seed=2203)
    assert (run.config.data.name, run.config.data.height) == (name.rsplit("-", 2)[0].replace("-", "_"), described["N"])


TOTALS = [
    ("tetrominoes-nwm-linear", 176_124, []),
    ("mnist-nwm-linear", 176_545, []),
    ("tetrominoes-nwm-fft", 176_124, ["fc_time.weight"]),
    ("mnist-nwm-fft", 176_545, ["fc_time.weight"]),
    *[(f"tetrominoes-nwm-{readout}", 150_524, ["fc_time.weight"]) for readout in ("last", "mean", "max")],
    *[(f"mnist-nwm-{readout}", 150_945, ["fc_time.weight"]) for readout in ("last", "mean", "max")],
    ("multi-mnist-nwm-linear", 54_855, []),
    ("tetrominoes-lstm-linear", 151_046, []),
    ("mnist-lstm-linear", 151_467, []),
    ("tetrominoes-lstm-fft", 151_046, ["fc_time.weight"]),
    ("mnist-lstm-fft", 151_467, ["fc_time.weight"]),
    *[(f"tetrominoes-lstm-{readout}", 145_926, ["fc_time.weight"]) for readout in ("last", "mean", "max")],
    *[(f"mnist-lstm-{readout}", 146_347, ["fc_time.weight"]) for readout in ("last", "mean", "max")],
    ("gru-linear", 150_972, [f"hc_encoder.{i}.{key}" for i in (0, 2, 4) for key in ("weight", "bias")]),
    ("rnn-linear", 150_826, [f"hc_encoder.{i}.{key}" for i in (0, 2, 4) for key in ("weight", "bias")]),
    *[
        (f"tetrominoes-cnn-{layers}", total, [])
        for layers, total in {2: 159_502, 4: 164_142, 8: 173_422, 16: 191_982, 32: 229_102}.items()
    ],
    *[
        (f"mnist-cnn-{layers}", total, [])
        for layers, total in {2: 160_499, 4: 165_139, 8: 174_419, 16: 192_979, 32: 230_099}.items()
    ],
    *[
        (f"multi-mnist-unet-{width}", total, [])
        for width, total in {2: 30_745, 3: 68_834, 4: 122_071, 5: 190_456}.items()
    ],
]
"""The total number of parameters of each published checkpoint, and the tensors that are dropped."""


@pytest.mark.parametrize(("name", "total", "unused"), TOTALS, ids=case_names(TOTALS))
def test_parameter_counts_match_and_unused_tensors_are_reported(
    name: str, total: int, unused: list[str], tmp_path: Path
) -> None:
    described = dict([*PUBLISHED, *OTHERS])[name]
    run, dropped = import_run(write(tmp_path / "theirs", described, random_state(described)), tmp_path / "run")
    assert list(dropped) == [f"classifier.{key}" for key in unused]
    assert run.new_model().parameter_count == total - sum(dropped.values())
    if unused:
        assert sum(dropped.values()) == (3_058 if "hc_encoder.0.weight" in unused else 220 if "lstm" in name else 5_100)


SMALL: Params = params("cornn_model2", max_iters=6, c_mid=4, readout_type="fft")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of the authors' code with a small wave network for tetrominoes."""
    return write(tmp_path / "theirs", SMALL, random_state(SMALL))


@pytest.fixture
def boards(tmp_path: Path) -> Dataset:
    return make_dataset(TetrominoConfig(seed=0, train=2, val=2, test=3), tmp_path / "boards")


def test_an_imported_run_is_evaluated_like_any_other(theirs: Path, boards: Dataset, tmp_path: Path) -> None:
    run = import_run(theirs, tmp_path / "run", dataset=boards).run
    assert (run.state, run.config.imported_from) == ("imported", str(theirs))
    assert run.config.experiment.dataset is None  # not the published set
    with pytest.raises(ValueError, match="drumhead evaluate"):
        score_row(run)
    scores = evaluate_run(run, open_run_dataset(run), accelerator="cpu")
    run.write_scores(scores)
    assert Run.open(run.folder).state == "done"
    assert score_row(run).scores == scores


def test_without_data_the_record_is_of_the_published_set(
    theirs: Path, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = import_run(theirs, "run").run
    record = run.config.data
    assert record.folder == str(tmp_path / "data" / "tetrominoes")
    assert (record.channels, record.height, record.width) == (3, 64, 64)
    assert record.class_names == DATASETS["tetrominoes"].class_names
    assert run.config.experiment.dataset == TetrominoConfig()
    with pytest.raises(ValueError, match="give its folder with --data"):
        open_run_dataset(run)
    assert open_run_dataset(run, boards.folder).fingerprint == boards.fingerprint
    shutil.copytree(boards.folder, tmp_path / "data" / "tetrominoes")
    with pytest.raises(ValueError, match=r"not the dataset that .* was trained on"):
        open_run_dataset(run)


@pytest.mark.slow
def test_the_published_set_is_recognised(theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    published = prepare_dataset(TetrominoConfig())
    run = import_run(theirs, "run").run
    assert open_run_dataset(run).fingerprint == published.fingerprint == run.config.data.fingerprint
    named = import_run(theirs, "named", dataset=published).run
    assert named.config == run.config


def test_an_imported_run_cannot_be_trained(theirs: Path, boards: Dataset, tmp_path: Path) -> None:
    run = import_run(theirs, tmp_path / "run", dataset=boards).run
    before = run.model_path.read_bytes()
    experiment = run.config.experiment.replace(recipe=Recipe(batch_size=2, epochs=400))
    with pytest.raises(RunError, match="imported weights, which have no training to resume"):
        train(experiment, boards, run.folder, accelerator="cpu")
    assert run.model_path.read_bytes() == before


def test_unpublished_models_have_different_names(tmp_path: Path) -> None:
    experiment_names = [
        import_run(
            write(tmp_path / f"theirs {i}", described, random_state(described)), tmp_path / f"{i}"
        ).run.config.experiment.name
        for i, (_, described) in enumerate(OTHERS)
    ]
    assert len(set(experiment_names)) == len(experiment_names)


def test_weights_of_1x1_convolutions_are_accepted_for_pixel_networks(theirs: Path, tmp_path: Path) -> None:
    state = random_state(SMALL)
    for name in state:
        if re.search(r"fc_readout.*weight", name):
            state[name] = state[name][..., None, None]
    torch.save(state, theirs / "cp.pt")
    other = write(tmp_path / "other", SMALL, random_state(SMALL))
    runs = [import_run(folder, tmp_path / f"{folder.name} run").run for folder in (theirs, other)]
    assert runs[0].model_path.read_bytes() == runs[1].model_path.read_bytes()


# Invalid folders are refused, and a failed import leaves nothing behind.


def assert_refused(folder: Path, match: str) -> str:
    """Assert that an import fails and leaves nothing behind; return the error message."""
    out = folder.parent / "run"
    before = sorted(folder.parent.iterdir())
    with pytest.raises(ImportRunError, match=match) as raised:
        import_run(folder, out)
    assert sorted(folder.parent.iterdir()) == before
    return str(raised.value)


def test_every_invalid_tensor_is_listed(theirs: Path) -> None:
    state = random_state(SMALL)
    state["classifier.extra.weight"] = torch.zeros(2, 3)
    del state["classifier.hy_encoder.6.bias"]
    state["classifier.fc_readout.2.weight"] = torch.zeros(256, 255)
    state["classifier.fc_time.weight"] = torch.zeros(3, 6)
    state["classifier.fc_readout.4.bias"] = torch.zeros(256, dtype=torch.float64)
    state["classifier.omega_encoder.0.bias"][1] = float("nan")
    state["classifier.alpha_encoder.0.bias"][1] = float("inf")
    torch.save(state, theirs / "cp.pt")
    message = assert_refused(theirs, r"cp\.pt does not hold the nwm its config\.yaml describes")
    assert message.splitlines()[1:] == [
        "  missing: classifier.hy_encoder.6.bias, float32 (2,)",
        "  not of this model: classifier.extra.weight, float32 (2, 3)",
        "  wrong shape or dtype: classifier.fc_readout.2.weight is float32 (256, 255), must be float32 (256, 256)",
        "  wrong shape or dtype: classifier.fc_readout.4.bias is float64 (256,), must be float32 (256,)",
        "  not finite: classifier.omega_encoder.0.bias",
        "  not finite: classifier.alpha_encoder.0.bias",
        "  wrong shape or dtype: classifier.fc_time.weight is float32 (3, 6), must be float32 (4, 6)",
    ]


@pytest.mark.parametrize(
    ("described", "stored"),
    [
        (params("conv_recurrent2", cell_type="gru"), params("conv_recurrent2", cell_type="lstm")),
        (params("cornn_model2"), params("cornn_model2", readout_type="last")),
        (params("baseline1_flexible", num_layers=4), params("baseline1_flexible", num_layers=2)),
        (params("unet2", c_mid=2), params("unet2", c_mid=3)),
        (params("unet2", "mnist"), params("unet2")),
        (params("cornn_model2"), params("baseline1_flexible")),
    ],
    ids=lambda described: f"{described['model_type']} {described['readout_type']}",
)
def test_weights_of_another_model_are_refused(described: Params, stored: Params, tmp_path: Path) -> None:
    assert_refused(
        write(tmp_path / "theirs", described, random_state(stored)),
        "missing: |wrong shape or dtype: |not of this model: ",
    )


class MaliciousObject:
    """An object that creates a file when its pickle is loaded."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def malicious_torch(theirs: Path, traces: Path) -> None:
    torch.save({**random_state(SMALL), "classifier.extra": MaliciousObject(traces)}, theirs / "cp.pt")


def malicious_old_torch(theirs: Path, traces: Path) -> None:
    state = {**random_state(SMALL), "classifier.extra": MaliciousObject(traces)}
    torch.save(state, theirs / "cp.pt", _use_new_zipfile_serialization=False)


def malicious_pickle(theirs: Path, traces: Path) -> None:
    (theirs / "cp.pt").write_bytes(pickle.dumps(MaliciousObject(traces), protocol=2))


def malicious_yaml(theirs: Path, traces: Path) -> None:
    (theirs / ".hydra" / "config.yaml").write_text(f"params: !!python/object/apply:os.mkdir ['{traces}']\n")


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        (malicious_torch, r"cp\.pt is damaged, or holds more than tensors and plain values"),
        (malicious_old_torch, r"cp\.pt is damaged, or holds more than tensors and plain values"),
        (malicious_pickle, r"cp\.pt is damaged, or holds more than tensors and plain values"),
        (malicious_yaml, r"config\.yaml is damaged: it is not plain YAML"),
    ],
)
def test_no_code_in_a_file_is_run(
    attack: Callable[[Path, Path], None], message: str, theirs: Path, tmp_path: Path
) -> None:
    attack(theirs, tmp_path / "traces")
    assert "weights_only" not in assert_refused(theirs, message)  # the message does not advise loading it anyway
    assert not (tmp_path / "traces").exists()


def test_the_attack_works_without_weights_only(theirs: Path, tmp_path: Path) -> None:
    malicious_torch(theirs, tmp_path / "traces")
    torch.load(theirs / "cp.pt", weights_only=False)
    assert (tmp_path / "traces").exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x02", b"PK\x03\x04garbage", None], ids=repr)
def test_damaged_weights_are_named(content: bytes | None, theirs: Path) -> None:
    valid = (theirs / "cp.pt").read_bytes()
    (theirs / "cp.pt").write_bytes(valid[: len(valid) // 2] if content is None else content)
    assert_refused(theirs, r"cp\.pt is damaged")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "got nothing"),
        (None, "got nothing"),
        ([torch.zeros(1)], "got list"),
        (torch.zeros(1), "got Tensor"),
        ({"model": {"weight": torch.zeros(1)}, "epoch": 3}, r"'model': dict\n  'epoch': int"),
        ({3: torch.zeros(1)}, "3: Tensor"),
        ({"weight": torch.eye(2).to_sparse()}, r"'weight': Tensor \(torch.sparse_coo, cpu\)"),
        ({"weight": torch.zeros(2, device="meta")}, r"'weight': Tensor \(torch.strided, meta\)"),
    ],
    ids=["empty", "none", "list", "tensor", "nested", "number", "sparse", "meta"],
)
def test_a_file_that_is_not_a_state_dict_is_refused(content: Any, message: str, theirs: Path) -> None:
    torch.save(content, theirs / "cp.pt")
    assert_refused(theirs, rf"cp\.pt must hold .*tensors by name[\s\S]*{message}")


@pytest.mark.parametrize("name", ["cp.pt", ".hydra/config.yaml"])
def test_a_missing_file_is_named(name: str, theirs: Path) -> None:
    (theirs / name).unlink()
    assert_refused(theirs, rf"theirs is not a run folder of the authors' code: it has no {re.escape(name)}")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert_refused(tmp_path / "nowhere", r"nowhere is not .* it has no cp\.pt and no \.hydra/config\.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "resnet"}, "'resnet'.*'cornn_model2', 'conv_recurrent2', 'baseline1_flexible', 'unet2'"),
        ({"readout_type": "median"}, r"readout_type: .*'last', 'mean_time', .*'linear_smaller4'.*, got 'median'"),
        ({"dataset": "cifar"}, "dataset: .*'new_tetronimoes', 'mnist' or 'multi_mnist', got 'cifar'"),
        ({"model_type": "conv_recurrent2", "cell_type": "mamba"}, "cell_type: .*'rnn', 'gru' or 'lstm', got 'mamba'"),
        ({"max_iters": 0}, "max_iters: .*greater than 0, got 0"),
        ({"dt": float("inf")}, "dt: .*finite"),
        ({"c_mid": None}, "c_mid: .*integer, got None"),
        ({"seed": -1}, "seed: .*got -1"),
        ({"num_classes": 7}, "3 x 64 x 64 pixels with 7 classes; tetrominoes as published is .* with 6 classes"),
        ({"N": 32}, r"3 x 32 x 32 pixels .* is 3 x 64 x 64 pixels .*--data"),
    ],
    ids=str,
)
def test_unknown_or_out_of_range_params_are_reported(change: Params, message: str, theirs: Path) -> None:
    (theirs / ".hydra" / "config.yaml").write_text(yaml.safe_dump({"params": {**SMALL, **change}}))
    assert_refused(theirs, message)


def test_all_missing_params_are_reported(theirs: Path) -> None:
    config = {"params": {"model_type": "cornn_model2", "dataset": "mnist"}}
    (theirs / ".hydra" / "config.yaml").write_text(yaml.safe_dump(config))
    message = assert_refused(theirs, "does not describe a published model")
    missing = ("N", "num_classes", "seed", "max_iters", "c_mid", "hidden_channels", "readout_type", "dt")
    assert all(f".{name}: Field required" in message for name in missing)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"params: [", "is damaged: it is not plain YAML"),
        (b"\xff\xfe\x00", "is damaged: it is not plain YAML"),
        (b"params: 2020-13-45", "is damaged: it is not plain YAML"),
        (b"[" * 10_000, "is damaged: it is not plain YAML"),
        (b"", "must have a mapping `params`"),
        (b"model_type: unet2", "must have a mapping `params`"),
        (b"params: unet2", "must have a mapping `params`"),
        (b"params: {}", "model_type"),
    ],
    ids=["unclosed", "binary", "date", "deep", "empty", "flat", "text", "nothing"],
)
def test_a_damaged_configuration_is_refused(content: bytes, message: str, theirs: Path) -> None:
    (theirs / ".hydra" / "config.yaml").write_bytes(content)
    assert_refused(theirs, rf"config\.yaml[\s\S]*{message}")


def test_data_of_another_shape_is_refused(theirs: Path, boards: Dataset, tmp_path: Path) -> None:
    grey = {name: split._replace(images=split.images[..., :1]) for name, split in boards.splits.items()}
    other = write_dataset(tmp_path / "grey", grey, name="grey", class_names=boards.class_names)
    with pytest.raises(ImportRunError, match=r"3 x 64 x 64 pixels .* grey in .*grey is 1 x 64 x 64"):
        import_run(theirs, tmp_path / "run", dataset=other)


def test_an_existing_run_is_not_overwritten(theirs: Path, tmp_path: Path) -> None:
    import_run(theirs, tmp_path / "run")
    with pytest.raises(RunError, match="contains other files"):
        import_run(theirs, tmp_path / "run")
    (tmp_path / "empty").mkdir()
    import_run(theirs, tmp_path / "empty")
