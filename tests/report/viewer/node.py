"""Runs the modules of the viewer's JavaScript in Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import drumhead.report.viewer

JS = Path(drumhead.report.viewer.__file__).parent / "js"
TIMEOUT = 120  # seconds


def run_js(imports: dict[str, str], body: str, value: Any = None) -> Any:
    """Return what the body of a JavaScript function returns, as JSON.

    Args:
        imports: the names that the body uses, separated by commas, for each module below ``js``.
        body: statements that end in ``return``; ``input`` is the value.
        value: anything that JSON holds.
    """
    lines = [f'import {{ {names} }} from "{(JS / module).as_uri()}";' for module, names in imports.items()]
    script = "\n".join(
        [
            'import { readFileSync, writeSync } from "node:fs";',
            *lines,
            'const input = JSON.parse(readFileSync(0, "utf8"));',
            f"const output = await (async () => {{ {body} }})();",
            "const bytes = Buffer.from(JSON.stringify(output ?? null));",
            "for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);",
        ]
    )
    answer = subprocess.run(
        [node_program(), "--input-type=module", "-e", script],
        input=json.dumps(value),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def node_program() -> str:
    """Return the path of Node, or skip the test."""
    program = shutil.which("node") or shutil.which("nodejs")
    if program is None:
        if os.environ.get("DRUMHEAD_REQUIRE_NODE"):
            pytest.fail("there is no node on PATH, and DRUMHEAD_REQUIRE_NODE is set")
        pytest.skip("there is no node on PATH to run the viewer's JavaScript")
    return program
