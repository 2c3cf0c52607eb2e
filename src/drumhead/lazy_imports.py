"""Names of a package that are imported when they are first used (PEP 562): what needs torch takes seconds to import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazy_imports(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the functions ``__getattr__`` and ``__dir__`` of a package.

    The package imports the same names under ``if TYPE_CHECKING``, where type checkers and editors find them.

    Args:
        package: the name of the package.
        modules: the names that are imported on first use, by module inside the package.

    >>> get_name, list_names = lazy_imports("drumhead.fields", {"wave": ["laplacian"]})
    >>> get_name("laplacian").__module__
    'drumhead.fields.wave'
    """
    module_of = {name: module for module, names in modules.items() for name in names}

    def get_name(name: str) -> object:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, value)  # the next use finds it at once
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *module_of})

    return get_name, list_names
