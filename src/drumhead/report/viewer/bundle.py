"""ES modules joined into one script without imports, for a page that is a single file.

A module may use these forms only, each at the start of a line; anything else is an error:

    import { first, second } from "./other.js";       // may span lines; without renaming
    export function name ..., export async function name ..., export class Name ..., export const NAME ...

All modules of a bundle share one scope, so the names at the top level of all its files are distinct.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import NamedTuple

MODULES = Path(__file__).parent / "js"
"""The folder of the modules of the viewer."""

_IMPORT = re.compile(r'^import\s*\{([^{}]*)\}\s*from\s*"(\.{1,2}/[^"]*)";[^\S\n]*(?://[^\n]*)?\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function\b|class\b|const\b)", re.MULTILINE)
_DECLARATION = re.compile(r"^(export )?(?:(?:async )?function\*?|class|const|let|var)\s+([\w$]+|\S)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_COMMENT = ("//", "/*", "*")


class Module(NamedTuple):
    """A module without its import statements and the words ``export``."""

    name: str
    """Its path relative to the folder of all modules, such as ``page/start.js``."""
    code: str
    imports: dict[str, tuple[str, ...]]
    """The names that it imports, by the module that exports them."""
    declared: tuple[str, ...]
    """The names at its top level."""
    exported: frozenset[str]


def bundle(entry: str, *, root: Path | None = None) -> str:
    """Return one script that does what an ES module and all modules it imports do. It defines no global names.

    Args:
        entry: the path of the module, relative to ``root``.
        root: the folder of all modules; by default the ``js`` folder of the viewer.

    Raises:
        ValueError: if a module uses another form of import or export, imports what is not exported or missing, two
            modules declare one name, or modules import each other in a circle.
    """
    modules = ordered_modules(entry, root=root or MODULES)
    owners: dict[str, str] = {}
    for module in modules:
        for name in module.declared:
            if owner := owners.get(name):
                raise ValueError(f"{owner} and {module.name} both declare {name!r}; the names of a bundle are distinct")
            owners[name] = module.name
    body = "\n".join(f"// {module.name}\n{module.code.strip()}\n" for module in modules)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def ordered_modules(entry: str, *, root: Path) -> list[Module]:
    """Return a module and all that it imports, each after those that it imports.

    Raises:
        ValueError: as in :func:`bundle`, except for names declared twice.
    """
    done: dict[str, Module] = {}

    def visit(name: str, importers: tuple[str, ...]) -> Module:
        if name in importers:
            raise ValueError(f"modules import each other in a circle: {' -> '.join((*importers, name))}")
        if name not in done:
            module = read_module(name, root=root)
            for source, names in module.imports.items():
                missing = set(names) - visit(source, (*importers, name)).exported
                if missing:
                    raise ValueError(f"{name} imports {', '.join(sorted(missing))}, which {source} does not export")
            done[name] = module
        return done[name]

    visit(entry, ())
    return list(done.values())


def read_module(name: str, *, root: Path) -> Module:
    """Read a module.

    Raises:
        ValueError: if it is missing, or has a form of import or export that is not allowed.
    """
    path = root.joinpath(name)
    if name.startswith("../") or not path.is_file():
        raise ValueError(f"there is no module {name}")
    source = path.read_text(encoding="utf-8")
    imports: dict[str, tuple[str, ...]] = {}
    for names, origin in _IMPORT.findall(source):
        listed = tuple(each.strip() for each in names.split(",") if each.strip())
        if invalid := [each for each in listed if not _NAME.fullmatch(each)]:
            raise ValueError(f"{name} imports {invalid[0]!r}; only names without renaming can be imported")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), origin))
        imports[target] = imports.get(target, ()) + listed
    declarations = _DECLARATION.findall(source)
    code = _EXPORT.sub("", _IMPORT.sub("", source))
    for line in code.split("\n"):
        is_comment = line.lstrip().startswith(_COMMENT)
        if re.match(r"(?:import|export)\b", line) or (re.search(r"\bimport\s*\(", line) and not is_comment):
            raise ValueError(f"{name} has a line that cannot be joined with other modules: {line!r}")
    declared = tuple(each for _, each in declarations)
    if invalid := [each for each in declared if not _NAME.fullmatch(each)]:
        raise ValueError(f"{name} declares {invalid[0]!r} at its top level; declare each name by itself")
    return Module(name, code, imports, declared, frozenset(each for export, each in declarations if export))
