"""What the search left undone: how likely each candidate that it stopped or cut is to be on the front after all.

Stopping is a choice of what to train first. At the end the surrogate, which has then learned from every training, says
of each candidate that was not taken up again how likely it is to be measured on the front, trained in full, with an
error that is of use (`study.search.worth`). The sum of these chances is how many members the front is expected to lack;
what has next to no chance was ruled out, the rest is unfinished.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwsearch.search.lab import Lab
from hwsearch.search.outlook import learn
from hwsearch.search.records import TrialRecord, remember
from hwsearch.search.rungs import worst_of

_LEAST_LEARNED = 2


def weighed(lab: Lab, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records of a search that has ended, those with a chance that were left."""
    known: dict[str, TrialRecord] = {}
    for record in records:
        remember(known, record)
    left = [r for r in known.values() if r.outcome in ("stopped", "foreseen") and r.feasible]
    if not left or sum(bool(r.curve) for r in known.values()) < _LEAST_LEARNED:
        return list(records)
    learned = learn(lab.plan, lab.similar, list(known.values()))
    chances = learned.chances(left, lab.dense.cost, worst_of(lab.plan, lab.dense.error))
    own = {record.trial: float(chance) for record, chance in zip(left, chances, strict=True)}
    return [replace(record, chance=own.get(record.trial)) for record in records]
