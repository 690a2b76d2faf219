"""The front as a table for a slide or a spreadsheet: what front.csv holds, in the columns and units that people read.

Not for programs: cells are rounded, and front.csv has them in full.
"""

from __future__ import annotations

from pathlib import Path

from hwsearch.records.front import FrontRow, NetworkRow
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.tables import Cell, write_table
from hwsearch.report.layers import sparsity, whole
from hwsearch.report.quantities import column, score_words, title
from hwsearch.report.tables import RunTables

_KNOBS = {
    "trial": "Trial",
    "sparsity": "Sparsity",
    "granularity": "Granularity",
    "weight_bits": "Weight bits",
    "timesteps": "Timesteps",
    "state_bits": "Membrane bits",
    "network": "Network",
}
_SCORES = {"score_val": "{} on validation", "score_test": "{} on test"}
_MEASURES = {
    "accuracy_val": "Validation accuracy",
    "accuracy_test": "Test accuracy",
    "accuracy_test_low": "Test accuracy, lower end of 95 %",
    "accuracy_test_high": "Test accuracy, upper end of 95 %",
}
_COSTS = ("memory_bytes", "synaptic_ops", "energy_j", "latency_s")
_FORMULA = ("=", "+", "-", "@", "\t")
"""What a spreadsheet would calculate rather than show."""


def write_front_table(tables: RunTables) -> Path:
    """Write front_table.csv beside what it is made of, and return its path.

    The dense network comes first, then the front in its order; the column "Network is" marks the pick. Each column has
    one unit, which its heading names; a cell that is not known is empty, and a column without any is left out.
    """
    rows: list[NetworkRow] = [tables.summary.dense, *tables.front]
    heads, columns = ["Network is"], [_names(tables)]
    for head, cells in (*_knob_columns(rows), *_number_columns(tables, rows)):
        if any(cell != "" for cell in cells):
            heads.append(head)
            columns.append(cells)
    path = RunFolder(tables.run_dir).front_table
    write_table(path, heads, zip(*columns, strict=True))
    return path


def _names(tables: RunTables) -> list[Cell]:
    """Return what each row is."""
    pick = tables.summary.pick
    picked = None if pick is None else pick.trial
    names = ["the pick" if row.trial == picked else _on_front(row) for row in tables.front]
    return ["dense", *names]


def _on_front(row: FrontRow) -> str:
    return "on the front, foretold" if row.is_foretold else "on the front"


def _knob_columns(rows: list[NetworkRow]) -> list[tuple[str, list[Cell]]]:
    """Return what was chosen of each network: heading and cells."""
    found: list[tuple[str, list[Cell]]] = []
    for name, head in _KNOBS.items():
        spelt = sparsity if name == "sparsity" else whole
        values = [row.cell(name) for row in rows]
        found.append((head, ["" if value is None else _as_text(spelt(value)) for value in values]))
    return found


def _number_columns(tables: RunTables, rows: list[NetworkRow]) -> list[tuple[str, list[Cell]]]:
    """Return what each network reaches and costs: heading with unit, and cells."""
    score = score_words(tables.summary.score).capitalize()
    heads = {name: text.format(score) for name, text in _SCORES.items()} | _MEASURES
    heads |= {name: title(name) for name in _COSTS}
    found: list[tuple[str, list[Cell]]] = []
    for name, head in heads.items():
        unit, cells = column(name, [row.number(name) for row in rows])
        unit = "bytes" if name == "memory_bytes" else unit
        found.append((f"{head} ({unit or 'count'})", [cell.replace(",", "") for cell in cells]))
    return found


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
