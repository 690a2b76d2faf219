"""trials.csv: every candidate ever asked, with its outcome; written anew after every batch.

A CSV carries no version: that of its columns is the format of the summary beside it. A record is spelt once: of all
that is written anew, only who is on the front may have changed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import model_validator

from hwsearch.records.columns import LATER, LaterColumns, knob_columns, width_columns
from hwsearch.records.files import write_text
from hwsearch.records.tables import Row, read_frame, read_rows, table_lines
from hwsearch.records.trials import COST_COLUMNS, Outcome, TrialRecord, outcome_now


class TrialRow(Row):
    """A candidate as trials.csv shows it; costs with ``_predicted`` are from before training. See `TrialRecord`."""

    trial: int
    outcome: Outcome
    reason: str = ""
    sparsity: float | str
    granularity: str
    weight_bits: int | str
    timesteps: int
    accuracy_val: float | None = None
    accuracy_val_float: float | None = None
    memory_bytes: int | None = None
    weight_bytes: int | None = None
    bias_bytes: int | None = None
    state_bytes: int | None = None
    buffer_bytes: int | None = None
    synaptic_ops: float | None = None
    macs: float | None = None
    energy_j: float | None = None
    latency_s: float | None = None
    sparsity_mask: float | None = None
    sparsity_effective: float | None = None
    similarity: float | None = None
    accuracy_foreseen: float | None = None
    accuracy_most: float | None = None
    audited: bool = False
    chance: float | None = None
    feasible: bool = False
    on_front: bool = False
    twin_of: int | None = None
    began: int | None = None
    finishing: bool = False
    curve: str = ""
    memory_bytes_predicted: int | None = None
    weight_bytes_predicted: int | None = None
    bias_bytes_predicted: int | None = None
    state_bytes_predicted: int | None = None
    buffer_bytes_predicted: int | None = None
    synaptic_ops_predicted: float | None = None
    macs_predicted: float | None = None
    energy_j_predicted: float | None = None
    latency_s_predicted: float | None = None
    train_steps: int = 0
    eval_steps: int = 0
    accumulator_bits: int | None = None
    membrane_bits: int | None = None
    weights_zeroed: int | None = None
    biases_clipped: int | None = None
    thresholds_clipped: int | None = None
    sums_clipped: float | None = None
    membranes_clipped: float | None = None
    digest: str = ""
    wall_s: float = 0.0
    skilled: bool = True
    score_val: float | None = None
    score_foreseen: float | None = None
    score_most: float | None = None
    state_bits: int | None = None
    network: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _outcome_now(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("outcome") == "twin":  # written by an earlier version
            return values | {"outcome": outcome_now("twin", str(values.get("reason", "")))}
        return values


SCORE_COLUMNS = ("score_val", "score_foreseen", "score_most")
"""Of studies whose score is another than accuracy."""
TRIAL_COLUMNS = tuple(name for name in TrialRow.model_fields if name not in (*LATER, *SCORE_COLUMNS))
"""What every table has, in this order; behind them stand those that its study asks for."""
_SHOWN_COSTS = ("memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "energy_j", "latency_s")
_NEEDED = (
    "trial", "sparsity", "granularity", "weight_bits", "timesteps", "outcome", "reason", "accuracy_val", "feasible",
    "on_front", *_SHOWN_COSTS,
    "memory_bytes_predicted", "synaptic_ops_predicted", "energy_j_predicted", "latency_s_predicted",
)  # fmt: skip
_NONE = LaterColumns()
_COPIED = (
    "trial", "outcome", "reason", "accuracy_val", "accuracy_val_float", "sparsity_mask", "sparsity_effective",
    "similarity", "accuracy_foreseen", "accuracy_most", "audited", "chance", "feasible", "twin_of", "began",
    "finishing", "train_steps", "eval_steps", "skilled", *SCORE_COLUMNS,
)  # fmt: skip


def trial_row(record: TrialRecord, *, on_front: bool, later: LaterColumns = _NONE) -> TrialRow:
    """Return a record as its row; later: the knobs that its study turns."""
    measured = record.measured or {}
    return TrialRow.model_validate(
        {name: getattr(record, name) for name in _COPIED}
        | knob_columns(record.candidate)
        | {name: measured.get(name) for name in COST_COLUMNS}
        | {f"{name}_predicted": record.predicted.get(name) for name in COST_COLUMNS}
        | width_columns(record.loss, record.accumulator_bits, record.membrane_bits)
        | {
            "on_front": on_front,
            "curve": "/".join(f"{score:.4f}" for score in record.curve),
            "digest": record.candidate.digest,
            "wall_s": round(record.wall_s, 3),
        }
        | later.columns(record.candidate)
    )


class TrialTable:
    """The table of a run that goes on: what was added is not spelt again."""

    def __init__(self, later: LaterColumns = _NONE) -> None:
        """Begin an empty table; later: the columns that the study asks for."""
        scores = () if later.score == "accuracy" else SCORE_COLUMNS
        self._later, self._header = later, (*TRIAL_COLUMNS, *scores, *later.names)
        self._records: list[TrialRecord] = []
        self._lines: list[str] = []  # as of no member of the front

    def add(self, records: Sequence[TrialRecord]) -> None:
        """Add records, in order."""
        self._records += records
        self._lines += self._spelt(records, on_front=False)

    def write(self, on_front: Collection[int], path: Path) -> None:
        """Write trials.csv; on_front: trials of the front's members."""
        members = [i for i, record in enumerate(self._records) if record.trial in on_front]
        lines = list(self._lines)
        for i, line in zip(
            members, self._spelt([self._records[i] for i in members], on_front=True), strict=True
        ):
            lines[i] = line
        write_text(path, "".join([*table_lines([self._header]), *lines]))

    def _spelt(self, records: Sequence[TrialRecord], *, on_front: bool) -> list[str]:
        rows = (trial_row(record, on_front=on_front, later=self._later) for record in records)
        return table_lines(map(attrgetter(*self._header), rows))


def write_trials(
    records: Sequence[TrialRecord], on_front: Collection[int], path: Path, later: LaterColumns = _NONE
) -> None:
    """Write trials.csv at once.

    Args:
        records: In order.
        on_front: Trials of the front's members.
        path: The file.
        later: The columns that the study asks for.
    """
    table = TrialTable(later)
    table.add(records)
    table.write(on_front, path)


def read_trials(path: Path) -> list[TrialRow]:
    """Return the rows of trials.csv.

    Raises:
        RecordError: The file is missing or damaged.
    """
    return read_rows(path, TrialRow, _NEEDED)


def read_trials_frame(path: Path, needed: Sequence[str] = ("trial", "outcome")) -> pd.DataFrame:
    """Return trials.csv as users get it; see `read_trials`.

    Args:
        path: The file.
        needed: Columns that it must have.
    """
    return read_frame(path, needed)
