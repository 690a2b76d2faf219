"""Which trials are worth fresh seeds: those that together promise the most, whatever luck their one training had.

Among many candidates that were measured once, the front is of the lucky ones. What the surrogate has learned from all
of them says what each may reach when it is trained again, and what it may not. One after the other is chosen by what
it adds in the mean over draws of that: several for a place where nobody knows yet which will be better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.records.trials import CostFields, TrialRecord, remember
from hwsearch.search.decide.hypervolume_gain import Draws, choose
from hwsearch.search.decide.learned import LEAST_KNOWN, box_of, learn

_RESERVES, _DRAW = 3, 0xF1A1


def finalists(
    plan: Plan,
    dense: tuple[CostFields, float],
    similar: bool,
    records: Sequence[TrialRecord],
    front: Sequence[TrialRecord],
) -> list[TrialRecord]:
    """Return the trials that promise to add to the front, and the most accurate of the others.

    The others are for the pick: a small network that was lucky pushes larger, sounder ones off the front.

    Args:
        plan: The question.
        dense: Costs and error of the dense network.
        similar: Whether similarity is to be used.
        records: All of the search.
        front: Those on the measured front.
    """
    chosen = _promising(plan, dense, similar, records) or list(front)
    members = {record.trial for record in chosen}
    others = [r for r in records if r.eligible and r.trial not in members]
    others.sort(
        key=lambda r: (-(r.accuracy_val or 0.0), float((r.measured or {}).get("memory_bytes") or 0), r.trial)
    )
    return [*chosen, *others[:_RESERVES]]


def _promising(
    plan: Plan, dense: tuple[CostFields, float], similar: bool, records: Sequence[TrialRecord]
) -> list[TrialRecord]:
    """Return the trials that each add their share of the hypervolume; none where there is no surrogate."""
    known: dict[str, TrialRecord] = {}
    for record in records:
        remember(known, record)
    trained = [r for r in known.values() if r.eligible and r.measured]
    if not plan.study.search.rank or len(trained) < LEAST_KNOWN:
        return []
    learned = learn(plan, similar, list(known.values()))
    trained = learned.contenders(trained, begun=False)
    may_be, _ = learned.draws(trained, [], np.random.default_rng([plan.study.seed, _DRAW]))
    nothing = Draws(may_be.errors[:, :0], may_be.costs[:0])
    least = plan.study.final.adds
    chosen = choose(box_of(plan, dense), nothing, may_be, np.ones(len(trained)), len(trained), least)
    return sorted((trained[i] for i in chosen), key=lambda r: r.trial)
