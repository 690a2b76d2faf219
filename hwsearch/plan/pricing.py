"""What things cost on a plan's device, held against its rules and the study's budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwsearch.hardware.cost_model import Cost, cost_fields, price
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.rules.violation import Violation
from hwsearch.hardware.workload import Workload
from hwsearch.plan.plan import Plan
from hwsearch.records.trials import CostFields, TrialRecord


@dataclass(frozen=True)
class Price:
    """What a workload costs on the device, and what it breaks.

    Attributes:
        cost: The whole price.
        fields: The same as columns.
        constraints: Need over budget, minus 1, by budget and bank: at most 0 is feasible.
        faults: Each broken rule or budget in words.
        rule: The rule of the device that is broken most, in words; empty where none is.
    """

    cost: Cost
    fields: CostFields
    constraints: Mapping[str, float]
    faults: tuple[str, ...]
    rule: str = ""


def price_on_device(plan: Plan, workload: Workload) -> Price:
    """Price a workload and hold it against every budget and rule."""
    cost = price(workload, plan.profile)
    return held_to(plan, cost, violations(workload, plan.profile, cost=cost))


def held_to(plan: Plan, cost: Cost, broken: Sequence[Violation]) -> Price:
    """Hold a cost against every budget; broken: what it breaks of the device's rules."""
    fields = cost_fields(cost)
    constraints: dict[str, float] = {}
    faults = []
    for name, limit in plan.study.device.budgets.items():
        need = fields[name]
        assert need is not None  # make_plan refuses budgets that the profile cannot tell
        constraints[name] = float(need) / limit - 1.0
        if need > limit:
            faults.append(f"{name} {need:,.6g} is over its budget of {limit:,.6g} ({need / limit:.2f} times)")
    constraints["device_rules"] = float(max(map(_over, broken), default=0.0))
    faults += [violation.message for violation in broken]
    rule = max(broken, key=_over).message if broken else ""
    return Price(cost, fields, constraints, tuple(faults), rule)


def _over(violation: Violation) -> float:
    """Return by how much of its limit a violation is over it; 1 where there is no number."""
    return violation.need / violation.limit - 1.0 if violation.limit else 1.0


def steps_ahead(plan: Plan, record: TrialRecord) -> int:
    """Return the train_steps that a record's training still needs."""
    timesteps = record.candidate.timesteps
    ahead = enumerate(plan.cycles[len(record.curve) :], start=len(record.curve))
    steps = sum(epochs * plan.rung_timesteps(rung, timesteps) for rung, epochs in ahead)
    return steps * len(plan.data.y_train)
