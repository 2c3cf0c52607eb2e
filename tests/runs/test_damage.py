"""A flipped bit or a missing end anywhere in any file of a run is reported with the file's name, or is harmless."""

from __future__ import annotations

import os
import random
import shutil
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.runs import DamageWarning, Run, RunError

from .sample_run import CONFIG, SCORES

Reader = Callable[[Path], Any]


def same(one: Any, other: Any) -> bool:
    """Return whether two values read from files are bit-identical."""
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


READERS: dict[str, Reader] = {
    "config.json": lambda folder: Run.open(folder).config,
    "metrics.csv": lambda folder: Run(folder, CONFIG).metrics(),
    "last.ckpt": lambda folder: Run(folder, CONFIG).load_checkpoint(),
    "model.safetensors": lambda folder: dict(Run(folder, CONFIG).load_model().state_dict()),
    "scores.json": lambda folder: Run(folder, CONFIG).scores(),
    "diverged.json": lambda folder: Run(folder, CONFIG).divergence(),
}


@pytest.fixture
def folder(run: Run) -> Path:
    """A run folder with all files except ``previous.ckpt``."""
    model = run.new_model()
    run.save_model(model)
    run.save_checkpoint({"epoch": 2, "best_loss": 0.25, "model": model.state_dict(), "history": [{"kept": None}]})
    run.write_metrics([{"epoch": 1, "val_loss": 0.5, "val_iou": None}, {"epoch": 2, "val_loss": 0.25, "val_iou": 0.75}])
    run.write_divergence("the loss is nan")
    run.write_scores(SCORES)
    return run.folder


def flips(content: bytes, positions: Iterable[int], generator: random.Random) -> Iterable[tuple[int, bytes]]:
    """Yield each position, and the content with one random bit of the byte there flipped."""
    for position in positions:
        damaged = bytearray(content)
        damaged[position] ^= 1 << generator.randrange(8)
        yield position, bytes(damaged)


def count_refusals(folder: Path, name: str, contents: Iterable[tuple[int, bytes]]) -> Counter[str]:
    """Count the contents that the reader of a file refuses, and those it reads as before; allow nothing else."""
    path, read = folder / name, READERS[name]
    original, counted = read(folder), Counter[str]()
    for position, content in contents:
        path.write_bytes(content)
        refusal = ""
        try:
            value = read(folder)
        except RunError as error:
            refusal = str(error)
        if refusal:
            assert name in refusal
        else:
            assert same(value, original), f"byte {position} of {name}: {value}"
        counted["refused" if refusal else "harmless"] += 1
    return counted


@pytest.mark.parametrize("name", READERS)
def test_a_flipped_bit_is_found_or_harmless(name: str, folder: Path) -> None:
    content = (folder / name).read_bytes()
    step = max(1, len(content) // 100)
    ends = [*range(40), *range(len(content) - 150, len(content), 3)]
    positions = [position for position in [*range(0, len(content), step), *ends] if 0 <= position < len(content)]
    counted = count_refusals(folder, name, flips(content, positions, random.Random(0)))
    assert counted["refused"] > 0.8 * sum(counted.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_flipped_bit_in_every_byte_is_found_or_harmless(name: str, folder: Path) -> None:
    content = (folder / name).read_bytes()
    generator = random.Random(1)
    counted = count_refusals(folder, name, flips(content, range(len(content)), generator))
    print(f"\n{name}: of {len(content)} bytes with a flipped bit {dict(counted)}")
    assert counted["refused"] > 0.8 * len(content)


@pytest.mark.parametrize("name", READERS)
def test_a_truncated_file_is_refused(name: str, folder: Path) -> None:
    content = (folder / name).read_bytes()
    lengths = {0, 1, 10, *(len(content) * part // 8 for part in range(8)), *(len(content) - n for n in range(1, 100))}
    cut = [(length, content[:length]) for length in sorted(lengths) if 0 <= length < len(content)]
    counted = count_refusals(folder, name, cut)
    assert counted["harmless"] <= 2  # the last newline


@pytest.mark.parametrize("name", READERS)
def test_trailing_zeros_and_appended_bytes_are_refused(name: str, folder: Path) -> None:
    content = (folder / name).read_bytes()
    half = len(content) // 2
    zeros = content[:half] + bytes(len(content) - half)  # as after a power cut
    assert count_refusals(folder, name, [(half, zeros), (0, content + content)]) == {"refused": 2}


@pytest.mark.parametrize("name", ["metrics.csv", "scores.json", "model.safetensors"])
def test_the_error_says_how_to_repair_the_run(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(
        RunError, match=rf"remove {folder / 'scores.json'} if it exists, and run: drumhead train {folder}"
    ):
        READERS[name](folder)


def test_missing_or_swapped_rows_are_found(folder: Path) -> None:
    header, first, second, end = (folder / "metrics.csv").read_text().split("\n")
    for rows in ([header, first, end], [header, second, end], [header, second, first, end]):
        (folder / "metrics.csv").write_text("\n".join(rows))
        with pytest.raises(RunError, match=r"metrics\.csv is damaged: its column crc32"):
            READERS["metrics.csv"](folder)


class TestLastAndPrevious:
    """The last two checkpoints are kept, and the older one is used if the last is damaged."""

    STATES = tuple({"epoch": epoch, "model": {"weight": torch.full((3,), float(epoch))}} for epoch in (1, 2, 3))

    @pytest.fixture
    def folder(self, run: Run) -> Path:
        """A run folder after two epochs."""
        for state in self.STATES[:2]:
            run.save_checkpoint(state)
        return run.folder

    def load(self, folder: Path) -> Any:
        return Run(folder, CONFIG).load_checkpoint()

    def test_the_last_two_checkpoints_are_kept(self, folder: Path) -> None:
        assert same(self.load(folder), self.STATES[1])
        (folder / "previous.ckpt").replace(folder / "last.ckpt")
        assert same(self.load(folder), self.STATES[0])

    @pytest.mark.parametrize("damage", ["bit", "cut", "missing", "empty"])
    def test_the_previous_checkpoint_is_used(self, damage: str, folder: Path) -> None:
        path = folder / "last.ckpt"
        content = path.read_bytes()
        if damage == "bit":
            path.write_bytes(next(iter(flips(content, [len(content) // 2], random.Random(2))))[1])
        elif damage == "missing":
            path.unlink()
        else:
            path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
        with pytest.warns(DamageWarning, match=rf"{path} is .*: previous\.ckpt is used, the state one epoch before"):
            assert same(self.load(folder), self.STATES[0])

    def test_a_damaged_last_checkpoint_does_not_become_the_previous(self, folder: Path) -> None:
        (folder / "last.ckpt").write_bytes(b"garbage")
        run = Run(folder, CONFIG)
        with pytest.warns(DamageWarning):
            run.load_checkpoint()
        run.save_checkpoint(self.STATES[2])
        assert same(self.load(folder), self.STATES[2])
        (folder / "last.ckpt").unlink()
        with pytest.warns(DamageWarning, match="is missing"):
            assert same(self.load(folder), self.STATES[0])
        run.save_checkpoint(self.STATES[1])

    def test_two_damaged_checkpoints_are_an_error(self, folder: Path) -> None:
        for name in ("last.ckpt", "previous.ckpt"):
            (folder / name).write_bytes(b"garbage")
        with pytest.raises(
            RunError, match=r"last\.ckpt is damaged.*previous\.ckpt is damaged.*train in another folder"
        ):
            self.load(folder)

    def test_a_flipped_bit_anywhere_in_the_last_checkpoint(self, folder: Path) -> None:
        path = folder / "last.ckpt"
        content = path.read_bytes()
        for _, damaged in flips(content, range(0, len(content), 40), random.Random(3)):
            path.write_bytes(damaged)
            with pytest.warns(DamageWarning, match=r"last\.ckpt is damaged"):
                assert same(self.load(folder), self.STATES[0])

    def test_a_file_system_without_hard_links(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*names: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr("os.link", refuse)
        run = Run(folder, CONFIG)
        run.load_checkpoint()
        run.save_checkpoint(self.STATES[2])
        assert same(self.load(folder), self.STATES[2])
        (folder / "last.ckpt").write_bytes(b"")
        with pytest.warns(DamageWarning):
            assert same(self.load(folder), self.STATES[1])

    def test_both_checkpoints_are_complete_at_every_moment_of_a_save(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The files are read before and after each system call that replaces a file, as if it crashed then."""
        seen: list[tuple[int, int]] = []

        def look() -> None:
            copy = folder.with_name("copy")
            shutil.copytree(folder, copy)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                last = self.load(copy)["epoch"]
            shutil.copy(copy / "previous.ckpt", copy / "last.ckpt")
            seen.append((last, self.load(copy)["epoch"]))
            shutil.rmtree(copy)

        def watch(call: Callable[..., None]) -> Callable[..., None]:
            def watched(*names: object) -> None:
                look()
                call(*names)
                look()

            return watched

        run = Run(folder, CONFIG)
        run.load_checkpoint()
        with monkeypatch.context() as patch:
            patch.setattr("os.link", watch(os.link))
            # Path.replace of Python 3.10 calls the os.replace that it found when it was imported.
            patch.setattr(Path, "replace", watch(Path.replace))
            run.save_checkpoint(self.STATES[2])
        assert sorted(set(seen)) == [(2, 1), (2, 2), (3, 2)]
