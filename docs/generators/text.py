"""Plain text as Markdown: escaped characters, code, and reStructuredText's roles and examples in docstrings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Link = Callable[[str], str | None]
"""Takes the name in a role. Returns the public path that it is linked to, or None for a name that is not public."""

ROLE = re.compile(r":(?:func|class|meth|mod|data|attr|exc|obj):`(~?)([\w.]+)`")
CODE = re.compile(r"(`+[^`]+`+)")


def escape(text: str) -> str:
    """Return plain text as Markdown that shows the same characters; what is between backticks stays code.

    >>> print(escape("images/* of `drumhead data`, a_b_c"))
    images/\\* of `drumhead data`, a\\_b\\_c
    """
    parts = CODE.split(text)
    parts[::2] = [re.sub(r"([\\*_\[\]<>#|~^])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def code(text: str) -> str:
    """Return text as code.

    >>> code("a|b"), code("")
    ('`a|b`', '')
    """
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if text else ""


def without_roles(text: str) -> str:
    """Return text with roles as code: what has no pages to link to.

    >>> without_roles("see :func:`~drumhead.waves.travel`")
    'see `travel`'
    """
    return ROLE.sub(lambda match: code(shown_name(match)), text)


def shown_name(match: re.Match[str]) -> str:
    """Return the text of a role: the last part of the name if it begins with ``~``."""
    return match[2].rpartition(".")[2] if match[1] else match[2]


def docstring_to_markdown(text: str, link: Link) -> str:
    """Return a docstring with its roles as links, or as code, and its examples as code blocks.

    Args:
        text: a docstring without indentation.
        link: returns the public path of a name in a role.

    >>> print(docstring_to_markdown("Like :func:`f` and :func:`g`.", {"f": "drumhead.f"}.get))
    Like [`f`][drumhead.f] and `g`.
    """

    def replace_role(match: re.Match[str]) -> str:
        target = link(match[2])
        shown = code(shown_name(match))
        return shown if target is None else f"[{shown}][{target}]"

    return fence_examples(ROLE.sub(replace_role, text))


def link_code(markdown: str, targets: Mapping[str, str]) -> str:
    """Return a page with code that is a public name, such as ``drumhead.train``, as a link; code blocks stay.

    >>> link_code("see `drumhead.train`", {"drumhead.train": "drumhead.train"})
    'see [`drumhead.train`][drumhead.train]'
    """

    def replace_code(match: re.Match[str]) -> str:
        target = targets.get(match[1])
        return match[0] if target is None else f"[{match[0]}][{target}]"

    blocks = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    pattern = r"(?<!\[)`(drumhead(?:\.\w+)+)`"
    return "".join(block if block.startswith("```") else re.sub(pattern, replace_code, block) for block in blocks)


def fence_examples(text: str) -> str:
    """Return text with each example, lines from ``>>>`` to the next blank line, in a code block.

    >>> fence_examples(">>> 1 + 1\\n2").split("\\n")
    ['```pycon', '>>> 1 + 1', '2', '```']
    """
    lines: list[str] = []
    end: str | None = None  # the fence that closes the open example
    for line in [*text.split("\n"), ""]:
        if end is None and (match := re.match(r"( *)>>> ", line)):
            end = f"{match[1]}```"
            if lines and lines[-1].strip():
                lines.append("")
            lines.append(f"{end}pycon")
        elif end is not None and not line.strip():
            lines.append(end)
            end = None
        lines.append(line)
    return "\n".join(lines[:-1])
