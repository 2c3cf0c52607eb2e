"""``drumhead --print-completion SHELL``: a script by which a shell completes commands, experiments and flags."""

from __future__ import annotations

import io
from contextlib import redirect_stdout, suppress
from importlib import import_module

SHELLS = ("bash", "zsh")
EXAMPLES = ("tetrominoes-nwm-linear", "tetrominoes-lstm-linear", "tetrominoes-cnn-2", "tetrominoes-unet-4")
"""Experiments whose flags together are those of ``drumhead train``: one of each family of models."""
TRAIN_FLAGS = ("--recipe", "--from", "--config")
"""The flags of ``drumhead train`` that decide on the defaults of the others, so that no list of flags has them."""
TAKE_NETWORKS = ("evaluate", "movie", "predict", "pretrained", "states", "view")
"""The commands whose first argument may be the name of a trained network."""

SCRIPT = """\
# Completion of drumhead in {shell}. Made by: drumhead --print-completion {shell}
{preamble}_drumhead() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} command=${{COMP_WORDS[1]}} words=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="{commands}"
    else
        case "$command" in
{cases}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _drumhead drumhead
"""
PREAMBLES = {"bash": "", "zsh": "autoload -Uz bashcompinit && bashcompinit\n"}


def completion_script(shell: str) -> str:
    """Return the script for a shell.

    Raises:
        ValueError: if the shell is not one of ``SHELLS``.
    """
    from drumhead.cli import COMMANDS

    if shell not in SHELLS:
        raise ValueError(f"--print-completion takes one of {', '.join(SHELLS)}; got {shell!r}")
    cases = [f'        {name}) words="{" ".join(words_of(name))}" ;;' for name in COMMANDS]
    return SCRIPT.format(
        shell=shell,
        preamble=PREAMBLES[shell],
        commands=" ".join([*COMMANDS, "--help", "--version"]),
        cases="\n".join(cases),
    )


def words_of(command: str) -> list[str]:
    """Return what may follow a command: subcommands or experiments, and flags."""
    from drumhead.experiments import PLAIN_NAMES, experiment_specs
    from drumhead.zoo import pretrained_names

    if command == "train":
        flags = [flag for name in EXAMPLES for flag in flags_of(command, name)]
        return list(dict.fromkeys([*experiment_specs(), *PLAIN_NAMES, *TRAIN_FLAGS, *flags]))
    if command == "sweep":
        from drumhead.sweeps import PUBLISHED_SWEEPS

        return [*PUBLISHED_SWEEPS, *experiment_specs(), *PLAIN_NAMES, *flags_of(command)]
    if command in TAKE_NETWORKS:
        return [*pretrained_names(), *flags_of(command)]
    names = subcommands(command)
    if not names:
        return flags_of(command)
    flags = [flag for name in names for flag in flags_of(command, name)]
    return list(dict.fromkeys([*names, *flags]))


def subcommands(command: str) -> list[str]:
    """Return the subcommands of a command, each with a help of its own; empty if it has none."""
    if command == "data":
        from drumhead.data import DATASETS

        return [*(name.replace("_", "-") for name in DATASETS), "check", "import"]
    if command == "figure":
        from drumhead.cli.figure import FIGURES

        return list(FIGURES)
    return []


def flags_of(command: str, *args: str) -> list[str]:
    """Return the flags of a command, or of a subcommand, as its help lists them."""
    from drumhead.cli import COMMANDS
    from drumhead.cli.parsing import flags_in_help

    text = io.StringIO()
    with redirect_stdout(text), suppress(SystemExit):
        import_module(f"drumhead.cli.{COMMANDS[command].module}").main([*args, "--help"])
    return flags_in_help(text.getvalue())
