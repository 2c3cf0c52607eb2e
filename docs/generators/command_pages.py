"""The pages of commands: the help of each command and subcommand."""

from __future__ import annotations

from drumhead.cli import COMMANDS, overview
from drumhead.cli.completion import EXAMPLES, subcommands
from generators.help_text import Argument, Help, Section, parse_help, print_help
from generators.text import code, escape

FOLDER = "reference/commands"
"""The folder of the pages in the site."""


def command_pages() -> dict[str, str]:
    """Return the page of each command by its path, and first their list."""
    pages = {f"{FOLDER}/index.md": commands_index()}
    for command in COMMANDS:
        pages[f"{FOLDER}/{command}.md"] = train_page() if command == "train" else command_page(command)
    return pages


def commands_index() -> str:
    """Return the page that lists all commands, as ``drumhead --help`` does."""
    lines = ["# All commands", "", "Each page is the help of a command, as `drumhead COMMAND --help` prints it.", ""]
    group = None
    for name, command in COMMANDS.items():
        if command.group != group:
            group = command.group
            lines += ["", f"## {group.capitalize()}", ""]
        lines += [f"[`drumhead {name}`]({name}.md)", f":   {escape(command.summary)}", ""]
    return "\n".join([*lines, "## As printed", "", "```text", overview(), "```", ""])


def command_page(command: str) -> str:
    """Return the page of a command and its subcommands."""
    lines = [f"# drumhead {command}", "", *help_lines(parse_help(print_help(command)), level=2)]
    for name in subcommands(command):
        lines += [f"## drumhead {command} {name}", "", *help_lines(parse_help(print_help(command, name)), level=3)]
    return "\n".join(lines)


def train_page() -> str:
    """Return the page of ``drumhead train``: its help, and the flags of one experiment of each family of models."""
    lines = ["# drumhead train", "", "```text", print_help("train").strip(), "```", ""]
    listed: set[str] = set()
    for experiment in EXAMPLES:
        text = parse_help(print_help("train", experiment))
        new = [keep_new(section, listed) for section in text.sections]
        listed |= {each.name for section in text.sections for each in section.arguments}
        if any(section.arguments for section in new):
            title = f"drumhead train {experiment}"
            lines += [f"## {title}", "", *([] if experiment == EXAMPLES[0] else ["Further flags of this model:", ""])]
            lines += section_lines([section for section in new if section.arguments], level=3)
    return "\n".join(lines)


def keep_new(section: Section, listed: set[str]) -> Section:
    """Return a section with only the arguments that are not listed yet."""
    return section._replace(arguments=[each for each in section.arguments if each.name not in listed])


def help_lines(text: Help, *, level: int) -> list[str]:
    """Return the lines of a command's help, with headings of a level."""
    lines = ["```text", text.usage, "```", ""]
    for paragraph in text.paragraphs:
        lines += [escape(paragraph), ""]
    return lines + section_lines(text.sections, level=level)


def section_lines(sections: list[Section], *, level: int) -> list[str]:
    """Return the lines of sections of help."""
    lines = []
    for section in sections:
        title = {"positional arguments": "arguments"}.get(section.title, section.title)
        lines += [f"{'#' * level} {title.capitalize()}", ""]
        if section.text:
            lines += [escape(section.text), ""]
        for argument in section.arguments:
            lines += [code(argument.name), f":   {meaning_of(argument)}", ""]
    return lines


def meaning_of(argument: Argument) -> str:
    """Return what an argument does, and its default."""
    parts = [escape(argument.meaning)]
    if argument.required:
        parts.append("Required.")
    if argument.default:
        parts.append(f"Default: {code(argument.default)}.")
    return " ".join(part for part in parts if part)
