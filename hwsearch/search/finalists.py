"""Which trials are worth fresh seeds: those that are expected on the front, whatever luck their one training had.

Among many candidates that were measured once, the front is of the lucky ones. What the surrogate has learned from all
of them says what each can be expected to reach when it is trained again; as many members are chosen by that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwsearch.search.choose import LEAST_KNOWN
from hwsearch.search.front import worst_of
from hwsearch.search.gain import Outlook, choose
from hwsearch.search.outlook import learn, log_costs, no_front
from hwsearch.search.plan import Plan
from hwsearch.search.records import CostFields, TrialRecord, remember

_RESERVES, _SURE = 3, 1e-3


def finalists(
    plan: Plan,
    dense: tuple[CostFields, float],
    similar: bool,
    records: Sequence[TrialRecord],
    front: Sequence[TrialRecord],
) -> list[TrialRecord]:
    """Return as many trials as the front has, by what they are expected to reach, and the most accurate of the others.

    The others are for the pick: a small network that was lucky pushes larger, sounder ones off the front.

    Args:
        plan: The question.
        dense: Costs and error of the dense network.
        similar: Whether similarity is to be used.
        records: All of the search.
        front: Those on the measured front.
    """
    chosen = _expected(plan, dense, similar, records, len(front)) or list(front)
    members = {record.trial for record in chosen}
    others = [r for r in records if r.outcome == "trained" and r.feasible and r.trial not in members]
    others.sort(
        key=lambda r: (-(r.accuracy_val or 0.0), float((r.measured or {}).get("memory_bytes") or 0), r.trial)
    )
    return [*chosen, *others[:_RESERVES]]


def _expected(
    plan: Plan,
    dense: tuple[CostFields, float],
    similar: bool,
    records: Sequence[TrialRecord],
    count: int,
) -> list[TrialRecord]:
    """Return the trials with the largest expected hypervolume together; none where there is no surrogate."""
    known: dict[str, TrialRecord] = {}
    for record in records:
        remember(known, record)
    trained = [r for r in known.values() if r.outcome == "trained" and r.feasible and r.measured]
    if not plan.study.search.rank or len(trained) < LEAST_KNOWN:
        return []
    mean, _ = learn(plan, similar, list(known.values())).predict(trained, begun=False)
    costs = log_costs(plan, [r.measured or {} for r in trained])
    outlook = Outlook(mean, np.full(len(trained), _SURE), costs)
    nothing = no_front(plan, dense[0], worst_of(plan, dense[1]))
    chosen = choose(nothing, outlook, np.ones(len(trained)), count)
    return sorted((trained[i] for i in chosen), key=lambda r: r.trial)
