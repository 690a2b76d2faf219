"""What a search records of every candidate: one JSON text in the storage, there if and only if its trial is finished.

Not for trials.csv, which is made of the records: `trial_table`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, get_args

from pydantic import TypeAdapter, ValidationError

from hwsearch.errors import RecordError
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.files import NEWER, REBUILD, first_fault
from hwsearch.records.workloads import StoredWorkload
from hwsearch.space.candidate import Candidate
from hwsearch.study.laws import Score

TRIAL_FORMAT = 2
"""Rises when a reader of this version could not make sense of a record; 0: from before there were versions."""

Outcome = Literal["over_budget", "repeat", "foreseen", "lookalike", "stopped", "trained", "failed"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
DEFERRED = ("stopped", "foreseen", "lookalike")
"""What a search may take up again in the end."""
REPEATS = "the same network as trial"
"""How the reason of a repeat begins."""
COST_COLUMNS = (
    "memory_bytes", "weight_bytes", "bias_bytes", "state_bytes", "buffer_bytes",
    "synaptic_ops", "macs", "energy_j", "latency_s",
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
        curve: The study's score of the integer model on validation after each rung that was trained.
        began: The trial that this one goes on from, which had been stopped; None for none.
        similarity: Predicted probability to predict what the dense network does; None where nothing is foreseen.
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
        score_val: The study's score on validation, where that is another than accuracy.
        score_foreseen, score_most: Likewise what was expected before training; then those of accuracy are None.
    """

    trial: int
    candidate: Candidate
    outcome: str | None
    reason: str
    predicted: CostFields
    measured: CostFields | None = None
    workload: StoredWorkload | None = None
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
    score_val: float | None = None
    score_foreseen: float | None = None
    score_most: float | None = None

    @property
    def score(self) -> float | None:
        """What decisions go by: the study's score on validation; None when it was not trained."""
        return self.accuracy_val if self.score_val is None else self.score_val

    @property
    def foreseen(self) -> float | None:
        """The score expected before training; None before there is enough to tell."""
        return self.accuracy_foreseen if self.score_foreseen is None else self.score_foreseen

    @property
    def most(self) -> float | None:
        """Upper bound of ``foreseen``."""
        return self.accuracy_most if self.score_most is None else self.score_most

    def expecting(self, foreseen: float, most: float, score: Score) -> TrialRecord:
        """Return the record with what is expected of its score, in the columns of that score."""
        if score == "accuracy":
            return replace(self, accuracy_foreseen=foreseen, accuracy_most=most)
        return replace(self, score_foreseen=foreseen, score_most=most)

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
        """Return the record as JSON, its format first."""
        fields = _schema().dump_python(self)
        return json.dumps({"format": TRIAL_FORMAT} | fields, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> TrialRecord:
        """Return the record that ``to_json`` wrote, of this version or an earlier one.

        Raises:
            RecordError: It is damaged, or of a newer format.
        """
        try:
            version = _version_schema().validate_json(text).format
            if version <= TRIAL_FORMAT:
                record = _schema().validate_json(text)
                return replace(record, outcome=outcome_now(record.outcome, record.reason))
        except ValidationError as error:
            law = "a trial's record in the storage must be as it was written"
            raise RecordError(f"{law}; got: {first_fault(error)} ({REBUILD})") from None
        law = f"a trial's record in the storage must be of format {TRIAL_FORMAT} or an earlier one"
        raise RecordError(f"{law}; got: {version} ({NEWER})")

    def objectives(self, names: Sequence[str]) -> tuple[float, ...]:
        """Return the measured objectives, all to be minimised.

        Raises:
            ValueError: The candidate was not trained, or the profile cannot tell one of them.
        """
        if self.measured is None or self.score is None:
            raise ValueError(f"trial {self.trial} was not trained: it has no objectives")
        return objective_values(names, self.score, self.measured)


def outcome_now(outcome: str | None, reason: str) -> str | None:
    """Return what an outcome is called: before there were formats, a repeat and a lookalike were both a ``twin``."""
    if outcome != "twin":
        return outcome
    return "repeat" if reason.startswith(REPEATS) else "lookalike"


def remember(known: dict[str, TrialRecord], record: TrialRecord) -> None:
    """Keep a record under its candidate: the first, but one that went on from what was deferred takes its place."""
    earlier = known.get(record.candidate.digest)
    if earlier is None:
        known[record.candidate.digest] = record
        return
    went_on = len(record.curve) > len(earlier.curve) or record.outcome == "failed"
    if earlier.outcome in DEFERRED and record.outcome != "repeat" and went_on:
        known[record.candidate.digest] = record


def latest(records: Iterable[TrialRecord]) -> dict[str, TrialRecord]:
    """Return the last record of each candidate, by its digest."""
    known: dict[str, TrialRecord] = {}
    for record in records:
        remember(known, record)
    return known


def objective_values(
    names: Sequence[str], score: float, cost: Mapping[str, float | int | None]
) -> tuple[float, ...]:
    """Return objectives by name: ``error`` is 1 - score, the others are costs.

    Raises:
        ValueError: A cost is not known.
    """
    values = []
    for name in names:
        value = 1.0 - score if name == "error" else cost[name]
        if value is None:
            raise ValueError(f"the profile cannot tell {name}")
        values.append(float(value))
    return tuple(values)


@dataclass(frozen=True)
class _Version:
    format: int = 0


@cache
def _schema() -> TypeAdapter[TrialRecord]:
    return TypeAdapter(TrialRecord)


@cache
def _version_schema() -> TypeAdapter[_Version]:
    return TypeAdapter(_Version)
