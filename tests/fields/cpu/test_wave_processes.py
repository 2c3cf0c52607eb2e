"""The fused evolution in processes: when Numba is imported, forks, and the cache of compiled code on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.disks import small_disk

import drumhead

EVOLVE = """
    import torch
    from drumhead.fields import evolve, laplacian

    def field(side=6):
        y0 = torch.linspace(-1, 1, 2 * side * side).reshape(2, 1, side, side)
        return evolve(y0, y0.abs(), y0.abs(), laplacian(1), dt=0.1, steps=9, engine="fused")
"""
PRINT_CACHE_HITS_AND_SUM = """
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
    import sys
    import numpy as np
    from drumhead.fields.cpu.kernels.probe import probe
    values = np.ones(3, np.float32)
    probe(values)
    assert "torch" not in sys.modules  # kernels need none, which saves these processes its import
    print(sum(probe.stats.cache_hits.values()), values[0])
"""


def start(*scripts: str, package: Path | None = None, **environment: str) -> subprocess.Popen[str]:
    """Start a Python process with an import path to ``package``, with no settings of Numba but those given here."""
    source = package or Path(drumhead.__file__).parents[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
    kept.update(PYTHONPATH=str(source), OMP_NUM_THREADS="2", **environment)
    command = [sys.executable, "-c", "".join(map(textwrap.dedent, scripts))]
    return subprocess.Popen(command, env=kept, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def output_words(process: subprocess.Popen[str]) -> list[str]:
    """Wait for the process, and return what it printed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.split()


def test_numba_is_imported_when_first_needed() -> None:
    script = "import sys; print('numba' in sys.modules); field(); print('numba' in sys.modules)"
    assert output_words(start(EVOLVE, script)) == ["False", "True"]


@pytest.mark.skipif(sys.platform != "linux", reason="forks are tested on Linux only")
def test_nothing_hangs_after_a_fork() -> None:
    script = """
        import os, warnings
        from torch.utils.data import DataLoader

        warnings.simplefilter("ignore", DeprecationWarning)  # this test forks while other threads exist
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
        print(all(torch.equal(batch[0], expected) for batch in loader))
        print(torch.equal(field(64), expected))
    """
    assert output_words(start(EVOLVE, script)) == ["0", "True", "True"]


class TestCacheOnDisk:
    def test_two_processes_compile_at_once(self, tmp_path: Path) -> None:
        both = [start(EVOLVE, PRINT_CACHE_HITS_AND_SUM, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2)]
        (_, first), (_, second) = (output_words(process) for process in both)
        hits, third = output_words(start(EVOLVE, PRINT_CACHE_HITS_AND_SUM, NUMBA_CACHE_DIR=str(tmp_path)))
        assert hits == "1"
        assert first == second == third

    def test_a_package_folder_that_is_not_writable(self, tmp_path: Path, package: Path) -> None:
        """The user's cache folder is used instead, and its content until the source changes."""
        home = tmp_path / "home"
        _, first = output_words(start(PROBE, package=package, HOME=str(home)))
        assert list(home.rglob("*.nbi"))
        assert output_words(start(PROBE, package=package, HOME=str(home))) == ["1", first]
        sibling = package / "drumhead" / "fields" / "cpu" / "kernels" / "fast_tanh.py"
        sibling.write_text(sibling.read_text().replace("return ONE if t > ONE else t", "return t / LIMIT"))
        hits, third = output_words(start(PROBE, package=package, HOME=str(home)))
        assert hits == "0"
        assert third != first

    @pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
    def test_damaged_files_are_compiled_again(self, tmp_path: Path, package: Path, suffix: str) -> None:
        home = tmp_path / "home"
        _, first = output_words(start(PROBE, package=package, HOME=str(home)))
        (path,) = home.rglob(f"*probe*{suffix}")
        path.write_bytes(path.read_bytes()[:-7])
        assert output_words(start(PROBE, package=package, HOME=str(home))) == ["0", first]
        assert output_words(start(PROBE, package=package, HOME=str(home))) == ["1", first]

    def test_a_full_disk_is_reported_once(self, tmp_path: Path, package: Path) -> None:
        _, expected = output_words(start(PROBE, package=package, HOME=str(tmp_path / "home")))
        with small_disk(tmp_path / "disk") as disk:
            folder = disk.folder / "cache"
            folder.mkdir()
            disk.fill()
            process = start(PROBE, package=package, NUMBA_CACHE_DIR=str(folder))
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert out.split() == ["0", expected]
        assert err.count("compiled code cannot be kept on disk") == 1
        assert "No space left" in err

    def test_no_writable_folder(self, tmp_path: Path, package: Path) -> None:
        (tmp_path / "home").touch()
        hits, _ = output_words(start(PROBE, package=package, HOME=str(tmp_path / "home")))
        assert hits == "0"

    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        """A copy of the package with a small kernel, whose cache folder not even an administrator can write to."""
        source = Path(drumhead.__file__).parent
        shutil.copytree(source, tmp_path / "copy" / "drumhead", ignore=shutil.ignore_patterns("__pycache__"))
        kernels = tmp_path / "copy" / "drumhead" / "fields" / "cpu" / "kernels"
        (kernels / "probe.py").write_text(textwrap.dedent(PROBE_KERNEL))
        (kernels / "__pycache__").touch()
        return tmp_path / "copy"
