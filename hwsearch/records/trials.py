"""What is kept of every candidate, and the tables made of it.

A record is one JSON text in the storage (so that it is there if and only if its trial is finished); trials.csv is
written anew from the records after every batch.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hwsearch.errors import RecordError
from hwsearch.hardware.workload import LayerWork, OpCounts, WeightCensus, Workload
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.run_folder import damaged
from hwsearch.space.candidate import Candidate

OUTCOMES = ("over_budget", "repeat", "foreseen", "lookalike", "stopped", "trained", "failed")
DEFERRED = ("stopped", "foreseen", "lookalike")
"""What a search may take up again in the end."""
COST_COLUMNS = (
    "memory_bytes", "weight_bytes", "bias_bytes", "state_bytes", "buffer_bytes",
    "synaptic_ops", "macs", "energy_j", "latency_s",
)  # fmt: skip
FRONT_COLUMNS = (
    "trial", "sparsity", "granularity", "weight_bits", "timesteps",
    "accuracy_val", "accuracy_test", "accuracy_test_low", "accuracy_test_high",
    "memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "energy_j", "latency_s",
)  # fmt: skip

_COUNTS = (
    "twin_of", "began", "accumulator_bits", "membrane_bits",
    "weights_zeroed", "biases_clipped", "thresholds_clipped",
)  # fmt: skip

CostFields = dict[str, float | int | None]


@dataclass(frozen=True)
class TrialRecord:
    """One candidate and its outcome.

    Attributes:
        trial: Its number.
        candidate: Its knobs.
        outcome: One of OUTCOMES; None until it is known.
        reason: Why, for all but ``trained``; of these, why one is on no front whatever the others are.
        predicted: Cost before training, by column.
        measured: Cost after training; None when it was not trained.
        workload: What was counted after training; None when it was not trained.
        accuracy_val: Of the integer model, on the validation split; None when it was not trained.
        accuracy_val_float: Of the float network it was trained as.
        accumulator_bits, membrane_bits: Widths that no input can exceed; None when it was not trained.
        sparsity_mask: Fraction of the dense network's weights that the mask removes.
        sparsity_effective: The same with the quantiser's zeros, after training.
        twin_of: The trial that it repeats, or is predicted to behave like; None for none.
        curve: Validation accuracy of the integer model after each rung that was trained.
        began: The trial that this one goes on from, which had been stopped; None for none.
        similarity: Foretold probability to predict what the dense network does; None where nothing is foreseen.
        layer_sparsity: Fraction of each layer that the mask removes, as the similarity counts it.
        accuracy_foreseen, accuracy_most: Expected before training, and its upper bound; None before there is enough to
            tell.
        audited: Whether it would have been cut, and was trained to audit the cutting.
        audited_after: The rungs that it had then.
        finishing: Whether it is no new proposal, but took up at the end what was deferred (`search.decide.completion`).
        chance: How likely it is to be on the front after all, where it was stopped or cut and never taken up again.
        feasible: Whether it keeps every budget (measured if trained, else predicted).
        skilled: Whether it is better than always answering the largest class, where it was trained (`skill`).
        train_steps, eval_steps: Samples times timesteps spent on it.
        wall_s: Seconds spent on it (a stack's time is shared out evenly).
        loss: What the device's widths took from it; None when it was not trained.
        network_digest: Of the integers that were measured last; None when it was not trained.
    """

    trial: int
    candidate: Candidate
    outcome: str | None
    reason: str
    predicted: CostFields
    measured: CostFields | None = None
    workload: Workload | None = None
    accuracy_val: float | None = None
    accuracy_val_float: float | None = None
    accumulator_bits: int | None = None
    membrane_bits: int | None = None
    sparsity_mask: float | None = None
    sparsity_effective: float | None = None
    twin_of: int | None = None
    curve: tuple[float, ...] = ()
    began: int | None = None
    similarity: float | None = None
    layer_sparsity: tuple[float, ...] | None = None
    accuracy_foreseen: float | None = None
    accuracy_most: float | None = None
    audited: bool = False
    audited_after: int = 0
    finishing: bool = False
    chance: float | None = None
    feasible: bool = True
    train_steps: int = 0
    eval_steps: int = 0
    wall_s: float = 0.0
    loss: WidthLoss | None = None
    skilled: bool = True
    network_digest: str | None = None

    @property
    def training(self) -> int | None:
        """What names its training: the first trial of it; None before it has begun."""
        if self.began is not None:
            return self.began
        return self.trial if self.curve else None

    @property
    def eligible(self) -> bool:
        """Whether it may be on a front: trained to the end of the search, within every budget, and a model at all."""
        return self.outcome == "trained" and self.feasible and self.skilled

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> TrialRecord:
        """Return the record that ``to_json`` wrote."""
        data = json.loads(text)
        knobs = data.pop("candidate")
        candidate = Candidate(
            tuple(knobs["sparsity"]), knobs["granularity"], tuple(knobs["weight_bits"]), knobs["timesteps"]
        )
        workload = data.pop("workload")
        if data.get("loss") is not None:
            data["loss"] = WidthLoss(**data["loss"])
        data["curve"] = tuple(data.get("curve", ()))
        if data.get("layer_sparsity") is not None:
            data["layer_sparsity"] = tuple(data["layer_sparsity"])
        return cls(
            candidate=candidate, workload=None if workload is None else workload_from(workload), **data
        )

    def objectives(self, names: Sequence[str]) -> tuple[float, ...]:
        """Return the measured objectives, all to be minimised.

        Raises:
            ValueError: The candidate was not trained, or the profile cannot tell one of them.
        """
        if self.measured is None or self.accuracy_val is None:
            raise ValueError(f"trial {self.trial} was not trained: it has no objectives")
        return objective_values(names, self.accuracy_val, self.measured)


def remember(known: dict[str, TrialRecord], record: TrialRecord) -> None:
    """Keep a record under its candidate: the first, but one that went on from what was left takes its place."""
    earlier = known.get(record.candidate.digest)
    if earlier is None:
        known[record.candidate.digest] = record
        return
    went_on = len(record.curve) > len(earlier.curve) or record.outcome == "failed"
    if earlier.outcome in DEFERRED and record.outcome != "repeat" and went_on:
        known[record.candidate.digest] = record


def objective_values(
    names: Sequence[str], accuracy: float, cost: Mapping[str, float | int | None]
) -> tuple[float, ...]:
    """Return objectives by name: ``error`` is 1 - accuracy, the others are costs.

    Raises:
        ValueError: A cost is not known.
    """
    values = []
    for name in names:
        value = 1.0 - accuracy if name == "error" else cost[name]
        if value is None:
            raise ValueError(f"the profile cannot tell {name}")
        values.append(float(value))
    return tuple(values)


def workload_from(data: Mapping[str, Any]) -> Workload:
    """Return the Workload that ``dataclasses.asdict`` turned into ``data``."""
    layers = []
    for layer in data["layers"]:
        own = dict(layer)
        counts, events = own.pop("census"), own.pop("ops")
        layers.append(
            LayerWork(census=WeightCensus(**_tuples(counts)), ops=OpCounts(**_tuples(events)), **_tuples(own))
        )
    return Workload(data["timesteps"], data["input_bits"], tuple(layers))


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with the tuples that JSON turned into lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def trials_table(records: Sequence[TrialRecord], on_front: set[int]) -> pd.DataFrame:
    """Return trials.csv: every candidate ever asked, with its outcome."""
    if not records:
        nothing = TrialRecord(0, Candidate((0.0,), "weight", (8,), 1), "failed", "", {})
        return trials_table([nothing], on_front).iloc[:0]
    rows = []
    for record in records:
        row: dict[str, Any] = {"trial": record.trial, "outcome": record.outcome, "reason": record.reason}
        row |= knob_columns(record.candidate)
        row |= {"accuracy_val": record.accuracy_val, "accuracy_val_float": record.accuracy_val_float}
        measured = record.measured or {}
        row |= {name: measured.get(name) for name in COST_COLUMNS}
        row |= {
            "sparsity_mask": record.sparsity_mask,
            "sparsity_effective": record.sparsity_effective,
            "similarity": record.similarity,
            "accuracy_foreseen": record.accuracy_foreseen,
            "accuracy_most": record.accuracy_most,
            "audited": record.audited,
            "chance": record.chance,
            "feasible": record.feasible,
            "on_front": record.trial in on_front,
            "twin_of": record.twin_of,
            "began": record.began,
            "finishing": record.finishing,
            "curve": "/".join(f"{own:.4f}" for own in record.curve),
        }
        row |= {f"{name}_predicted": record.predicted.get(name) for name in COST_COLUMNS}
        row |= {
            "train_steps": record.train_steps,
            "eval_steps": record.eval_steps,
            **width_columns(record.loss, record.accumulator_bits, record.membrane_bits),
            "digest": record.candidate.digest,
            "wall_s": round(record.wall_s, 3),
            "skilled": record.skilled,
        }
        rows.append(row)
    return whole_numbers(pd.DataFrame(rows))


def knob_columns(candidate: Candidate) -> dict[str, Any]:
    """Return a candidate's knobs as columns; one number a layer is written ``0.5/0.9/0.5``."""
    return {
        "sparsity": _spelt(candidate.sparsity),
        "granularity": candidate.granularity,
        "weight_bits": _spelt(candidate.weight_bits),
        "timesteps": candidate.timesteps,
    }


def width_columns(
    loss: WidthLoss | None, accumulator_bits: int | None, membrane_bits: int | None
) -> dict[str, Any]:
    """Return the widths that a network needs, and what the device's took from it, as columns."""
    lost = {field.name: getattr(loss, field.name, None) for field in dataclasses.fields(WidthLoss)}
    return {"accumulator_bits": accumulator_bits, "membrane_bits": membrane_bits, **lost}


def whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Give counts with gaps a whole-number type, so that 12 is written 12 and an unknown stays empty."""
    for name in frame.columns:
        if name in _COUNTS or name.removesuffix("_predicted").endswith("_bytes"):
            frame[name] = frame[name].astype("Int64")
    return frame


def read_table(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """Return a table that `write_csv` wrote.

    Args:
        path: The file.
        needed: Columns that it must have.

    Raises:
        RecordError: The file is missing or damaged.
    """
    try:
        # a digest may be all digits
        frame = whole_numbers(pd.read_csv(path, dtype={"digest": str, "network_digest": str}))
    except FileNotFoundError:
        raise RecordError(damaged(path, "a run's folder must have this table", "no such file")) from None
    except (OSError, ValueError, TypeError) as error:
        law = "a run's table must be as it was written"
        raise RecordError(damaged(path, law, str(error).strip())) from None
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        law = f"a run's table must have the columns {', '.join(needed)}"
        raise RecordError(damaged(path, law, f"none of {', '.join(missing)}"))
    return frame


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table in one step, so that a reader never sees half of it."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _spelt(values: tuple[float, ...] | tuple[int, ...]) -> str | float | int:
    return values[0] if len(values) == 1 else "/".join(f"{value:g}" for value in values)
