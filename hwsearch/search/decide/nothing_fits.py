"""Why a run hands nothing over, in words: no network knows anything, or none keeps the budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwsearch.plan.plan import Plan
from hwsearch.records.columns import knob_columns
from hwsearch.records.trials import TrialRecord


def why_nothing(plan: Plan, records: Sequence[TrialRecord], lacking: Sequence[str]) -> str:
    """Say why nothing is handed over; lacking: why each network of the final trainings is no model."""
    return nothing_known(records, lacking) or nearest_miss(plan, records)


def nothing_known(records: Sequence[TrialRecord], lacking: Sequence[str]) -> str:
    """Say that nothing is handed over because no network knows anything; empty where that is not the reason.

    Args:
        records: All of the search.
        lacking: Why each network of the final trainings is no model.
    """
    ignorant = [r for r in records if r.outcome == "trained" and r.feasible and not r.skilled]
    if lacking:
        return f"nothing to hand over: trained with fresh seeds, none of {len(lacking)} is a model. One is {lacking[0]}"
    if not ignorant or any(record.eligible for record in records):
        return ""
    best = max(ignorant, key=lambda record: record.score or 0.0)
    return (
        f"nothing to hand over: of {len(ignorant)} trained candidates that keep the budgets none is a model. The best, "
        f"trial {best.trial}, is {best.reason}. Allow less sparsity or more weight_bits, or raise train.epochs"
    )


def nearest_miss(plan: Plan, records: Sequence[TrialRecord]) -> str:
    """Say which candidate came closest to keeping the budgets, and which budget binds."""
    missed = [record for record in records if not record.feasible]
    if not missed:
        return f"no candidate could be trained: {records[0].reason}" if records else "no candidate was asked"
    budgets = plan.study.device.budgets
    nearest = min(missed, key=lambda record: _most_over(record, budgets))
    ratio, name = _most_over(nearest, budgets)
    turned = knob_columns(nearest.candidate) | plan.later_columns.columns(nearest.candidate)
    knobs = ", ".join(f"{key} {value}" for key, value in turned.items())
    costs = nearest.measured or nearest.predicted
    if name not in costs:
        return f"nothing fits. Nearest miss: trial {nearest.trial} ({knobs}): {nearest.reason}"
    return (
        f"nothing fits. Nearest miss: trial {nearest.trial} ({knobs}): needs {name} {costs[name]:,.6g}, "
        f"the budget is {budgets[name]:,.6g} ({ratio:.2f} times). The budget that binds is {name}"
    )


def _most_over(record: TrialRecord, budgets: Mapping[str, float]) -> tuple[float, str]:
    """Return the budget that a candidate breaks most: need over limit, and its name."""
    costs = record.measured or record.predicted
    over = [(float(costs[name] or 0) / limit, name) for name, limit in budgets.items()]
    return max(over, default=(float("inf"), "a limit of the device"))
