"""What the search left undone: how likely each candidate that it stopped or cut is to be on the front after all.

Stopping is a choice of what to train first. At the end the surrogate, which has then learned from every training, says
of each candidate that was not taken up again how likely it is to be measured on the front, trained in full, with an
error that is of use (`study.search.worth`). The sum of these chances is how many members the front is expected to lack;
what has next to no chance was ruled out, the rest is unfinished.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from hwsearch.search.lab import Lab
from hwsearch.search.outlook import learn
from hwsearch.search.plan import Plan
from hwsearch.search.records import CostFields, TrialRecord, remember
from hwsearch.search.rungs import worst_of

RULED_OUT = 0.02
"""A chance below which a candidate counts as ruled out."""
_LEAST_LEARNED = 2


def weighed(lab: Lab, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records of a search that has ended, those with a chance that were left."""
    known: dict[str, TrialRecord] = {}
    for record in records:
        remember(known, record)
    left = left_of(known.values())
    if not left or sum(bool(record.curve) for record in known.values()) < _LEAST_LEARNED:
        return list(records)
    chances = chances_of(lab.plan, lab.similar, list(known.values()), left, (lab.dense.cost, lab.dense.error))
    own = {record.trial: float(chance) for record, chance in zip(left, chances, strict=True)}
    return [replace(record, chance=own.get(record.trial)) for record in records]


def left_of(known: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Return what was stopped or cut, of records that are the last of their candidates."""
    return [record for record in known if record.outcome in ("stopped", "foreseen") and record.feasible]


def chances_of(
    plan: Plan,
    similar: bool,
    known: Sequence[TrialRecord],
    left: Sequence[TrialRecord],
    dense: tuple[CostFields, float],
) -> np.ndarray:
    """Return the chances [N] of what was left; ``dense``: costs and error of the dense network."""
    return learn(plan, similar, known).chances(left, dense[0], worst_of(plan, dense[1]))
