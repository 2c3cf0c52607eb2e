"""``drumhead view``: one page for a recurrent run; invalid arguments are reported before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.runs import DataRecord


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of three models, one of them with weights that are not finite."""
    folder = tmp_path_factory.mktemp("workplace")
    data = DataRecord.from_dataset(toy_dataset(folder / "data"))
    toy_run(folder / "nwm", "tetrominoes-nwm-linear", data, score=0.5)
    toy_run(folder / "gru", "tetrominoes-gru-last", data)
    toy_run(folder / "cnn", "tetrominoes-cnn-2", data, score=0.5)
    broken = toy_run(folder / "broken", "tetrominoes-nwm-linear", data)
    model = broken.load_model()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    broken.save_model(model)
    return folder


@pytest.mark.parametrize("name", ["nwm", "gru"])
def test_a_page_is_written_once(
    workplace: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["view", str(workplace / name), "--samples", "1,3"]) == OK
    assert capsys.readouterr().out == f"wrote view.html ({Path('view.html').stat().st_size / 1e6:.1f} MB)\n"
    first = Path("view.html").read_bytes()
    assert main(["view", str(workplace / name)]) == USAGE_ERROR
    assert "view.html already exists; choose another --out, or add --overwrite" in capsys.readouterr().err
    assert Path("view.html").read_bytes() == first
    assert main(["view", str(workplace / name), "--samples", "1,3", "--overwrite"]) == OK
    assert Path("view.html").read_bytes() == first  # the same run gives the same page


def test_the_page_is_opened(
    workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def open_nothing(address: str) -> bool:
        opened.append(address)
        return False

    monkeypatch.setattr("webbrowser.open", open_nothing)
    out = tmp_path / "a page.html"
    assert main(["view", str(workplace / "nwm"), "--samples", "0", "--out", str(out), "--open"]) == OK
    assert opened == [out.as_uri()]
    assert f"no browser was found; open {out} in one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["cnn"], "is a cnn, which has no states over time"),
        (["broken"], "must be finite"),
        (["nowhere"], "nowhere"),
        (["nwm", "--samples", "4"], "samples must be from 0 to 3"),
        (["nwm", "--samples", "0-4"], "samples are numbers and ranges such as 0:10"),
        (["nwm", "--out", "nwm"], "nwm already exists"),
        (["nwm", "--out", "nwm/config.json/view.html"], "cannot be written"),
    ],
)
def test_invalid_arguments_are_reported_before_any_work(
    workplace: Path,
    args: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(workplace)
    assert main(["view", *args]) == USAGE_ERROR
    assert message in capsys.readouterr().err
    assert not list(workplace.glob("*.html"))


def test_without_a_run_the_page_has_the_drum_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["view"]) == OK
    assert capsys.readouterr().out.startswith("wrote view.html (0.")
    page = Path("view.html").read_text()
    assert 'id="drum-view"' in page
    assert 'id="network-view"' not in page
    assert main(["view", "--samples", "0", "--out", "other.html"]) == USAGE_ERROR
    assert "choose samples for a network; give a RUN with them" in capsys.readouterr().err
    assert not Path("other.html").exists()
