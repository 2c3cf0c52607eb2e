"""Modules become one script that does the same; what the joining cannot do is refused."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.report.viewer.node import node_program

from drumhead.report.viewer.bundle import bundle

LEAF = """\
// A comment with import("./other.js") in it.
export const UNIT = 2;
/** @type {import("./leaf.js").Nothing} */
const secret = 3;

export async function twice(x) {
  return UNIT * x + secret - 3;
}
"""
MIDDLE = 'import {\n  UNIT,\n  twice,\n} from "./lib/leaf.js";\nexport class Sum {\n  value = twice(UNIT);\n}\n'
ENTRY = """\
import { Sum } from "./middle.js";
import { twice } from "./lib/leaf.js"; // two
export function go() {}
new Sum().value.then(twice).then(console.log);
"""


def write(root: Path, **modules: str) -> Path:
    """Write modules; two underscores in a name are a folder."""
    for name, code in modules.items():
        path = root / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    return root


def test_each_module_comes_once_and_after_what_it_imports(tmp_path: Path) -> None:
    script = bundle("entry.js", root=write(tmp_path, entry=ENTRY, middle=MIDDLE, lib__leaf=LEAF))
    places = [script.index(f"// {name}\n") for name in ("lib/leaf.js", "middle.js", "entry.js")]
    assert places == sorted(places)
    assert script.count("const UNIT") == 1
    assert "export " not in script
    assert 'from "' not in script


def test_the_script_does_what_the_modules_do(tmp_path: Path) -> None:
    root = write(tmp_path, entry=ENTRY, middle=MIDDLE, lib__leaf=LEAF)
    (root / "package.json").write_text('{"type": "module"}')
    (tmp_path / "bundle.cjs").write_text(bundle("entry.js", root=root) + "console.log(typeof UNIT);")
    runs = [
        subprocess.check_output([node_program(), name], cwd=tmp_path, text=True) for name in ("entry.js", "bundle.cjs")
    ]
    assert json.loads(runs[0]) == 8
    assert sorted(runs[1].split()) == ["8", "undefined"]  # and no global name


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"a": 'import { x } from "./b.js";\n'}, "no module b.js"),
        ({"a": 'import { x } from "../b.js";\n'}, "no module ../b.js"),
        ({"a": 'import { x } from "./b.js";\n', "b": "const x = 1;\n"}, "a.js imports x, which b.js does not export"),
        ({"a": 'import { x as y } from "./b.js";\n'}, "imports 'x as y'; only names without renaming"),
        ({"a": 'import x from "./b.js";\n'}, "cannot be joined with other modules: 'import x from"),
        ({"a": 'import * as x from "./b.js";\n'}, "cannot be joined"),
        ({"a": 'import "./b.js";\n'}, "cannot be joined"),
        ({"a": "function f() {\n  return import('./b.js');\n}\n"}, "cannot be joined"),
        ({"a": "export default 3;\n"}, "cannot be joined"),
        ({"a": "const x = 1;\nexport { x };\n"}, "cannot be joined"),
        ({"a": "export let x = 1;\n"}, "cannot be joined"),
        ({"a": "const { x } = y;\n"}, "declare each name by itself"),
        (
            {"a": 'import { x } from "./b.js";\nconst y = 1;\n', "b": "export const x = 1;\nfunction y() {}\n"},
            "b.js and a.js both declare 'y'",
        ),
        (
            {"a": 'import { x } from "./b.js";\nexport const y = 1;\n', "b": 'import { y } from "./a.js";\n'},
            "a circle: a.js -> b.js -> a.js",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, modules: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        bundle("a.js", root=write(tmp_path, **modules))
