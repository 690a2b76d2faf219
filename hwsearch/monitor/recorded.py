"""What firmware recorded of a stream, read from a CSV file: a column for each quantity, and ``class``.

Not for streams of samples, which the integer machine runs (`quantities.seen`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.monitor.quantities import Quantity, Seen

CLASS = "class"
_MOST_BYTES = 256 << 20
_MOST_VALUE, _MOST_DIGITS = 2**32 - 1, 10
_MOST_FAULTS = 20


def read_seen(path: Path, quantities: Sequence[Quantity], classes: int) -> Seen:
    """Return what was recorded, a row an inference, in their order.

    Args:
        path: The file.
        quantities: Those that are watched; other columns are not read.
        classes: How many the network tells apart.

    Raises:
        InputError: The file cannot be read, a column is missing, or a cell is no whole number in its range; all of it,
            20 faults at most.
    """
    names = [*(quantity.name for quantity in quantities), CLASS]
    header, rows = _rows(path)
    if missing := [name for name in names if name not in header]:
        law = f"what was recorded must have the columns {', '.join(names)}"
        raise InputError([Fault("--recorded", law, f"none of {', '.join(missing)}", path=path)])
    places = [header.index(name) for name in names]
    most = [*[_MOST_VALUE] * len(quantities), classes - 1]
    found, faults = np.zeros((len(rows), len(names)), np.int64), []
    for row, (line, cells) in enumerate(rows):
        for column, (place, name, largest) in enumerate(zip(places, names, most, strict=True)):
            text = cells[place].strip() if place < len(cells) else ""
            if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) <= largest:
                found[row, column] = int(text)
            else:
                law = f"{name} must be a whole number in 0 .. {largest:,}"
                faults.append(Fault("--recorded", law, repr(text[:40]), path=path, line=line))
        if len(faults) >= _MOST_FAULTS:
            break
    if faults:
        raise InputError(faults[:_MOST_FAULTS])
    if not rows:
        raise InputError([Fault("--recorded", "there must be a row for each inference", "none", path=path)])
    return Seen(found[:, :-1], found[:, -1])


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and each row that is not empty with its line.

    Raises:
        InputError: The file is no CSV, or too large.
    """
    law, got = "it must be a CSV file, in UTF-8, with a header", ""
    try:
        if path.stat().st_size > _MOST_BYTES:
            got = f"more than {_MOST_BYTES >> 20} MiB"
        else:
            table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
            got = "" if table else "an empty file"
    except (OSError, ValueError, csv.Error) as error:
        got = getattr(error, "strerror", None) or str(error)
    if got:
        raise InputError([Fault("--recorded", law, got, path=path)])
    return [name.strip() for name in table[0]], [row for row in enumerate(table[1:], start=2) if row[1]]
