"""A run in numbers: summary.json, put together of its typed parts."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hwsearch.hardware.arithmetic import claim_of
from hwsearch.hardware.cost_model import price
from hwsearch.hardware.workload import Workload
from hwsearch.measure.accuracy import largest_class_share
from hwsearch.plan.plan import Plan
from hwsearch.records.front import DenseRow, FrontRow, front_frame
from hwsearch.records.log import Seconds
from hwsearch.records.summary import SUMMARY_FORMAT, Summary
from hwsearch.records.summary_parts import Classes, Program, Samples, WithoutSkill
from hwsearch.records.trials import OUTCOMES, TrialRecord, objective_values
from hwsearch.search.decide.audit import (
    NO_AUDIT,
    NO_SIMILARITY,
    audited,
    completion,
    similarity_quality,
)
from hwsearch.search.decide.nothing_fits import why_nothing
from hwsearch.search.decide.pick import pick_row
from hwsearch.search.decide.state import SearchState
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.rows import dense_rows
from hwsearch.search.stages.spent import nothing_spent, spent_by
from hwsearch.search.stages.warm_start import others_words
from hwsearch.stress.demand import robust_members

_VERSIONED = ("hwsearch", "optuna", "torch", "spikingjelly", "numpy")


def summarise(
    context: Context,
    state: SearchState,
    records: Sequence[TrialRecord],
    finals: Finals | None,
    front: Sequence[FrontRow],
    seconds: Seconds,
) -> Summary:
    """Return the summary of a search.

    Args:
        context: Of the search.
        state: What was known at its end.
        records: Of every candidate.
        finals: The final trainings; None: nothing was worth any.
        front: Rows of front.csv.
        seconds: What it took.
    """
    plan = context.plan
    dense, every_dense = dense_rows(context, finals)
    box = state.box(in_full=True)
    names = plan.study.objectives
    picked = _pick(plan, dense, front)
    reference = objective_values(names, 1.0 - box.worst, state.dense_cost)
    summary = Summary(
        **_circumstances(plan),
        dense=dense,
        counts=_counts(records),
        cost=spent_by(context, records, finals, front, seconds),
        similarity=similarity_quality(state),
        audit=audited(state, records),
        left=completion(records),
        front_size=len(front),
        hypervolume=state.hypervolume([row.score or 0.0 for row in front], [row.costs for row in front]),
        reference_point=dict(zip(names, reference, strict=True)),
        pick=picked,
        nearest_miss=None if front else _why_nothing(plan, records, finals),
        no_skill=WithoutSkill(
            trained=sum(r.outcome == "trained" and not r.skilled for r in records),
            final=len(finals.lacking) if finals else 0,
        ),
        notes=(
            *_notes(context, seconds),
            *(finals.notes if finals else ()),
            *_foretold_notes(front),
            *_storage_notes(plan, finals, picked),
        ),
        program=_program(plan, _workload(finals, picked)),
        pick_chance_below=_chance_below(plan, finals, picked),
    )
    # where there is one, nothing is said of several
    return summary.model_copy(update={"references": tuple(every_dense)}) if every_dense else summary


def _why_nothing(plan: Plan, records: Sequence[TrialRecord], finals: Finals | None) -> str:
    return why_nothing(plan, records, finals.lacking if finals else (), finals.over if finals else ())


def summarise_refusal(plan: Plan, miss: str, wall_s: float) -> Summary:
    """Return the summary of a search that asked for nothing, since nothing could fit; miss: what came nearest."""
    return Summary(
        **_circumstances(plan),
        dense=DenseRow(accuracy_val=None, accuracy_test=None),
        counts=_counts([]),
        cost=nothing_spent(plan, wall_s),
        similarity=NO_SIMILARITY,
        audit=NO_AUDIT,
        left=completion([]),
        front_size=0,
        hypervolume=None,
        reference_point={},
        pick=None,
        nearest_miss=miss,
        no_skill=WithoutSkill(trained=0, final=0),
        notes=plan.notes,
    )


def _counts(records: Sequence[TrialRecord]) -> dict[str, int]:
    """Return how many candidates were asked, and how many ended how."""
    ended = {name: sum(record.outcome == name for record in records) for name in OUTCOMES}
    return {"asked": len(records)} | ended


def _circumstances(plan: Plan) -> dict[str, Any]:
    """Return the fields that do not depend on what the search found."""
    study, data = plan.study, plan.data
    return {
        "format": SUMMARY_FORMAT,
        "study": study.name,
        "study_digest": study.digest,
        "profile": plan.profile.id,
        "profile_digest": plan.profile.digest,
        "seed": study.seed,
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
        "objectives": study.objectives,
        "score": study.score,
        "budgets": study.device.budgets,
        "samples": Samples(train=len(data.y_train), val=len(data.y_val), test=len(data.y_test)),
        "classes": Classes(
            val=_class_sizes(plan, data.y_val),
            largest_class_share_val=largest_class_share(data.y_val.ravel()),
            test=_class_sizes(plan, data.y_test),
            largest_class_share_test=largest_class_share(data.y_test.ravel()),
        ),
        "labels": plan.profile.labels,
        "arithmetic": claim_of(plan.profile, plan.laws),
    }


def _class_sizes(plan: Plan, labels: np.ndarray) -> tuple[int, ...]:
    return tuple(np.bincount(labels.ravel(), minlength=plan.data.classes).tolist())


def _pick(plan: Plan, dense: DenseRow, front: Sequence[FrontRow]) -> FrontRow | None:
    """Return the member of the front that the study's rule picks; None where there is none."""
    if not front:
        return None
    rule, score = plan.study.pick, dense.score
    assert score is not None
    able = robust_members(front_frame(front), plan.study.robustness)
    picked = pick_row(able, rule.rule, score, rule.within, rule.needed, rule.chance)
    return None if picked is None else _rounded(picked)


def _chance_below(plan: Plan, finals: Finals | None, picked: FrontRow | None) -> float | None:
    """Return how likely the pick's recipe is worse than the pick needs."""
    if finals is None or picked is None:
        return None
    return round(finals.chance_below(plan, picked.trial), 4)


def _foretold_notes(front: Sequence[FrontRow]) -> tuple[str, ...]:
    """Return what a run says of members of its front that were not trained in full."""
    n = sum(row.is_foretold for row in front)
    if not n:
        return ()
    members = "a member of the front is" if n == 1 else f"{n} members of the front are"
    return (f"{members} foretold, not trained in full: `hwsearch front DIR --confirm` trains what is",)


def _storage_notes(plan: Plan, finals: Finals | None, picked: FrontRow | None) -> tuple[str, ...]:
    """Return what the pick's formats cost that are not the smallest."""
    workload = _workload(finals, picked)
    if plan.study.device.storage == "smallest" or workload is None or picked is None:
        return ()
    said = price(workload, plan.profile).storage
    return tuple(f"the pick, trial {picked.trial}: {words}" for words in said)


def _program(plan: Plan, workload: Workload | None) -> Program | None:
    """Return what the pick's program takes by the device's emulated core; None where there is none to tell of."""
    firmware = plan.profile.firmware
    if workload is None or firmware is None or firmware.priced:
        return None
    cost = price(workload, plan.profile.pricing("priced"))
    return Program(
        core=firmware.core.name, code_bytes=cost.code_bytes, latency_s=cost.latency_s, energy_j=cost.energy_j
    )


def _workload(finals: Finals | None, picked: FrontRow | None) -> Workload | None:
    """Return what an inference of the pick works off, as its final training measured it."""
    if finals is None or picked is None:
        return None
    trained = (m for m in finals.members if m.record is not None and m.record.trial == picked.trial)
    member = next(trained, None)
    return None if member is None else member.measured.workload


def _rounded(row: pd.Series) -> FrontRow:
    """Return a frame's row with as many digits as a summary has ever had of it (pandas writes ten)."""
    return FrontRow.model_validate(json.loads(row.to_json()))


def _notes(context: Context, seconds: Seconds) -> tuple[str, ...]:
    """Return what a reader of the run must know."""
    notes = list(context.plan.notes)
    if context.plan.others:
        notes.append(others_words(context.plan.others))
    if seconds.torn:
        notes.append(
            f"{seconds.torn} torn lines of log.jsonl were skipped: wall_s and model_s may lack theirs"
        )
    return tuple(notes)
