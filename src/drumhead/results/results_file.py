"""A results file: a CSV with one row per run, split and dataset."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

from pydantic import ValidationError

from drumhead.files import atomic_replace, read_small_file
from drumhead.results.rows import ResultRow, stored_row
from drumhead.runs import DataRecord, Run, run_folders
from drumhead.scores import Scores
from drumhead.validation_errors import explain_validation_error


def add_rows(path: str | Path, rows: Iterable[ResultRow]) -> None:
    """Add rows to a results file atomically; a row replaces an existing row of the same run, split and data.

    Run paths are stored relative to the file's folder, so that the file and the runs can be moved together. Only one
    process may write to a file at a time.

    Raises:
        ValueError: if the file exists and is not a results file.
    """
    path = Path(path)
    known = {row.key: row for row in read_rows(path)} if path.exists() else {}
    for row in rows:
        row = row.replace(run=relative_path(Path(row.run), path.parent))
        known[row.key] = row
    with atomic_replace(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(ResultRow.model_fields))
        writer.writeheader()
        writer.writerows(row.model_dump() for row in known.values())


def read_rows(path: str | Path) -> list[ResultRow]:
    """Return the rows of a results file.

    Raises:
        ValueError: if it is not a results file, with the line and the reason.
    """
    columns = list(ResultRow.model_fields)
    try:
        reader = csv.DictReader(StringIO(read_small_file(Path(path)).decode("utf-8-sig"), newline=""))
        header = reader.fieldnames
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file of results: {error}") from error
    if header != columns:
        raise ValueError(
            f"{path} is not a results file of this version: its first line must be {','.join(columns)}; "
            "write a new file with `drumhead evaluate RUN ... --out FILE`"
        )
    try:
        return [ResultRow.model_validate({name: text for name, text in row.items() if text}) for row in reader]
    except (ValueError, csv.Error) as error:
        reason = explain_validation_error(error) if isinstance(error, ValidationError) else error
        raise ValueError(f"{path}, line {reader.line_num}, is not a row of results: {reason}") from error


def collect_rows(paths: Sequence[str | Path]) -> list[ResultRow]:
    """Return the rows of results files, and of all runs in folders by the scores that they store.

    If two rows have the same run, split and data, the row of the later path is returned. Run paths in the rows are
    relative to the current directory.

    Raises:
        ValueError: if a path is neither a results file nor a folder, or if a run or file is damaged.
    """
    rows: dict[tuple[str, str, str], ResultRow] = {}
    baselines: dict[DataRecord, Scores | None] = {}
    for path in map(Path, paths):
        if path.is_file():
            added = [row.replace(run=relative_path(path.parent / row.run, Path())) for row in read_rows(path)]
        else:
            runs = [Run.open(folder) for folder in run_folders(path)]
            added = [stored_row(run, baselines).replace(run=relative_path(run.folder, Path())) for run in runs]
        rows |= {row.key: row for row in added}
    return list(rows.values())


def relative_path(path: Path, folder: Path) -> str:
    """Return a path relative to a folder."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
