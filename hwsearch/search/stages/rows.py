"""What front.csv and summary.json say of networks: the front's members and the dense references."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwsearch.network.store import network_digest
from hwsearch.plan.plan import Plan
from hwsearch.records.columns import LaterColumns, knob_columns, width_columns
from hwsearch.records.front import FORETOLD, DenseRow, FrontRow, write_front
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.stages.class_answers import write_answers
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import Dense
from hwsearch.search.stages.finalist import FinalForetold, Finalist, foretold_on_front, on_front
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.skill import answer_columns

_NONE = LaterColumns()


def front_rows(plan: Plan, finals: Finals) -> list[FrontRow]:
    """Return the rows of front.csv, the smallest first: finalists of use that no other dominates.

    They are judged by what the networks that are handed over measure; the pick, where it must be sure, is there though
    one that had more luck dominates it. What is foretold stands beside them where nothing dominates it, and pushes none
    of them off: no network of it was measured.
    """
    keep = on_front(plan, finals.members, finals.dense)
    if plan.study.pick.chance is not None:
        picked = finals.picked(plan)
        keep = [
            kept or (m.record is not None and m.record.trial == picked)
            for m, kept in zip(finals.members, keep, strict=True)
        ]
    rows = [
        front_row(member, plan.later_columns)
        for member, kept in zip(finals.members, keep, strict=True)
        if kept
    ]
    rows += _foretold_rows(plan, finals, rows)
    return sorted(rows, key=lambda row: (row.memory_bytes or 0, row.trial))


def _foretold_rows(plan: Plan, finals: Finals, trained: Sequence[FrontRow]) -> list[FrontRow]:
    """Return the rows of what is foretold to be of use and dominated by nothing."""
    known = [(row.score or 0.0, row.costs) for row in trained]
    kept = foretold_on_front(plan, finals.foretold, known, finals.dense)
    return [
        foretold_row(own, plan.later_columns) for own, keep in zip(finals.foretold, kept, strict=True) if keep
    ]


def foretold_row(own: FinalForetold, later: LaterColumns = _NONE) -> FrontRow:
    """Return what is foretold of a recipe as a row of front.csv; what only a training in full tells is empty."""
    record = own.record
    return FrontRow.model_validate(
        {
            "trial": record.trial,
            **knob_columns(record.candidate),
            "accuracy_val": own.score,
            **dict.fromkeys(("accuracy_test", "accuracy_test_low", "accuracy_test_high")),
            **(record.measured or {}),
            "accuracy_val_search": record.accuracy_val,
            "accuracy_val_low": own.low,
            "accuracy_val_high": own.high,
            "believed": own.score,
            "believed_sd": own.sd,
            "evidence": FORETOLD,
            "seeds": 0,
            "sparsity_mask": record.sparsity_mask,
            "digest": record.candidate.digest,
            **later.columns(record.candidate),
        }
    )


def write_members(plan: Plan, finals: Finals, folder: RunFolder) -> list[FrontRow]:
    """Write front.csv, and what its members answer class by class; return its rows."""
    rows = front_rows(plan, finals)
    write_front(rows, folder.front)
    write_answers(plan, finals.members, {row.trial for row in rows}, folder)
    return rows


def front_row(member: Finalist, later: LaterColumns = _NONE) -> FrontRow:
    """Return a finalist as a row of front.csv; later: the columns that its study asks for."""
    record, measured = member.record, member.measured
    assert record is not None
    tests = member.accuracies_test
    low, high = member.accuracy_test_interval
    return FrontRow.model_validate(
        {
            "trial": record.trial,
            **knob_columns(record.candidate),
            "accuracy_val": member.accuracy_val,
            "accuracy_test": member.accuracy_test,
            "accuracy_test_low": low,
            "accuracy_test_high": high,
            **member.cost,
            **member.score_columns,
            "accuracy_val_search": record.accuracy_val,
            "accuracy_val_float": measured.accuracy_val_float,
            "accuracy_val_own": measured.accuracy_val,
            "accuracy_test_own": measured.accuracy_test,
            "accuracy_test_sd": float(np.std(tests, ddof=1)) if len(tests) > 1 else None,
            "drop_val_to_test": member.accuracy_val - member.accuracy_test,
            **member.interval_columns,
            **member.believed_columns,
            "evidence": member.evidence,
            "seeds": len(tests),
            "seed": member.seed,
            "sparsity_mask": record.sparsity_mask,
            "sparsity_effective": measured.sparsity_effective,
            **width_columns(measured.loss, measured.accumulator_bits, measured.membrane_bits),
            "digest": record.candidate.digest,
            **answer_columns(measured),
            "network_digest": None if measured.network is None else network_digest(measured.network),
            **later.columns(record.candidate),
            **({} if member.noise is None else member.noise.columns),
        }
    )


def dense_rows(context: Context, finals: Finals | None) -> tuple[DenseRow, list[DenseRow]]:
    """Return the dense reference that losses are counted from, and all of them where there are several."""
    known = {} if finals is None else finals.references
    rows = []
    for number, reference in enumerate(context.references):
        row = dense_row(reference.dense, known.get(number))
        names = context.plan.names
        rows.append(row.model_copy(update={"network": names[number]}) if names else row)
    yardstick = context.yardstick.plan.number if finals is None else finals.yardstick
    return rows[yardstick], rows if len(rows) > 1 else []


def dense_row(dense: Dense, member: Finalist | None) -> DenseRow:
    """Return a dense reference's numbers: of the network that the final protocol chose, once there is one (member)."""
    searched = dense.measured.accuracy_val
    if member is None:
        accuracies = {"accuracy_val": searched, "accuracy_val_search": searched, "accuracy_test": None}
        scored = (
            {}
            if dense.scored_by == "accuracy"
            else {"score_val": dense.score, "score_val_search": dense.score}
        )
        return DenseRow.model_validate(
            {**accuracies, **scored, **dense.cost, **answer_columns(dense.measured)}
        )
    measured = member.measured
    low, high = member.accuracy_test_interval
    return DenseRow.model_validate(
        {
            "accuracy_val": member.accuracy_val,
            "accuracy_val_search": searched,
            "accuracy_test": member.accuracy_test,
            "accuracy_test_low": low,
            "accuracy_test_high": high,
            "accuracy_val_own": measured.accuracy_val,
            "accuracy_test_own": measured.accuracy_test,
            "accuracy_val_float": measured.accuracy_val_float,
            **member.score_columns,
            **({} if member.scored is None else {"score_val_search": dense.score}),
            "weight_bits": measured.network.weight_bits[0] if measured.network else None,
            "timesteps": measured.network.timesteps if measured.network else None,
            **width_columns(measured.loss, measured.accumulator_bits, measured.membrane_bits),
            **member.cost,
            **answer_columns(measured),
        }
    )
