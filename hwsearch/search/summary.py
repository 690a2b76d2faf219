"""A run in numbers: the rows of front.csv, summary.json, and what to say when nothing fits."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hwsearch.hardware.arithmetic import arithmetic_claim
from hwsearch.measure.accuracy import largest_class_share, wilson
from hwsearch.measure.intervals import poisson_binomial_interval
from hwsearch.network.store import network_digest
from hwsearch.plan.plan import Plan
from hwsearch.records.trials import (
    FRONT_COLUMNS,
    OUTCOMES,
    TrialRecord,
    knob_columns,
    objective_values,
    width_columns,
)
from hwsearch.search.decide.completion import RULED_OUT, audited_and_dropped
from hwsearch.search.decide.front import Box, front_records, hypervolume, log_costs
from hwsearch.search.decide.pick import pick_row
from hwsearch.search.decide.state import SearchState
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import Dense, whole_steps
from hwsearch.search.stages.finals import Finalist, Finals, final_seeds
from hwsearch.search.stages.skill import answer_columns, nothing_known
from hwsearch.search.stages.tickets import find_ticket, ground_of
from hwsearch.search.warm_start import others_words

_NO_SIMILARITY = {"n": 0, "spearman": None, "mae": None, "brier": None, "ece": None}
_VERSIONED = ("hwsearch", "optuna", "torch", "spikingjelly", "numpy")


@dataclass(frozen=True)
class Seconds:
    """What a run took on the clock.

    Attributes:
        wall: In all.
        model: Of these, probes and model: all that a search which trains everything would not need.
        torn: Lines of the log that could not be read, whose time is in neither.
    """

    wall: float
    model: float
    torn: int = 0


def front_row(member: Finalist) -> dict[str, Any]:
    """Return a finalist as a row of front.csv.

    ``accuracy_val`` and ``accuracy_test`` are means over the fresh seeds; ``..._own`` are those of the network that is
    handed over, which the costs belong to.
    """
    assert member.record is not None
    measured, low_high = member.measured, member.accuracy_test_interval
    row: dict[str, Any] = {"trial": member.record.trial, **knob_columns(member.record.candidate)}
    row |= {"accuracy_val": member.accuracy_val, "accuracy_test": member.accuracy_test}
    row |= {"accuracy_test_low": low_high[0], "accuracy_test_high": low_high[1]}
    row = {name: row.get(name, member.cost.get(name)) for name in FRONT_COLUMNS}
    extra = {name: value for name, value in member.cost.items() if name not in row}
    return row | extra | {
        "accuracy_val_search": member.record.accuracy_val,
        "accuracy_val_float": measured.accuracy_val_float,
        "accuracy_val_own": measured.accuracy_val,
        "accuracy_test_own": measured.accuracy_test,
        "accuracy_test_sd": float(np.std(member.accuracies_test, ddof=1)) if len(member.accuracies_test) > 1 else None,
        "drop_val_to_test": member.accuracy_val - member.accuracy_test,
        "seeds": len(member.accuracies_test),
        "seed": member.seed,
        "sparsity_mask": member.record.sparsity_mask,
        "sparsity_effective": measured.sparsity_effective,
        **width_columns(measured.loss, measured.accumulator_bits, measured.membrane_bits),
        "digest": member.record.candidate.digest,
        **answer_columns(measured),
        "network_digest": None if measured.network is None else network_digest(measured.network),
    }  # fmt: skip


def summarise(
    context: Context,
    state: SearchState,
    records: Sequence[TrialRecord],
    finals: Finals | None,
    front: pd.DataFrame,
    seconds: Seconds,
) -> dict[str, Any]:
    """Return summary.json: the run in numbers."""
    plan, study = context.plan, context.plan.study
    dense = _dense_fields(context.dense, finals)
    picked = None
    if not front.empty:
        picked = pick_row(
            front, study.pick.rule, dense["accuracy_val"], study.pick.within, study.pick.min_accuracy
        )
    counts = {"asked": len(records)} | {name: sum(r.outcome == name for r in records) for name in OUTCOMES}
    box = state.box(in_full=True)
    reference = objective_values(study.objectives, 1.0 - box.worst, context.dense.cost)
    train = (
        sum(r.train_steps for r in records)
        + context.dense.train_steps
        + (finals.train_steps if finals else 0)
    )
    found, reused = _finder_steps(context, records, finals, front)
    reused += context.dense.whole_steps - context.dense.train_steps + (finals.reused_steps if finals else 0)
    foreseeing = context.calibration.eval_steps if context.calibration else 0
    evals = (
        foreseeing
        + sum(r.eval_steps for r in records)
        + context.dense.eval_steps
        + (finals.eval_steps if finals else 0)
    )
    return {
        **_question(plan),
        "dense": dense,
        "counts": counts,
        "cost": {
            "train_steps": train + found,
            "eval_steps": evals,
            "foresee_eval_steps": foreseeing,
            "dense_train_steps": context.dense.whole_steps,
            "finder_train_steps": found,
            "final_train_steps": finals.train_steps if finals else 0,
            # by another run of the same task: in no count above but the dense network's, which is a unit
            "reused_train_steps": reused,
            # as the train_steps that take as long; in no count of steps above
            "model_steps": _model_steps(records, finals, seconds.model),
            "model_s": round(seconds.model, 1),
            "wall_s": round(seconds.wall, 1),
        },
        "similarity": _similarity_fields(context),
        "audit": _audit_fields(state, records),
        "left": _left_fields(records),
        "front_size": len(front),
        "hypervolume": _hypervolume(plan, box, front),
        "reference_point": dict(zip(study.objectives, reference, strict=True)),
        "pick": None if picked is None else _plain(picked),
        "nearest_miss": None if not front.empty else _why_nothing(plan, records, finals),
        **_circumstances(plan),
        "no_skill": {
            "trained": sum(r.outcome == "trained" and not r.skilled for r in records),
            "final": len(finals.lacking) if finals else 0,
        },
        "notes": _notes(plan, context, seconds),
    }


def summarise_refusal(plan: Plan, miss: str, wall_s: float) -> dict[str, Any]:
    """Return summary.json of a search that asked for nothing, since nothing could fit; miss: what came nearest."""
    steps = ("train_steps", "eval_steps", "foresee_eval_steps", "finder_train_steps", "final_train_steps")
    return {
        **_question(plan),
        "dense": {"accuracy_val": None, "accuracy_test": None},
        "counts": {"asked": 0} | dict.fromkeys(OUTCOMES, 0),
        "cost": {
            **dict.fromkeys((*steps, "reused_train_steps", "model_steps"), 0),
            "dense_train_steps": whole_steps(plan),
            "model_s": 0.0,
            "wall_s": round(wall_s, 1),
        },
        "similarity": dict(_NO_SIMILARITY),
        "audit": {"continued": 0, "left": 0, "false_cuts": 0, "low": None, "high": None},
        "left": _left_fields([]),
        "front_size": 0,
        "hypervolume": None,
        "reference_point": {},
        "pick": None,
        "nearest_miss": miss,
        **_circumstances(plan),
        "no_skill": {"trained": 0, "final": 0},
        "notes": list(plan.notes),
    }


def _question(plan: Plan) -> dict[str, Any]:
    """Return what was asked, and of which versions."""
    study = plan.study
    return {
        "study": study.name,
        "study_digest": study.digest,
        "profile": plan.profile.id,
        "profile_digest": plan.profile.digest,
        "seed": study.seed,
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
        "objectives": list(study.objectives),
        "budgets": dict(study.device.budgets),
    }


def _circumstances(plan: Plan) -> dict[str, Any]:
    """Return what is known of the data and of the profile's numbers."""
    return {
        "samples": {
            "train": len(plan.data.y_train),
            "val": len(plan.data.y_val),
            "test": len(plan.data.y_test),
        },
        "classes": _class_fields(plan),
        "labels": plan.profile.labels,
        "arithmetic": arithmetic_claim(plan.profile, plan.spec.leak_shift, plan.spec.reset).fields,
    }


def _notes(plan: Plan, context: Context, seconds: Seconds) -> list[str]:
    """Return what a reader of the run must know."""
    notes = list(plan.notes)
    if context.plan.others:
        notes.append(others_words(context.plan.others))
    if seconds.torn:
        notes.append(
            f"{seconds.torn} torn lines of log.jsonl were skipped: wall_s and model_s may lack theirs"
        )
    return notes


def _hypervolume(plan: Plan, box: Box, front: pd.DataFrame) -> float:
    """Return the share of a box that the front dominates, by what is said of its members."""
    costs = [{str(name): value for name, value in row.items()} for row in front.to_dict("records")]
    return hypervolume(box, 1.0 - front["accuracy_val"].to_numpy(float), log_costs(plan, costs))


def _model_steps(records: Sequence[TrialRecord], finals: Finals | None, model_s: float) -> int:
    """Return the train_steps that this run's trainings make in the time of its probes and model."""
    steps = sum(r.train_steps for r in records) + (finals.train_steps if finals else 0)
    training_s = sum(r.wall_s for r in records) + (finals.wall_s if finals else 0.0)
    return round(model_s * steps / training_s) if training_s else 0


def _class_fields(plan: Plan) -> dict[str, Any]:
    """Return how many samples of each class there are to judge by, and the share of the largest."""
    fields: dict[str, Any] = {}
    for split, labels in (("val", plan.data.y_val), ("test", plan.data.y_test)):
        fields[split] = np.bincount(labels, minlength=plan.spec.classes).tolist()
        fields[f"largest_class_share_{split}"] = largest_class_share(labels)
    return fields


def _why_nothing(plan: Plan, records: Sequence[TrialRecord], finals: Finals | None) -> str:
    """Say why nothing is handed over: no network knows anything, or none keeps the budgets."""
    return nothing_known(records, finals.lacking if finals else ()) or nearest_miss(plan, records)


def _similarity_fields(context: Context) -> dict[str, Any]:
    """Return the quality of ticket similarity in this run."""
    if context.calibration is None:
        return dict(_NO_SIMILARITY)
    return dataclasses.asdict(context.calibration.quality)


def _audit_fields(state: SearchState, records: Sequence[TrialRecord]) -> dict[str, int | float | None]:
    """Return how many candidates the audit trained, how many of them would have been left, and were on the front.

    ``low`` and ``high`` are the 95 % Wilson interval of the share that was wrongly left; None where none was left.
    """
    audited = [r for r in records if r.audited and r.outcome == "trained" and r.feasible]
    on_front = {r.trial for r in front_records(state.plan, records, state.dense_error)}
    left = audited_and_dropped(state)
    missed = sum(r.trial in on_front for r in left)
    low, high = wilson(missed / len(left), len(left)) if left else (None, None)
    return {
        "continued": len(audited),
        "left": len(left),
        "false_cuts": missed,
        "low": low,
        "high": high,
    }


def _left_fields(records: Sequence[TrialRecord]) -> dict[str, float | int]:
    """Return what was taken up again at the end, what was left for good, and how much of that the front may lack.

    ``low`` and ``high`` are the 95 % interval of what is ``expected``, if the chances are right and independent.
    """
    chances = [r.chance for r in records if r.chance is not None]
    ruled_out = sum(chance < RULED_OUT for chance in chances)
    finishing = sum(r.finishing for r in records)
    low, high = poisson_binomial_interval(chances)
    return {
        "finishing": finishing,
        "n": len(chances),
        "ruled_out": ruled_out,
        "expected": round(sum(chances), 2),
        "low": low,
        "high": high,
    }


def _finder_steps(
    context: Context, records: Sequence[TrialRecord], finals: Finals | None, front: pd.DataFrame
) -> tuple[int, int]:
    """Return what this run, and what others, trained to find its tickets: each ladder, mask or score counted once."""
    if context.plan.study.tickets.finder == "magnitude":
        return 0, 0
    asked = {record.candidate.digest: record.candidate for record in records}
    found = [find_ticket(ground_of(context), candidate) for candidate in asked.values()]
    on_front = set() if finals is None else set(front["trial"])
    for seed in [] if finals is None else final_seeds(context.plan):
        fresh = ground_of(context, seed)
        found += [find_ticket(fresh, record.candidate) for record in records if record.trial in on_front]
    spent, reused = dict[str, int](), dict[str, int]()
    for own in found:
        spent |= own.spent
        reused |= own.reused
    return sum(spent.values()), sum(reused.values())


def _dense_fields(dense: Dense, finals: Finals | None) -> dict[str, Any]:
    """Return the dense reference's numbers: of the network that the final protocol chose, once there is one."""
    if finals is None:
        found = dense.measured.accuracy_val
        return {
            "accuracy_val": found, "accuracy_val_search": found, "accuracy_test": None, **dense.cost,
            **answer_columns(dense.measured),
        }  # fmt: skip
    own = finals.dense
    return {
        "accuracy_val": own.accuracy_val,
        "accuracy_val_search": dense.measured.accuracy_val,
        "accuracy_test": own.accuracy_test,
        "accuracy_test_low": own.accuracy_test_interval[0],
        "accuracy_test_high": own.accuracy_test_interval[1],
        "accuracy_val_own": own.measured.accuracy_val,
        "accuracy_test_own": own.measured.accuracy_test,
        "accuracy_val_float": own.measured.accuracy_val_float,
        "weight_bits": own.measured.network.weight_bits[0] if own.measured.network else None,
        "timesteps": own.measured.network.timesteps if own.measured.network else None,
        **width_columns(own.measured.loss, own.measured.accumulator_bits, own.measured.membrane_bits),
        **own.cost,
        **answer_columns(own.measured),
    }


def _plain(row: pd.Series) -> dict[str, Any]:
    """Return a table's row as JSON values; an unknown is null."""
    plain: dict[str, Any] = json.loads(row.to_json())
    return plain


def nearest_miss(plan: Plan, records: Sequence[TrialRecord]) -> str:
    """Say which candidate came closest to keeping the budgets, and which budget binds."""

    def worst(record: TrialRecord) -> tuple[float, str]:
        fields = record.measured or record.predicted
        over = [(float(fields[n] or 0) / limit, n) for n, limit in plan.study.device.budgets.items()]
        return max(over, default=(float("inf"), "a limit of the device"))

    missed = [r for r in records if not r.feasible]
    if not missed:
        return f"no candidate could be trained: {records[0].reason}" if records else "no candidate was asked"
    nearest = min(missed, key=worst)
    ratio, name = worst(nearest)
    knobs = ", ".join(f"{key} {value}" for key, value in knob_columns(nearest.candidate).items())
    fields = nearest.measured or nearest.predicted
    if name not in fields:
        return f"nothing fits. Nearest miss: trial {nearest.trial} ({knobs}): {nearest.reason}"
    limit = plan.study.device.budgets[name]
    return (
        f"nothing fits. Nearest miss: trial {nearest.trial} ({knobs}): needs {name} {fields[name]:,.6g}, "
        f"the budget is {limit:,.6g} ({ratio:.2f} times). The budget that binds is {name}"
    )
