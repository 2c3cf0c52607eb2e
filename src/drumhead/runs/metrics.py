"""The metrics of each epoch in a CSV file with its own checksum."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from drumhead.checksums import add_csv_checksum, strip_csv_checksum
from drumhead.files import read_small_file


def metrics_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Return the text of a metrics file: a header, a line for each row, and a last column with the checksum."""
    buffer = StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)  # rows of an earlier version have fewer
    writer = csv.DictWriter(buffer, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return add_csv_checksum(buffer.getvalue())


def read_metrics(path: Path) -> list[dict[str, float]]:
    """Return the rows of a metrics file, without empty values.

    Raises:
        ValueError: if the file is damaged.
    """
    rows = csv.DictReader(StringIO(strip_csv_checksum(read_small_file(path).decode()), newline=""))
    try:
        return [{name: float(value) for name, value in row.items() if value} for row in rows]
    except (TypeError, csv.Error) as error:  # a row with more values than the header has names
        raise ValueError(str(error)) from error
