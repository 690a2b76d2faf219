"""What the sampler is told of a finished trial (facts and reasons: `optuna_study`)."""

from __future__ import annotations

from functools import partial

from hwsearch.plan.plan import Plan
from hwsearch.records.trials import TrialRecord, objective_values
from hwsearch.search.decide.state import SearchState
from hwsearch.search.optuna_study import Verdict
from hwsearch.search.samplers import LEARNS_FROM_PRUNED
from hwsearch.study.search_sections import UNRANKED


def verdict(state: SearchState, record: TrialRecord) -> Verdict:
    """Return what is told of a record: objectives, for samplers in units of the dense network's, and constraints."""
    study = state.plan.study
    told = partial(
        Verdict,
        constraints=_constraints(state.plan, record),
        units=objective_values(study.objectives, 0.0, state.dense_cost),
        outcome=record.outcome or "",
    )
    learns_from_pruned = study.search.sampler in LEARNS_FROM_PRUNED
    partly_trained = len(record.curve) < len(state.plan.cycles) and learns_from_pruned
    if record.measured is not None and not partly_trained:
        return told("complete", record.objectives(study.objectives))
    if record.outcome == "failed":
        return told("fail", None)
    if learns_from_pruned or study.search.sampler in UNRANKED:
        return told("pruned", None)
    # a placeholder for samplers that learn from complete trials only; its constraints keep it off every front
    # (one that was cut is feasible: it is told as what is expected of it)
    score = state.plan.constant_score if record.foreseen is None else record.foreseen
    return told("complete", objective_values(study.objectives, score, record.predicted))


def _constraints(plan: Plan, record: TrialRecord) -> dict[str, float]:
    """Return a record's constraint values: measured where it was trained, else predicted."""
    fields = record.measured or record.predicted
    constraints = {
        name: float(fields[name] or 0.0) / limit - 1.0 for name, limit in plan.study.device.budgets.items()
    }
    worst = max(constraints.values(), default=0.0)
    # a rule of the device that is broken, beyond the study's budgets; or a network that knows nothing in the end
    ignorant = not record.skilled and record.outcome != "stopped"
    constraints["device_rules"] = 0.0 if (record.feasible or worst > 0) and not ignorant else 1.0
    return constraints
