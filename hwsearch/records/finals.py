"""What is kept of the final trainings, beyond front.csv: what other devices' prices of the same networks need."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hwsearch.errors import RecordError
from hwsearch.hardware.workload import Workload
from hwsearch.records.trials import workload_from, write_text


@dataclass(frozen=True)
class FinalRecord:
    """A recipe that was trained with fresh seeds and keeps the run's budgets, on its front or not.

    Attributes:
        trial: It comes from.
        accuracy_val, accuracy_test: Means over the seeds.
        accuracy_test_low, accuracy_test_high: 95 % interval of the latter.
        accumulator_bits, membrane_bits: What the network that is handed over needs.
        workload: Of that network.
    """

    trial: int
    accuracy_val: float
    accuracy_test: float
    accuracy_test_low: float
    accuracy_test_high: float
    accumulator_bits: int | None
    membrane_bits: int | None
    workload: Workload


def write_finals(records: Sequence[FinalRecord], path: Path) -> None:
    """Write finals.json."""
    rows = [dataclasses.asdict(record) for record in records]
    write_text(path, json.dumps(rows, allow_nan=False))


def read_finals(path: Path) -> dict[int, FinalRecord]:
    """Return the finalists by trial; none where the run had no final trainings.

    Raises:
        RecordError: The file is damaged.
    """
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [FinalRecord(**{**row, "workload": workload_from(row["workload"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RecordError(f"{path}: the file must hold the final trainings of a run; got: {error}") from None
    return {record.trial: record for record in found}
