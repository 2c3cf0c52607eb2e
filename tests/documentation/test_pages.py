"""The generated pages leave nothing out, and the navigation has every page. ``make docs`` builds the site."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from drumhead.cli import COMMANDS
from drumhead.cli.completion import EXAMPLES, subcommands
from drumhead.cli.parsing import flags_in_help
from generators.field_pages import SETTINGS, public_configs, with_parts
from generators.help_text import print_help
from generators.notebook_pages import notebook_paths
from generators.pages import expand, generated_pages, pages_in
from generators.public_names import homes, primary_paths, public_packages
from generators.text import ROLE, docstring_to_markdown

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def settings() -> Any:
    """The settings of mkdocs."""
    return yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def test_every_public_name_is_in_the_reference() -> None:
    pages = generated_pages()
    packages = public_packages()
    assert {"drumhead", "drumhead.waves", "drumhead.analysis.drums", "drumhead.zoo"} <= packages.keys()
    for package, names in packages.items():
        offered = [name for name in import_module(package).__all__ if not name.startswith("__")]
        assert sorted(f"{package}.{name}" for name in offered) == sorted(name.path for name in names)
        page = pages[f"reference/api/{package}.md"].splitlines()
        for name in names:
            entry, home = primary_paths()[name.path], homes()[name.path]
            if home == name:
                assert page.count(f"::: {entry}") == 1
            else:
                assert f"The same as [`{home.path}`][{entry}]." in page
                assert f"::: {entry}" in pages["reference/api/drumhead.md"].splitlines()


def test_no_entry_of_a_function_shows_a_module() -> None:
    """As it would where a module has the path of a function: mkdocstrings, which imports nothing, finds the module."""
    for entry in set(primary_paths().values()):
        package, _, name = entry.rpartition(".")
        folder = ROOT / "src" / Path(*package.split("."))
        assert not (folder / f"{name}.py").exists(), entry
        assert not (folder / name / "__init__.py").exists(), entry


def test_a_name_is_listed_where_it_is_imported_from_first() -> None:
    paths = primary_paths()
    assert paths["drumhead.training.train"] == "drumhead.train"
    assert paths["drumhead.training.train_run.train"] == "drumhead.train"
    assert paths["drumhead.waves.travel"] == paths["drumhead.waves.travel.travel"] == "drumhead.waves.travel.travel"
    assert paths["drumhead.waves.significance.surrogate_test"] == "drumhead.waves.surrogate_test"


def test_every_public_function_and_class_has_a_docstring() -> None:
    for package, names in public_packages().items():
        for name in names:
            value = getattr(import_module(package), name.path.rpartition(".")[2])
            if inspect.isfunction(value) or inspect.isclass(value):
                assert value.__doc__, name.path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_of_a_command_is_on_its_page(command: str) -> None:
    page = generated_pages()[f"reference/commands/{command}.md"]
    for name in (None, *(EXAMPLES if command == "train" else subcommands(command))):
        text = print_help(command, *([] if name is None else [name]))
        flags = set(flags_in_help(text)) - {"--help"}
        assert flags <= set(re.findall(r"--[a-z][\w.-]*", page)), name
        assert name is None or f"## drumhead {command} {name}" in page or not flags


def test_every_field_has_its_type_and_meaning() -> None:
    pages = generated_pages()
    text = pages["reference/fields/settings.md"] + pages["reference/fields/records.md"]
    configs = {*public_configs(), *(part for root in SETTINGS for part in with_parts(root))}
    assert {"Experiment", "NWMConfig", "Recipe", "Manifest", "Scores"} <= {each.__name__ for each in configs}
    for config in configs:
        (section,) = re.findall(
            rf"^## {config.__name__}(?: \([^\n]*\))?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
        )
        listed = re.findall(r"^`(\w+)`\{ \.field \} (`.+`)(?:, default .+)?\n:   (.+)$", section, re.MULTILINE)
        assert [name for name, _, _ in listed] == list(config.model_fields), config


def test_defaults_and_types_are_those_of_the_configuration() -> None:
    page = generated_pages()["reference/fields/settings.md"]
    assert "\n`learning_rate`{ .field } `float`, default `0.001`\n" in page
    assert "\n`pixel_widths`{ .field } `tuple[int, ...]`, default `(256, 256, 256)`\n" in page
    assert "\n`name`{ .field } `'nwm'`, default `'nwm'`\n" in page


def test_every_page_is_in_the_navigation(settings: Any) -> None:
    generated = list(generated_pages())
    written = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    listed = pages_in(expand(settings["nav"], generated))
    assert sorted(listed) == sorted([*written, *generated, *notebook_paths()])


def test_no_role_is_left_in_the_docstrings() -> None:
    """Also where a role spans two lines, or has a name that does not exist."""
    for names in public_packages().values():
        for module in {name.module for name in names}:
            for value in vars(import_module(module)).values():
                text = docstring_to_markdown(inspect.getdoc(value) or "", primary_paths().get)
                assert not re.search(r":(func|class|meth|mod|data|attr|exc):", text), (module, value)
    assert ROLE.search("see :func:`~drumhead.waves.travel`")


def test_roles_lead_to_public_names_only() -> None:
    text = "Like :func:`~drumhead.waves.travel.travel`, not :func:`drumhead.files.read_json`."
    expected = "Like [`travel`][drumhead.waves.travel.travel], not `drumhead.files.read_json`."
    assert docstring_to_markdown(text, primary_paths().get) == expected
