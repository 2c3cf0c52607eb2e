"""The pages of the Python interface: every public name, with its docstring rendered by mkdocstrings."""

from __future__ import annotations

from itertools import groupby

from generators.public_names import PublicName, entry_of, first_line, homes, primary_paths, public_packages
from generators.text import without_roles

FOLDER = "reference/api"
"""The folder of the pages in the site."""
LONGEST_HEADING = 48
"""The greatest number of characters of a heading; a longer one is the module's name."""


def api_pages() -> dict[str, str]:
    """Return the page of each public package by its path, and first their list."""
    packages = public_packages()
    pages = {f"{FOLDER}/index.md": api_index()}
    return pages | {f"{FOLDER}/{package}.md": package_page(package) for package in packages}


def api_index() -> str:
    """Return the page that lists all packages and their names."""
    lines = ["# The Python interface", ""]
    for package, names in public_packages().items():
        lines += [f"## [{package}]({package}.md)", "", f"{without_roles(first_line(package))}.", ""]
        lines += [", ".join(f"[`{each.path.rpartition('.')[2]}`][{primary_paths()[each.path]}]" for each in names), ""]
    return "\n".join(lines)


def package_page(package: str) -> str:
    """Return the page of a package: its docstring, and its names by the module that defines them."""
    lines = [f"# {package}", "", f"::: {package}", "    options:", "      members: false"]
    lines += ["      show_root_heading: false", "      show_root_toc_entry: false", ""]
    names = public_packages()[package]
    if package == "drumhead":  # its names come from all over the package
        return "\n".join([*lines, *(line for each in names for line in reference_lines(each, level=2))])
    for module, group in groupby(names, key=lambda each: each.module):
        lines += heading_lines(module)
        lines += [line for each in group for line in reference_lines(each, level=3)]
    return "\n".join(lines)


def heading_lines(module: str) -> list[str]:
    """Return the heading of a module's names, and its first sentence."""
    sentence = without_roles(first_line(module))
    start = sentence.partition(":")[0].partition(",")[0]
    title = start if len(start) <= LONGEST_HEADING else module.rpartition(".")[2].replace("_", " ").capitalize()
    return [f"## {title}", "", *([f"{sentence}.", ""] if sentence != title else [])]


def reference_lines(name: PublicName, *, level: int) -> list[str]:
    """Return the lines that show a name with its docstring, or where it is shown if that is on another page."""
    home = homes()[name.path]
    if home != name:
        title = name.path.rpartition(".")[2]
        return [f"{'#' * level} {title}", "", f"The same as [`{home.path}`][{entry_of(home)}].", ""]
    return [f"::: {entry_of(name)}", "    options:", f"      heading_level: {level}", ""]
