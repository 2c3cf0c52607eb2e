"""Shell completion covers every command, experiment and flag."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from drumhead.cli import COMMANDS, OK, USAGE_ERROR, main
from drumhead.experiments import experiment_specs


def complete(script: str, line: str) -> list[str]:
    """Return what bash offers for the last word of a line."""
    words = line.split(" ")
    array = " ".join(f"'{word}'" for word in words)
    code = f'{script}\nCOMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _drumhead; printf "%s\\n" "${{COMPREPLY[@]}}"'
    result = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    return result.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_experiments_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-completion", "bash"]) == OK
    script = capsys.readouterr().out
    assert set(COMMANDS) <= set(complete(script, "drumhead "))
    assert complete(script, "drumhead tr") == ["train"]
    assert set(experiment_specs()) | {"unet-4"} <= set(complete(script, "drumhead train "))
    assert complete(script, "drumhead train mnist-cnn-2 --recipe.learn") == ["--recipe.learning-rate"]
    assert complete(script, "drumhead train x --model.l") == ["--model.layers"]
    assert complete(script, "drumhead train nwm-linear --fr") == ["--from"]
    assert complete(script, "drumhead movie tetrominoes-nwm-l") == ["tetrominoes-nwm-linear"]
    assert complete(script, "drumhead figure wa") == ["waves"]
    assert complete(script, "drumhead data ch") == ["check"]
    assert "--partition" in complete(script, "drumhead sweep --p")
    for command in COMMANDS:
        assert "--help" in complete(script, f"drumhead {command} --"), command


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-completion", "zsh"]) == OK
    assert capsys.readouterr().out.splitlines()[1].startswith("autoload")
    assert main(["--print-completion", "fish"]) == USAGE_ERROR
    assert "takes one of bash, zsh; got 'fish'" in capsys.readouterr().err
