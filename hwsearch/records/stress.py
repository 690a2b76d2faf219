"""stress.csv: what networks keep under disturbances, one row a network, kind and level.

Not for how it is measured (`hwsearch.stress`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hwsearch.records.tables import Row, read_rows, write_table

UNDISTURBED = "undisturbed"
"""The kind of the row that has a network as it is."""
DENSE = "dense"
"""What the dense network is called that candidates are held against."""


class StressRow(Row):
    """A network under a disturbance of one kind and level; without a level the kind does not apply, for a ``reason``.

    Accuracies lie in 0 .. 1, losses are shares of the samples.

    Attributes:
        what: What is disturbed: ``input``, ``model``, or ``nothing``.
        candidate: ``trial 17``, ``export``, or the dense network: ``dense``, with its trial where there are several.
        kind, level: As `hwsearch.stress.kinds`.
        seeds: Draws.
        accuracy: Mean over the draws.
        low, high: Its 95 % interval, over samples and draws.
        lowest: That of the worst draw.
        loss: Accuracy lost against the same network undisturbed.
        behind_dense: By how much the dense network is better on the same disturbed samples.
        extra_loss: How much more it loses than the dense network does.
        extra_low, extra_high: Interval of that, in pairs of samples; 95 % over all comparisons of a candidate together.
        reason: Why the kind does not apply.
        split, samples: Which samples, and how many.
        network_digest: Of the integers, undisturbed.
        asked: Names the question: the same networks, samples and settings have the same.
    """

    what: str
    candidate: str
    kind: str
    level: float | None = None
    seeds: int | None = None
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    lowest: float | None = None
    loss: float | None = None
    behind_dense: float | None = None
    extra_loss: float | None = None
    extra_low: float | None = None
    extra_high: float | None = None
    reason: str | None = None
    split: str
    samples: int
    network_digest: str
    asked: str


COLUMNS = tuple(StressRow.model_fields)


def write_stress(rows: Sequence[StressRow], path: Path) -> None:
    """Write stress.csv in one step."""
    write_table(path, COLUMNS, ([row.cell(name) for name in COLUMNS] for row in rows))


def read_stress(path: Path) -> list[StressRow]:
    """Return the rows; none where nothing was measured.

    Raises:
        RecordError: The file is damaged.
    """
    return read_rows(path, StressRow, COLUMNS) if path.exists() else []
