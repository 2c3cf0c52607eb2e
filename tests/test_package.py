"""The package as a whole: one version everywhere, types, a light import; and the strictness of the session."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

import drumhead

ROOT = Path(__file__).parents[1]


def test_version_is_that_of_the_installed_distribution() -> None:
    assert drumhead.__version__ == version("drumhead")


def test_citation_names_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [drumhead.__version__]


def test_changelog_tells_of_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert drumhead.__version__ in headings


def test_types_are_shipped() -> None:
    assert files("drumhead").joinpath("py.typed").is_file()


def test_import_is_light() -> None:
    heavy = "{'torch', 'matplotlib', 'lightning_fabric'}"
    code = f"import sys, drumhead; print(sorted({heavy} & sys.modules.keys()))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_tested_versions_pin_torch_and_avoid_compromised_releases() -> None:
    tested = (ROOT / "requirements" / "tested.txt").read_text(encoding="utf-8").splitlines()
    assert len([line for line in tested if line.startswith("torch==")]) == 1
    assert not {"lightning-fabric==2.6.2", "lightning-fabric==2.6.3"} & set(tested)
    assert not [line for line in tested if line.startswith(("nvidia-", "cuda-", "triton"))]


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80), ("example.org", 80)])
def test_session_refuses_the_network(address: tuple[str, int]) -> None:
    with pytest.raises(pytest.fail.Exception, match="no network"):
        socket.create_connection(address, timeout=1)


def test_session_allows_loopback() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()
