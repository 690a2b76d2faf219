"""Why a run hands nothing over, in words: no network knows anything, or none keeps the budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwsearch.plan.plan import Plan
from hwsearch.records.columns import knob_columns
from hwsearch.records.trials import TrialRecord
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.skill import nothing_known


def why_nothing(plan: Plan, records: Sequence[TrialRecord], finals: Finals | None) -> str:
    """Say why nothing is handed over."""
    return nothing_known(records, finals.lacking if finals else ()) or nearest_miss(plan, records)


def nearest_miss(plan: Plan, records: Sequence[TrialRecord]) -> str:
    """Say which candidate came closest to keeping the budgets, and which budget binds."""
    missed = [record for record in records if not record.feasible]
    if not missed:
        return f"no candidate could be trained: {records[0].reason}" if records else "no candidate was asked"
    budgets = plan.study.device.budgets
    nearest = min(missed, key=lambda record: _most_over(record, budgets))
    ratio, name = _most_over(nearest, budgets)
    knobs = ", ".join(f"{key} {value}" for key, value in knob_columns(nearest.candidate).items())
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
