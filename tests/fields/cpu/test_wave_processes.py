"""The fused evolution among processes: what is imported when, forks, and the compiled code on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import drumhead

EVOLVE = """
    import torch
    from drumhead.fields import evolve, laplacian

    def field(side=6):
        y0 = torch.linspace(-1, 1, 2 * side * side).reshape(2, 1, side, side)
        return evolve(y0, y0.abs(), y0.abs(), laplacian(1), dt=0.1, steps=9, engine="fused")
"""
SAY = """
    result = field()
    from drumhead.fields.cpu.kernels.wave import wave_forward
    print(sum(wave_forward.stats.cache_hits.values()), result.double().sum().item())
"""
PROBE_KERNEL = """
    from drumhead.fields.cpu.kernels.compiling import kernel
    from drumhead.fields.cpu.kernels.fast_tanh import fast_tanh

    @kernel
    def probe(values):
        for i in range(values.size):
            values[i] = fast_tanh(values[i])
"""
PROBE = """
    import numpy as np
    from drumhead.fields.cpu.kernels.probe import probe
    values = np.ones(3, np.float32)
    probe(values)
    print(sum(probe.stats.cache_hits.values()), values[0])
"""


def start(script: str, *, package: Path | None = None, **environment: str) -> subprocess.Popen[str]:
    """A Python of its own on ``package``, with Numba's settings from here alone."""
    source = package or Path(drumhead.__file__).parents[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
    kept.update(PYTHONPATH=str(source), OMP_NUM_THREADS="2", **environment)
    command = [sys.executable, "-c", textwrap.dedent(EVOLVE) + textwrap.dedent(script)]
    return subprocess.Popen(command, env=kept, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def said(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.split()


def test_numba_is_imported_when_first_needed() -> None:
    script = "import sys; print('numba' in sys.modules); field(); print('numba' in sys.modules)"
    assert said(start(script)) == ["False", "True"]


@pytest.mark.skipif(sys.platform != "linux", reason="forking is for Linux")
def test_nothing_hangs_after_a_fork() -> None:
    script = """
        import os, warnings
        from torch.utils.data import DataLoader

        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside other threads is the point
        expected = field(64)
        child = os.fork()
        if child == 0:
            os._exit(0 if torch.equal(field(64), expected) else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

        class Fields(torch.utils.data.Dataset):
            def __len__(self):
                return 4
            def __getitem__(self, index):
                return field(64)

        loader = DataLoader(Fields(), num_workers=2, multiprocessing_context="fork")
        print(all(torch.equal(found[0], expected) for found in loader))
        print(torch.equal(field(64), expected))
    """
    assert said(start(script)) == ["0", "True", "True"]


class TestTheCacheOnDisk:
    def test_two_processes_compile_at_once(self, tmp_path: Path) -> None:
        both = [start(SAY, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2)]
        (_, first), (_, second) = (said(process) for process in both)
        hits, third = said(start(SAY, NUMBA_CACHE_DIR=str(tmp_path)))
        assert hits == "1"
        assert first == second == third

    def test_a_package_that_cannot_be_written(self, tmp_path: Path, package: Path) -> None:
        """The user's folder is taken, and what is there is used until the source changes."""
        home = tmp_path / "home"
        _, first = said(start(PROBE, package=package, HOME=str(home)))
        assert list(home.rglob("*.nbi"))
        assert said(start(PROBE, package=package, HOME=str(home))) == ["1", first]
        sibling = package / "drumhead" / "fields" / "cpu" / "kernels" / "fast_tanh.py"
        sibling.write_text(sibling.read_text().replace("return ONE if t > ONE else t", "return t / LIMIT"))
        hits, third = said(start(PROBE, package=package, HOME=str(home)))
        assert hits == "0"
        assert third != first

    @pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
    def test_damaged_files_count_as_no_cache(self, tmp_path: Path, package: Path, suffix: str) -> None:
        home = tmp_path / "home"
        _, first = said(start(PROBE, package=package, HOME=str(home)))
        (path,) = home.rglob(f"*probe*{suffix}")
        path.write_bytes(path.read_bytes()[:-7])
        assert said(start(PROBE, package=package, HOME=str(home))) == ["0", first]
        assert said(start(PROBE, package=package, HOME=str(home))) == ["1", first]

    def test_no_folder_that_can_be_written(self, tmp_path: Path, package: Path) -> None:
        (tmp_path / "home").touch()
        hits, _ = said(start(PROBE, package=package, HOME=str(tmp_path / "home")))
        assert hits == "0"

    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        """A copy of the package, with a small kernel, beside which not even an administrator can write anything."""
        source = Path(drumhead.__file__).parent
        shutil.copytree(source, tmp_path / "copy" / "drumhead", ignore=shutil.ignore_patterns("__pycache__"))
        kernels = tmp_path / "copy" / "drumhead" / "fields" / "cpu" / "kernels"
        (kernels / "probe.py").write_text(textwrap.dedent(PROBE_KERNEL))
        (kernels / "__pycache__").touch()
        return tmp_path / "copy"
