"""front.csv: the Pareto front after the final trainings, and what a summary says of the dense reference likewise.

A CSV carries no version: that of its columns is the format of the summary beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from pydantic import Field, model_serializer, model_validator

from hwsearch.errors import RecordError
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.files import damaged
from hwsearch.records.tables import Cell, Row, read_frame, read_rows, whole_numbers, write_table
from hwsearch.records.trials import COST_COLUMNS, CostFields

FRONT_COLUMNS = (
    "trial", "sparsity", "granularity", "weight_bits", "timesteps",
    "accuracy_val", "accuracy_test", "accuracy_test_low", "accuracy_test_high",
    "memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "energy_j", "latency_s",
)  # fmt: skip
"""What every front has, in this order."""
FORETOLD = "foretold"
"""The ``evidence`` of a member that was not trained in full: no network of it can be handed over."""


class NetworkRow(Row):
    """A network that was measured: its columns, and the bytes in each bank of the device (``flash_bytes``).

    Attributes:
        banks: Bytes by column; devices name their banks, so no schema does.
    """

    _banks_after: ClassVar[str]
    """The column that the banks follow."""

    banks: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_banks(cls, data: Any) -> Any:
        """Put the columns of banks into ``banks``."""
        if not isinstance(data, dict) or "banks" in data:
            return data
        return {
            **data,
            "banks": {n: v for n, v in data.items() if n.endswith("_bytes") and n not in cls.model_fields},
        }

    # the type is said here, since some versions look for its name in the module of each subclass
    @model_serializer(return_type=dict[str, Cell])
    def _serialised(self) -> dict[str, Cell]:
        return self.columns()

    def columns(self) -> dict[str, Cell]:
        """Return what the row says, by column, in the order of its table."""
        cells: dict[str, Cell] = {}
        for name, value in super().columns().items():
            if name != "banks":
                cells[name] = value
            if name == self._banks_after:
                cells |= self.banks
        return cells

    def cell(self, name: str) -> Cell:
        """Return what stands in a column, a bank's bytes included; None where there is none."""
        return self.banks[name] if name in self.banks else super().cell(name)

    @property
    def costs(self) -> CostFields:
        """What the network costs on the device, by column."""
        return {name: self.number(name) for name in (*COST_COLUMNS, *self.banks)}

    @property
    def score(self) -> float | None:
        """The study's score on validation: accuracy, where it is no other."""
        return self.number("accuracy_val" if self.cell("score_val") is None else "score_val")

    @property
    def width_loss(self) -> WidthLoss:
        """What the device's widths took from the network."""
        return WidthLoss.of(self.columns())


class DenseRow(NetworkRow):
    """The dense reference: of the final trainings, or of the search alone, which knows fewer columns.

    Accuracies lie in 0 .. 1; those without ``_own`` are means over the fresh seeds, with the 95 % interval on test.
    """

    _banks_after: ClassVar[str] = "latency_s"

    accuracy_val: float | None = None
    accuracy_val_search: float | None = None
    accuracy_test: float | None = None
    accuracy_test_low: float | None = None
    accuracy_test_high: float | None = None
    accuracy_val_own: float | None = None
    accuracy_test_own: float | None = None
    accuracy_val_float: float | None = None
    score_val: float | None = None
    score_val_search: float | None = None
    score_test: float | None = None
    score_test_low: float | None = None
    score_test_high: float | None = None
    weight_bits: int | None = None
    timesteps: int | None = None
    accumulator_bits: int | None = None
    membrane_bits: int | None = None
    weights_zeroed: int | None = None
    biases_clipped: int | None = None
    thresholds_clipped: int | None = None
    sums_clipped: float | None = None
    membranes_clipped: float | None = None
    memory_bytes: int | None = None
    weight_bytes: int | None = None
    bias_bytes: int | None = None
    state_bytes: int | None = None
    buffer_bytes: int | None = None
    synaptic_ops: float | None = None
    macs: float | None = None
    energy_j: float | None = None
    latency_s: float | None = None
    recall_min: float | None = None
    recalls: str | None = None
    ties: float | None = None
    input_independent: float | None = None
    silent_layers: int | None = None
    silent_channels: int | None = None
    recall_min_test: float | None = None
    recalls_test: str | None = None
    ties_test: float | None = None
    input_independent_test: float | None = None
    silent_layers_test: int | None = None
    silent_channels_test: int | None = None
    network: str | None = None


class FrontRow(NetworkRow):
    """A member of the front.

    ``accuracy_val`` and ``accuracy_test`` are means over the fresh seeds that the recipe was trained with, ``evidence``
    in words; ``..._own`` are those of the network that is handed over, which the costs belong to. Costs are of one
    inference. ``accuracy_val_noise``, ``noise_loss`` and ``noise_loss_high`` (what the network handed over keeps and
    loses under noise, at most with 95 %) are there where the study asks for ``robustness``; ``score_...`` where its
    score is another than accuracy.

    ``believed`` is what all final trainings, and the search where it can foretell, tell of the recipe's score on
    validation, in the mean over fresh splits and seeds; ``believed_sd`` its standard deviation.

    Where ``evidence`` is ``foretold`` the recipe was not trained in full: ``accuracy_val`` and its interval are the
    surrogate's word, what only a training tells is empty, and the costs are those of its short training in the search.
    """

    _banks_after: ClassVar[str] = "macs"

    trial: int
    sparsity: float | str
    granularity: str
    weight_bits: int | str
    timesteps: int
    accuracy_val: float
    accuracy_test: float | None = None
    accuracy_test_low: float | None = None
    accuracy_test_high: float | None = None
    memory_bytes: int | None = None
    weight_bytes: int | None = None
    state_bytes: int | None = None
    synaptic_ops: float | None = None
    energy_j: float | None = None
    latency_s: float | None = None
    score_val: float | None = None
    score_test: float | None = None
    score_test_low: float | None = None
    score_test_high: float | None = None
    bias_bytes: int | None = None
    buffer_bytes: int | None = None
    macs: float | None = None
    accuracy_val_search: float | None = None
    accuracy_val_float: float | None = None
    accuracy_val_own: float | None = None
    accuracy_test_own: float | None = None
    accuracy_test_sd: float | None = None
    drop_val_to_test: float | None = None
    accuracy_val_low: float | None = None
    accuracy_val_high: float | None = None
    score_val_low: float | None = None
    score_val_high: float | None = None
    believed: float | None = None
    believed_sd: float | None = None
    evidence: str | None = None
    seeds: int | None = None
    seed: int | None = None
    sparsity_mask: float | None = None
    sparsity_effective: float | None = None
    accumulator_bits: int | None = None
    membrane_bits: int | None = None
    weights_zeroed: int | None = None
    biases_clipped: int | None = None
    thresholds_clipped: int | None = None
    sums_clipped: float | None = None
    membranes_clipped: float | None = None
    digest: str | None = None
    recall_min: float | None = None
    recalls: str | None = None
    ties: float | None = None
    input_independent: float | None = None
    silent_layers: int | None = None
    silent_channels: int | None = None
    recall_min_test: float | None = None
    recalls_test: str | None = None
    ties_test: float | None = None
    input_independent_test: float | None = None
    silent_layers_test: int | None = None
    silent_channels_test: int | None = None
    network_digest: str | None = None
    state_bits: int | None = None
    network: str | None = None
    accuracy_val_noise: float | None = None
    noise_loss: float | None = None
    noise_loss_high: float | None = None

    @property
    def is_foretold(self) -> bool:
        """Whether it was not trained in full."""
        return self.evidence == FORETOLD


def trained_members(front: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a front that were trained in full: only of these a network can be handed over."""
    return front[front["evidence"] != FORETOLD] if "evidence" in front else front


def front_frame(rows: Sequence[FrontRow]) -> pd.DataFrame:
    """Return a front as the frame that rules pick from."""
    if not rows:
        return pd.DataFrame(columns=list(FRONT_COLUMNS))
    return whole_numbers(pd.DataFrame([row.columns() for row in rows]))


def write_front(rows: Sequence[FrontRow], path: Path) -> None:
    """Write front.csv."""
    cells: list[dict[str, Cell]] = [row.columns() for row in rows]
    # what is foretold has fewer than what was trained
    header = max((list(own) for own in cells), key=len) if cells else list(FRONT_COLUMNS)
    write_table(path, header, ([own.get(name) for name in header] for own in cells))


def read_front(path: Path, size: int | None = None) -> list[FrontRow]:
    """Return the front; a run that found nothing may have left none.

    Args:
        path: The file.
        size: Its rows, by the summary; None: not known.

    Raises:
        RecordError: The file is missing or damaged, or has another number of rows.
    """
    if size == 0 and not path.exists():
        return []
    rows = read_rows(path, FrontRow, FRONT_COLUMNS)
    if size is not None:
        _check_size(path, len(rows), size)
    return rows


def read_front_frame(path: Path, size: int) -> pd.DataFrame:
    """Return the front as users get it; see `read_front`."""
    if not size and not path.exists():
        return front_frame([])
    frame = read_frame(path, FRONT_COLUMNS)
    _check_size(path, len(frame), size)
    return frame


def _check_size(path: Path, found: int, size: int) -> None:
    if found != size:
        law = f"a front must have the rows that the summary counts, {size}"
        raise RecordError(damaged(path, law, str(found)))
