"""``drumhead waves``: recordings and runs in, files out, exit codes and errors."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from drumhead.cli import INTERRUPTED, OK, USAGE_ERROR, main
from drumhead.cli.console import Console
from drumhead.cli.waves import read_source
from drumhead.data import TetrominoConfig, make_dataset
from drumhead.experiments import Experiment
from drumhead.models import model_config
from drumhead.runs import DataRecord, Run, RunConfig
from drumhead.waves import Grid, Movie, grid_positions, plane_wave, read_movie, save_movie, white_noise

FILES = ["singularities.csv", "spectrum.npz", "summary.json", "waves.csv", "waves.gif", "waves.pdf", "waves.png"]
COLUMNS = "frame,time,direction,speed,wavelength,frequency,pgd,synchrony,model,gain,model_gain,p,p_max"
GRID = Grid(frames=120, height=6, width=8, dt=0.01, spacing=(0.5, 0.4))
K = (-1.5, -2.0)
QUICK = ["--dpi", "72", "--movie", "none", "--surrogates", "19"]
RECORDING = ["--dt", "0.01", "--spacing", "0.5", "0.4", "--unit", "mm"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plane wave in a little noise, with one site missing."""
    file = tmp_path_factory.mktemp("recordings") / "plane.npy"
    wave = plane_wave(GRID, wave_vector=K, frequency=10).real
    values = wave + white_noise(GRID, np.random.default_rng(0), deviation=0.1)
    values[:, 2, 3] = np.nan
    np.save(file, values)
    return file


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def summary(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return content


def test_a_recording_gives_all_files_and_the_same_ones_again(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = []
    for name in ("first", "second"):
        out = tmp_path / name
        args = ["waves", str(recording), *RECORDING, "--surrogates", "19", "--dpi", "72", "--out", str(out)]
        assert main(args) == OK
        printed = capsys.readouterr().out
        assert sorted(file.name for file in out.iterdir()) == FILES
        assert all(f"wrote {out / file}" in " ".join(printed.split()) for file in FILES)
        assert "47 of 48 sites are valid (1 with values that are not finite)" in printed
        contents.append([(out / file).read_bytes() for file in FILES])
    assert contents[0] == contents[1]
    out = tmp_path / "first"
    assert (out / "waves.csv").read_text().partition("\n")[0] == COLUMNS
    table = rows(out / "waves.csv")
    assert len(table) == 120
    middle = table[60]
    assert float(middle["time"]) == 0.6
    assert float(middle["direction"]) == pytest.approx(np.arctan2(*K), abs=0.1)
    assert float(middle["speed"]) == pytest.approx(2 * np.pi * 10 / 2.5, rel=0.1)
    assert float(middle["wavelength"]) == pytest.approx(2 * np.pi / 2.5, rel=0.1)
    assert (middle["model"], float(middle["p"])) == ("plane", 0.05)
    assert [table[0][name] for name in ("direction", "speed", "pgd", "model", "p")] == [""] * 5
    found = summary(out)
    assert found["movie"]["sites_not_valid"]["not_finite"] == [[2, 3]]
    assert found["results"]["speed_median"] == pytest.approx(25.13, rel=0.05)
    assert found["parameters"]["seed"] == 0
    assert set(found["conventions"]) > {"direction", "speed", "p"}
    with np.load(out / "spectrum.npz", allow_pickle=False) as spectrum:
        f, k_y, k_x = np.unravel_index(spectrum["power"].argmax(), spectrum["power"].shape)
        assert spectrum["frequency"][f] == pytest.approx(10, abs=0.5)
        assert spectrum["k_y"][k_y] < 0  # towards -y and -x
        assert spectrum["k_x"][k_x] < 0


def test_a_matlab_file_of_an_array_is_found_to_be_a_grid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = np.random.default_rng(0).permutation(48)[:44]  # four sites are missing
    values = plane_wave(GRID, wave_vector=K, frequency=10).real.reshape(120, 48)[:, order]
    table = grid_positions(6, 8, (0.4, 0.4))[order][:, ::-1]  # (x, y)
    file = tmp_path / "array.mat"
    scipy.io.savemat(file, {"lfp": values, "places": table, "note": "hello"})
    args = ["waves", str(file), "--dt", "0.01", *QUICK]
    assert main([*args, "--out", str(tmp_path / "none")]) == USAGE_ERROR
    printed = " ".join(capsys.readouterr().err.split())
    assert "name the variable to read with variable (--variable)" in printed
    assert "lfp 120x44 double, places 44x2 double, note" in printed
    named = [*args, "--variable", "lfp", "--positions", "places"]
    assert main([*named, "--spacing", "0.5", "--out", str(tmp_path / "none")]) == USAGE_ERROR
    assert "say a spacing of 0.4 and 0.4, and --spacing 0.5" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "none").exists()
    assert main([*named, "--spacing", "0.4", "--out", str(tmp_path / "out")]) == OK
    found = summary(tmp_path / "out")["movie"]
    assert (found["shape"], found["spacing"], found["sites_valid"]) == ([120, 6, 8], [0.4, 0.4], 44)
    assert len(found["sites_not_valid"]["excluded_by_the_mask"]) == 4


def test_scattered_sites_have_plane_waves_and_say_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 4, (30, 2))  # (y, x)
    phase = 2 * np.pi * 10 * 0.01 * np.arange(80)[:, None] - positions @ np.array([0.6, -0.8])
    pytest.importorskip("pynwb")
    file = tmp_path / "scattered.mat"
    scipy.io.savemat(file, {"data": np.cos(phase), "position": positions[:, ::-1]})
    args = ["waves", str(file), "--dt", "0.01", "--variable", "data", "--positions", "position", "--save", "nwb"]
    assert main([*args, "--surrogates", "19", "--dpi", "72", "--out", str(tmp_path / "out")]) == OK
    assert "the sites are scattered" in " ".join(capsys.readouterr().out.split())
    assert not (tmp_path / "out" / "waves.gif").exists()
    assert read_movie(tmp_path / "out" / "waves.nwb").values.shape == (80, 30)
    middle = rows(tmp_path / "out" / "waves.csv")[40]
    assert float(middle["direction"]) == pytest.approx(np.arctan2(0.6, -0.8), abs=1e-3)
    assert float(middle["speed"]) == pytest.approx(2 * np.pi * 10, rel=1e-3)
    assert middle["pgd"] == ""
    assert rows(tmp_path / "out" / "singularities.csv") == []


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of untrained runs that have weights, by model."""
    folder = tmp_path_factory.mktemp("runs")
    board = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=3, seed=0)
    record = DataRecord.from_dataset(make_dataset(board, folder / "data"))
    for name, options in {"nwm": {"steps": 20}, "conv_rnn": {"steps": 9}, "cnn": {"layers": 2}}.items():
        model = model_config(name, width=4, pixel_widths=(8,), **options)
        experiment = Experiment(name=f"tetrominoes-{name}", model=model)
        run = Run.create(folder / name, RunConfig(experiment=experiment, data=record, versions={}, machine={}))
        run.save_model(run.new_model())
    return {name: str(folder / name) for name in ("nwm", "conv_rnn", "cnn")}


def test_hidden_states_of_a_run_are_measured_sample_by_sample(runs: dict[str, str], tmp_path: Path) -> None:
    args = ["waves", runs["nwm"], "--samples", "0:2", "--channel", "1", *QUICK, "--out", str(tmp_path)]
    assert main(args) == OK
    for sample in (0, 1):
        found = summary(tmp_path / f"sample-{sample}")
        assert found["parameters"]["sample"] == sample
        assert found["parameters"]["phase"] == "state"
        assert found["movie"]["boundary"] == "circular"
        assert found["results"]["frames_trusted"] == 20 - 2
        assert found["movie"]["length_unit"] == "pixel"


def test_without_samples_the_first_of_a_file_and_sample_0_of_a_run_are_measured(
    runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = dict.fromkeys(("dt", "spacing", "length_unit", "time_unit", "variable", "positions", "order"))
    source: dict[str, Any] = {"given": nothing, "console": Console(), "channel": 0, "split": "test", "data": None}
    sample_0, sample_2 = read_source(Path(runs["nwm"]), (0, 2), **source).values()
    found = read_source(Path(runs["nwm"]), (), **source)
    assert list(found) == [0]
    assert found[0].equals(sample_0)
    for ending in (".npz", ".nwb"):
        file = tmp_path / f"states{ending}"
        assert main(["states", runs["nwm"], "--samples", "2,1", "--out", str(file)]) == OK
        found = read_source(file, (), **source)
        assert list(found) == [2]
        assert found[2].equals(sample_2)
        bad = {("--samples", "0"): "2, 1", ("--variable", "sample_1_channel_0"): "leave --variable out"}
        for args, message in bad.items():
            assert main(["waves", str(file), *args, "--out", str(tmp_path / "none")]) == USAGE_ERROR
            assert message in " ".join(capsys.readouterr().err.split())
    assert main(["waves", str(tmp_path / "states.npz"), *QUICK, "--out", str(tmp_path / "out")]) == OK
    assert "pixel per unit of time" in capsys.readouterr().out
    assert summary(tmp_path / "out")["parameters"]["sample"] == 2


def test_nwb_is_refused_before_any_work_where_it_cannot_be_written(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    volts = Movie(values=np.random.default_rng(0).normal(size=(50, 4, 4)), dt=0.1, spacing=1, unit="mV")
    save_movie(tmp_path / "volts.npz", volts)
    args = ["--save", "nwb", "--out", str(tmp_path / "out")]
    assert main(["waves", str(tmp_path / "volts.npz"), *args]) == USAGE_ERROR
    assert "length_unit must be one of m," in " ".join(capsys.readouterr().err.split())
    monkeypatch.setitem(sys.modules, "pynwb", None)  # as if it were not installed
    assert main(["waves", str(recording), *RECORDING, *args]) == USAGE_ERROR
    assert "--save nwb needs pynwb, which comes with the extra `nwb`" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_bad_input_is_refused_before_any_file_is_written(
    recording: Path, runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "two.npy", np.random.default_rng(0).normal(size=(2, 4, 4)))
    np.save(tmp_path / "flat.npy", np.ones((50, 4, 4)))
    np.save(tmp_path / "row.npy", np.random.default_rng(0).normal(size=(50, 1, 9)))
    np.save(tmp_path / "complex.npy", np.random.default_rng(0).normal(size=(50, 4, 4)) * 1j)
    plain = str(recording)
    cases = {
        (plain,): "give it as dt (--dt)",
        (plain, "--dt", "0.01"): "give it as spacing (--spacing)",
        (plain, "--dt", "0", "--spacing", "1"): "dt, the time from frame to frame, must be above 0",
        (plain, "--dt", "0.01", "--spacing", "0"): "must be above 0 and finite, got 0",
        (plain, "--dt", "0.01", "--spacing", "1", "2", "3"): "got 3 numbers",
        (plain, *RECORDING, "--band", "5", "60"): "0 < low < high < 50",
        (plain, *RECORDING, "--band", "1", "2"): "is too short",
        (plain, *RECORDING, "--surrogates", "5"): "must be 0, or 19 or more",
        (plain, *RECORDING, "--samples", "0:2"): "is a recording",
        (plain, *RECORDING, "--samples", "0"): "is a recording",
        (plain, *RECORDING, "--fps", "1000"): "frames_per_second must be from",
        (plain, *RECORDING, "--dpi", "10"): "dpi must be from 72",
        (str(tmp_path / "two.npy"), *RECORDING): "at least 3 frames",
        (str(tmp_path / "flat.npy"), *RECORDING): "0 of 16 sites are valid (16 constant)",
        (str(tmp_path / "row.npy"), *RECORDING): "line",
        (str(tmp_path / "complex.npy"), *RECORDING): "a real movie is needed",
        (str(tmp_path / "missing.npy"), *RECORDING): "missing",
        (runs["cnn"],): "which has no states over time",
        (runs["nwm"], "--dt", "0.1"): "a run says its own dt; leave it out",
        (runs["conv_rnn"],): "at least 3 sites with a phase are needed, got 0: in 9 frames",
        (runs["nwm"], "--channel", "99"): "channel must be from 0 to",
        (runs["nwm"], "--samples", "99"): "samples must be from 0 to 2",
    }
    out = tmp_path / "out"
    for args, message in cases.items():
        assert main(["waves", *args, "--out", str(out)]) == USAGE_ERROR, args
        assert message in " ".join(capsys.readouterr().err.split()), args
        assert not out.exists(), args
    (tmp_path / "file").write_text("")
    assert main(["waves", plain, *RECORDING, "--out", str(tmp_path / "file")]) == USAGE_ERROR


def test_an_interruption_leaves_complete_files_only(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("drumhead.cli.waves.save_figure", interrupt)
    assert main(["waves", str(recording), *RECORDING, *QUICK, "--out", str(tmp_path)]) == INTERRUPTED
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["singularities.csv", "spectrum.npz", "summary.json", "waves.csv"]
    assert len(rows(tmp_path / "waves.csv")) == 120


def test_the_two_commands_about_waves_name_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    for args, other in ((["waves"], "drumhead figure waves"), (["figure", "waves"], "drumhead waves")):
        with pytest.raises(SystemExit):
            main([*args, "--help"])
        assert other in " ".join(capsys.readouterr().out.split())


needs_recordings = pytest.mark.skipif(
    "DRUMHEAD_RECORDINGS" not in os.environ, reason="DRUMHEAD_RECORDINGS does not name a folder of recordings"
)


@needs_recordings
@pytest.mark.slow
def test_waves_of_a_seizure_are_planes_of_about_8_cm_per_second(tmp_path: Path) -> None:
    file = Path(os.environ["DRUMHEAD_RECORDINGS"]) / "seizure_utah_array.mat"
    args = ["--variable", "data", "--positions", "position", "--dt", "0.002", "--spacing", "0.4", "--unit", "mm"]
    assert main(["waves", str(file), *args, "--band", "1", "13", *QUICK, "--out", str(tmp_path)]) == OK
    results = summary(tmp_path)["results"]
    assert results["gain_median"] > 0.45
    assert results["gain_null_median"] < 0.02
    assert results["speed_median"] == pytest.approx(80, abs=15)
