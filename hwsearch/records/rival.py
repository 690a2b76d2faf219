"""rival.csv and rival.json: plain networks that a run is held against, and what an inference of each works off.

Neither carries a version: that of their columns is the format of the summary beside them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter, ValidationError

from hwsearch.errors import RecordError
from hwsearch.records.files import damaged, first_fault, write_text
from hwsearch.records.front import NetworkRow
from hwsearch.records.tables import read_rows, write_table
from hwsearch.records.workloads import StoredWorkload

RIVAL_COLUMNS = (
    "place", "hidden", "frames", "sparsity", "granularity", "weight_bits",
    "accuracy_val", "accuracy_test", "accuracy_test_low", "accuracy_test_high",
    "memory_bytes", "weight_bytes", "bias_bytes", "state_bytes", "buffer_bytes", "operations", "energy_j", "latency_s",
)  # fmt: skip
"""What every row has, in this order."""


class RivalRow(NetworkRow):
    """A plain network: a ReLU network of integers that was trained with every fresh seed.

    Accuracies are means over the seeds, test with its 95 % interval; costs are of one inference of one of them.

    Attributes:
        place: Its place among the finalists.
        hidden: Hidden neurons; 0: the classes read the input.
        frames: Bins that the frames of a sequence were put into; None: a still image.
        inputs: Values that it reads.
        operations: Multiply-accumulates at weights and values that are not zero.
        seeds: Trainings with fresh seeds, and ``seed`` that of the network whose costs these are.
    """

    _banks_after: ClassVar[str] = "latency_s"

    place: int
    hidden: int
    frames: int | None = None
    sparsity: float
    granularity: str
    weight_bits: int
    accuracy_val: float
    accuracy_test: float | None = None
    accuracy_test_low: float | None = None
    accuracy_test_high: float | None = None
    memory_bytes: int | None = None
    weight_bytes: int | None = None
    bias_bytes: int | None = None
    state_bytes: int | None = None
    buffer_bytes: int | None = None
    operations: float | None = None
    energy_j: float | None = None
    latency_s: float | None = None
    score_val: float | None = None
    score_test: float | None = None
    score_test_low: float | None = None
    score_test_high: float | None = None
    accuracy_test_sd: float | None = None
    inputs: int | None = None
    seeds: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class RivalRecord:
    """A finalist of the plain networks, on their front or not.

    Attributes:
        row: What is known of it, priced on the run's device.
        workload: What one inference works off.
    """

    row: RivalRow
    workload: StoredWorkload


def write_rivals(
    front: Sequence[RivalRow], finalists: Sequence[RivalRecord], table: Path, finals: Path
) -> None:
    """Write rival.json, then rival.csv; front: the rows of the table."""
    write_text(finals, json.dumps(_schema().dump_python(list(finalists)), allow_nan=False))
    columns = [row.columns() for row in front]
    names = list(dict.fromkeys([*RIVAL_COLUMNS, *(name for row in columns for name in row)]))
    write_table(table, names, [[row.get(name) for name in names] for row in columns])


def read_rivals(path: Path) -> list[RivalRow]:
    """Return the rows of rival.csv; none where the run has no such file.

    Raises:
        RecordError: The file is damaged.
    """
    return read_rows(path, RivalRow, RIVAL_COLUMNS) if path.exists() else []


def read_rival_records(path: Path) -> list[RivalRecord]:
    """Return the finalists of rival.json; none where the run has no such file.

    Raises:
        RecordError: The file is damaged.
    """
    if not path.exists():
        return []
    try:
        return _schema().validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        got = first_fault(error) if isinstance(error, ValidationError) else str(error)
        raise RecordError(damaged(path, "the file must hold the plain networks of a run", got)) from None


@cache
def _schema() -> TypeAdapter[list[RivalRecord]]:
    return TypeAdapter(list[RivalRecord])
