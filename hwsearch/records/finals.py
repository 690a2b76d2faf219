"""finals.json: the final trainings beyond front.csv, which other devices' prices of the same networks need.

A list carries no version: that of its rows is the format of the summary beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from hwsearch.errors import RecordError
from hwsearch.records.files import damaged, first_fault, write_text
from hwsearch.records.workloads import StoredWorkload


@dataclass(frozen=True)
class FinalRecord:
    """A recipe that was trained with fresh seeds and keeps the run's budgets, on its front or not.

    Attributes:
        trial: It comes from.
        accuracy_val, accuracy_test: Means over the seeds.
        accuracy_test_low, accuracy_test_high: 95 % interval of the latter.
        accumulator_bits, membrane_bits: What the network that is handed over needs.
        workload: Of that network.
        score_val, score_test, score_test_low, score_test_high: Likewise of the study's score, where that is another
            than accuracy.
    """

    trial: int
    accuracy_val: float
    accuracy_test: float
    accuracy_test_low: float
    accuracy_test_high: float
    accumulator_bits: int | None
    membrane_bits: int | None
    workload: StoredWorkload
    score_val: float | None = None
    score_test: float | None = None
    score_test_low: float | None = None
    score_test_high: float | None = None

    @property
    def score(self) -> float:
        """The study's score on validation."""
        return self.accuracy_val if self.score_val is None else self.score_val


@cache
def _schema() -> TypeAdapter[list[FinalRecord]]:
    return TypeAdapter(list[FinalRecord])


def write_finals(records: Sequence[FinalRecord], path: Path) -> None:
    """Write finals.json."""
    write_text(path, json.dumps(_schema().dump_python(list(records)), allow_nan=False))


def read_finals(path: Path) -> dict[int, FinalRecord]:
    """Return the finalists by trial; none where the run had no final trainings.

    Raises:
        RecordError: The file is damaged.
    """
    if not path.exists():
        return {}
    try:
        found = _schema().validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        got = first_fault(error) if isinstance(error, ValidationError) else str(error)
        raise RecordError(damaged(path, "the file must hold the final trainings of a run", got)) from None
    return {record.trial: record for record in found}
