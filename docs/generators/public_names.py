"""The public names of the package, which ``drumhead`` and subpackages list in ``__all__``, and where they come from."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import drumhead

PRIVATE = ("drumhead.cli",)
"""Packages whose names are for the package itself."""


class PublicName(NamedTuple):
    """A name that a package offers."""

    path: str
    """Its path in the package that offers it, such as ``drumhead.waves.travel``."""
    module: str
    """The module that defines it, or from which the package imports it, such as ``drumhead.waves.travel``."""


@cache
def public_packages() -> dict[str, list[PublicName]]:
    """Return the names of each package that has ``__all__``, in the order of its imports, ``drumhead`` first."""
    packages = {"drumhead": names_of("drumhead")}
    for module in sorted(pkgutil.walk_packages(drumhead.__path__, "drumhead."), key=lambda each: each.name):
        if module.ispkg and not module.name.startswith(PRIVATE) and hasattr(import_module(module.name), "__all__"):
            packages[module.name] = names_of(module.name)
    return packages


def names_of(package: str) -> list[PublicName]:
    """Return the names in ``__all__`` of a package in the order of its imports; those defined in it come first."""
    module = import_module(package)
    imported = dict(imports_of(Path(str(module.__file__))))
    order = {name: number for number, name in enumerate(imported)}
    names = sorted((name for name in module.__all__ if not name.startswith("__")), key=lambda name: order.get(name, -1))
    return [PublicName(f"{package}.{name}", imported.get(name, package)) for name in names]


def imports_of(file: Path) -> Iterator[tuple[str, str]]:
    """Yield each name that a file imports by ``from MODULE import NAME``, with the module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield from ((alias.asname or alias.name, node.module) for alias in node.names)


@cache
def homes() -> dict[str, PublicName]:
    """Return, for each path by which a public name can be reached, the name that the reference shows.

    A name that ``drumhead`` offers is shown there, not in the subpackage that offers it too.
    """
    found: dict[str, PublicName] = {}
    for names in public_packages().values():
        for name in names:
            chain = list(chain_of(name))
            home = next((found[path] for path in chain if path in found), name)
            found |= dict.fromkeys(chain, home)
    return found


@cache
def primary_paths() -> dict[str, str]:
    """Return, for each path by which a public name can be reached, the path that has its entry in the reference."""
    return {path: entry_of(home) for path, home in homes().items()}


def entry_of(name: PublicName) -> str:
    """Return the path of a name's entry: that of its definition if a module has the path of the name.

    >>> entry_of(PublicName("drumhead.waves.travel", "drumhead.waves.travel"))
    'drumhead.waves.travel.travel'
    """
    package, _, short = name.path.rpartition(".")
    is_module = short in {each.name for each in pkgutil.iter_modules(import_module(package).__path__)}
    return f"{name.module}.{short}" if is_module else name.path


def chain_of(name: PublicName) -> Iterator[str]:
    """Yield the path of a name, and the paths from which it is imported, down to its definition."""
    yield name.path
    short = name.path.rpartition(".")[2]
    module = name.module
    while f"{module}.{short}" != name.path:
        yield f"{module}.{short}"
        source = inspect.getsourcefile(import_module(module))
        following = dict(imports_of(Path(str(source)))).get(short)
        if following is None:
            return
        module = following


def first_line(module: str) -> str:
    """Return the first sentence of a module's docstring, without its full stop."""
    text = inspect.getdoc(import_module(module)) or ""
    return " ".join(text.partition("\n\n")[0].split()).removesuffix(".")
