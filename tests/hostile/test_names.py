"""Untrusted names: none escapes a folder, causes a traceback, or is interpreted by the program that shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.hostile.guard import refused, run, snapshot

from drumhead.data import DatasetError, open_dataset
from drumhead.experiments import find_experiment
from drumhead.report.page.page import make_page, render
from drumhead.report.page.section_figures import section_figures
from drumhead.report.page.sections import UnreadableRun, report_sections, slug
from drumhead.runs import Run, RunError
from drumhead.string_types import check_file_name, check_name

PATHS = [
    "../escaped",
    "../../escaped",
    "/tmp/escaped",
    "a/b",
    "..",
    ".",
    ".hidden",
    "a\\..\\b",
    "",
    " ",
    "a\0b",
    "a" * 300,
]
CONTROLS = ["two\nlines", "\x1b[2J", "bell\a", "\x9b31m", "\u202egpj.exe", "\ud800", "back\bspace", "nul\0"]
FORMULAS = ["=1+1", "=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)"]
MARKUP = ["[/]", "[bold", "[link=file:///etc/passwd]x", ":smile:", "<script>alert(1)</script>", "a|b", "$x^", "%s {0}"]
"""Names that are harmless as text, but that some reader of text interprets."""


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change the content of a JSON file."""
    content = json.loads(path.read_text())
    content.pop("sha256", None)  # files of earlier versions have no checksum
    change(content)
    path.write_text(json.dumps(content))


def put(content: Any, where: tuple[str | int, ...], value: object) -> None:
    """Replace a nested value."""
    for key in where[:-1]:
        content = content[key]
    content[where[-1]] = value


@pytest.mark.parametrize("name", [*PATHS, *CONTROLS, *FORMULAS])
def test_no_experiment_is_called_so(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        find_experiment("tetrominoes-cnn-2").replace(name=name)
    with pytest.raises(ValueError, match="must"):
        check_file_name(name)


@pytest.mark.parametrize("name", [*CONTROLS, *FORMULAS])
def test_no_class_is_called_so(name: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_name(name)


@pytest.mark.parametrize("name", ["tetrominoes-nwm-linear", "S/Z", "Zelle ß 細胞", "a.b", "100 %", *MARKUP])
def test_things_may_be_called_so(name: str) -> None:
    assert check_name(name) == name


def test_a_training_is_not_led_elsewhere_by_its_name(world: Path, outside: Path) -> None:
    before = snapshot(world.parent)
    for name in PATHS:
        error = refused(["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", "data", f"--name={name}"])
        assert "name" in error
        assert snapshot(world.parent) == before


OPENS_A_RUN = [
    ["train", "run", "--data", "data"],
    ["evaluate", "run", "--data", "data", "--out", "new.csv", "--json", "new.json"],
    ["table", "run", "--out", "new.md"],
    ["predict", "run", "picture.png", "--out", "new"],
    ["figure", "samples", "run", "--data", "data", "--out", "new"],
    ["figure", "waves", "run", "--data", "data", "--out", "new"],
    ["figure", "scores", "run", "--out", "new"],
    ["movie", "run", "--data", "data"],
]


@pytest.mark.parametrize("args", OPENS_A_RUN, ids=lambda args: "-".join(args[:2]))
def test_a_run_with_a_path_for_a_name_is_refused(args: list[str], world: Path, outside: Path) -> None:
    edit(world / "run" / "config.json", partial(put, where=("experiment", "name"), value="../../outside/precious"))
    before = snapshot(world)
    assert "must not contain a slash" in refused(args, "config.json")
    assert snapshot(world) == before


@pytest.mark.parametrize("where", [("name",), ("class_names", 1)], ids=str)
def test_a_dataset_with_such_names_is_refused(where: tuple[str | int, ...], world: Path) -> None:
    for name in (*CONTROLS, *FORMULAS, ""):
        edit(world / "data" / "manifest.json", partial(put, where=where, value=name))
        refused(["data", "check", "data"], "manifest.json", str(where[0]))
        refused(["data", "import", "data", "--out", "new"], "manifest.json")
        assert not (world / "new").exists()


@pytest.mark.parametrize("name", ["\x1b[2J", "=1+1", "x" * 200])
def test_a_class_of_a_users_folder_with_such_a_name_is_refused(name: str, world: Path) -> None:
    classes = (world / "arrays" / "classes.txt").read_text()
    (world / "arrays" / "classes.txt").write_text(classes.replace("S/Z", name))
    refused(["data", "check", "arrays"], "classes.txt")


def test_a_users_folder_with_such_a_name_is_refused(world: Path) -> None:
    (world / "arrays").rename(world / "=arrays")
    refused(["data", "check", "./=arrays"], "Rename the folder")
    with pytest.raises(DatasetError, match="has the name of its folder"):
        open_dataset(Path("=arrays"))


def test_a_manifest_names_no_files_of_its_own(world: Path, outside: Path) -> None:
    edit(world / "data" / "manifest.json", lambda manifest: manifest.update(files={"train": "../outside/precious"}))
    refused(["data", "check", "data"], "manifest.json")
    edit(world / "data" / "manifest.json", lambda manifest: manifest.pop("files"))
    splits = ("../../outside/precious", "val", "test")
    edit(
        world / "data" / "manifest.json",
        lambda manifest: manifest.update(splits=dict(zip(splits, manifest["splits"].values(), strict=True))),
    )
    refused(["data", "import", "data", "--out", "new"], "manifest.json")


@pytest.mark.parametrize("name", MARKUP)
def test_names_are_shown_as_they_are(name: str, world: Path) -> None:
    edit(world / "data" / "manifest.json", partial(put, where=("class_names", 1), value=name))
    edit(world / "data" / "manifest.json", partial(put, where=("name",), value=name))
    ended = run(["data", "check", "data"])
    assert ended.code == 0, ended
    assert ended.printed.count(name) == 2
    edit(world / "run" / "config.json", partial(put, where=("data", "name"), value=name))
    edit(world / "run" / "config.json", partial(put, where=("data", "class_names", 1), value=name))
    (world / "run").rename(world / "[red] :smile:")
    for args in (["runs", "."], ["table", "[red] :smile:"], ["evaluate", "[red] :smile:", "--data", "data"]):
        ended = run(args)
        assert ended.code == 0, ended


def test_a_folder_cannot_command_the_terminal(world: Path) -> None:
    (world / "run").rename(world / "\x1b[2J")
    listed = run(["runs", "."])
    assert listed.code == 0
    assert "\x1b" not in listed.printed
    error = run(["evaluate", "\x1b[2J", "--data", "nowhere\x1b[31m"]).error
    assert "\\x1b[31m" in error
    assert "\x1b" not in error


def test_a_page_has_no_markup_of_its_names(world: Path) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"

    def rename(config: Any) -> None:
        config["data"]["name"] = config["experiment"]["name"] = config["machine"]["cpu"] = evil
        config["versions"]["<b>torch</b>"] = evil
        config["imported_from"] = evil

    edit(world / "run" / "config.json", partial(put, where=("machine",), value={"cpu": ""}))
    edit(world / "run" / "config.json", rename)
    sections = report_sections([Run.open(world / "run")])
    html = render(make_page(sections, unreadable=[UnreadableRun(Path(evil), evil)], paths=[Path(evil)], movies=False))
    assert "<img src=x" not in html
    assert "<b>torch" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;" in html
    assert "default-src 'none'" in html  # and no script would run if there were one


def test_figures_of_a_section_are_files_of_one_folder(world: Path) -> None:
    edit(world / "run" / "config.json", partial(put, where=("data", "name"), value="../../outside/precious"))
    for spec in section_figures(report_sections([Run.open(world / "run")])[0]):
        assert Path(spec.name).name == spec.name
        assert not spec.name.startswith(".")
    assert slug("../../etc/passwd") == "etc-passwd"


def test_a_run_folder_names_no_other(world: Path) -> None:
    for name in PATHS:
        edit(world / "run" / "config.json", partial(put, where=("experiment", "name"), value=name))
        with pytest.raises(RunError, match=r"config\.json"):
            Run.open(world / "run")
