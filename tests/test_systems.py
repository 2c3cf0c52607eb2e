"""On Windows, a sentence says what to do: at the first command, and where Python imports what trains."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

import drumhead.runs.lock
from drumhead.cli import COMMANDS, main
from drumhead.systems import unsupported_system


def test_this_system_is_supported() -> None:
    assert unsupported_system() is None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_windows_says_what_to_do(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main([command]) == 2
    error = capsys.readouterr().err
    assert "WSL 2" in error
    assert error.count("\n") == 1


def test_the_help_is_shown_on_windows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(["--help"]) == 0
    assert "drumhead" in capsys.readouterr().out


def test_without_the_locks_of_unix_the_import_of_runs_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    spec = importlib.util.spec_from_file_location("lock_on_windows", drumhead.runs.lock.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(ImportError, match="WSL 2"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_models_and_waves_need_no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What README.md says of Windows: these packages can be imported without what trains."""

    code = (
        "import sys; sys.modules['fcntl'] = None; import drumhead.waves, drumhead.fields, drumhead.models as m; m.build"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
