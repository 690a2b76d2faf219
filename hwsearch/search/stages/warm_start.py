"""Warm start: trainings of other runs, as this run's surrogate sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwsearch.plan.plan import Plan
from hwsearch.predict.process import NOT_BEGUN
from hwsearch.records.trials import TrialRecord
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.pricing import price_all


def as_here(context: Context, records: Sequence[TrialRecord]) -> tuple[TrialRecord, ...]:
    """Return other runs' trainings of candidates of this space, priced and likened to the dense network of this run."""
    within = [record for record in records if _within(context.plan, record)]
    priced = price_all(context, [record.candidate for record in within])
    return tuple(replace(p.record(NOT_BEGUN), curve=r.curve) for p, r in zip(priced, within, strict=True))


def others_words(others: Sequence[TrialRecord]) -> str:
    """Say how much was learned from other runs."""
    return f"learned from {len(others)} trainings of other runs, whose cost is not counted here"


def _within(plan: Plan, record: TrialRecord) -> bool:
    """Return whether a candidate is one of the plan's space."""
    candidate, space = record.candidate, plan.space
    known = set(candidate.weight_bits) <= set(space.weight_bits) and candidate.timesteps in space.timesteps
    known &= candidate.network < len(plan.networks)
    layers = max(1, space.per_layer)
    shaped = {len(candidate.sparsity), len(candidate.weight_bits)} <= {1, layers}
    return known and shaped and space.candidate(space.setting(candidate)).digest == candidate.digest
