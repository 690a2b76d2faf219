"""Why a run hands nothing over, in words: no network knows anything, or none keeps the budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwsearch.plan.plan import Plan
from hwsearch.records.columns import knob_columns
from hwsearch.records.trials import TrialRecord


def why_nothing(
    plan: Plan, records: Sequence[TrialRecord], lacking: Sequence[str], over: Sequence[str] = ()
) -> str:
    """Say why nothing is handed over.

    Args:
        plan: The question.
        records: All of the search.
        lacking: Why each network of the final trainings that keeps the budgets is no model.
        over: What each of the others breaks.
    """
    if over and not lacking:
        return (
            f"nothing fits: {len(over)} candidates kept the budgets in the search, and none of them does "
            f"trained with fresh seeds. One is {over[0]}. Loosen what it breaks, or allow more sparsity or fewer "
            "weight_bits"
        )
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
    limits = _limits(plan)
    nearest = min(missed, key=lambda record: _most_over(record, limits))
    ratio, name = _most_over(nearest, limits)
    turned = knob_columns(nearest.candidate) | plan.later_columns.columns(nearest.candidate)
    knobs = ", ".join(f"{key} {value}" for key, value in turned.items())
    costs = nearest.measured or nearest.predicted
    said = f"nothing fits. Nearest miss: trial {nearest.trial} ({knobs}):"
    if name not in costs:
        return f"{said} {nearest.reason}"
    need = f"needs {name} {costs[name]:,.6g}"
    if name not in plan.study.device.budgets:
        free = f"the device has {limits[name]:,.6g} free ({ratio:.2f} times)"
        return f"{said} {need}, {free}. What binds is the device's own memory, {name}"
    return f"{said} {need}, the budget is {limits[name]:,.6g} ({ratio:.2f} times). The budget that binds is {name}"


def _limits(plan: Plan) -> dict[str, float]:
    """Return what a cost may be: the study's budgets, and the room in each memory of the device."""
    banks = {f"{bank.name}_bytes": bank.free_bytes for bank in plan.profile.banks}
    limits: dict[str, float] = {name: float(free) for name, free in banks.items() if free is not None}
    for name, budget in plan.study.device.budgets.items():
        limits[name] = min(budget, limits.get(name, budget))
    return limits


def _most_over(record: TrialRecord, limits: Mapping[str, float]) -> tuple[float, str]:
    """Return the limit that a candidate breaks most: need over limit, and the cost's name.

    Where it keeps them all it breaks a rule of the device, which has no measure.
    """
    costs = record.measured or record.predicted
    over = [(float(costs.get(name) or 0) / limit, name) for name, limit in limits.items()]
    most = max(over, default=(0.0, ""))
    return most if most[0] > 1 else (float("inf"), "a limit of the device")
