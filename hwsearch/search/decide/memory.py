"""What a long search goes on learning from: of many trainings those nearest to the front, and a sample of the others.

Up to `WHOLE` trials a search learns from every training, and finds the surrogate's hyper-parameters anew before every
batch. From there on both would take longer with every trial, and say little more. Then it remembers, of all that was
tried up to a multiple of `STEP` trials, a bounded number of trainings: of every rung as many, half of them its outer
Pareto layers, the others a sample of the rest; and all that was trained since. Hyper-parameters are found when a
quarter more trials are there. Both depend on what was tried up to those counts and on nothing else: not on the order of
what stands for it, nor on when a run was resumed.

Source: Goldberg 1989, chapter 5 (layers: the front, then the front of what is left); Broder 1997 (the least hashes of a
set are an even sample of it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.predict.surrogate import Surrogate
from hwsearch.records.trials import TrialRecord, remember
from hwsearch.search.decide.features import KnownBefore, training_name
from hwsearch.search.decide.front import cost_names, logarithms, non_dominated, raw_costs
from hwsearch.search.decide.learned import Effort, fit_records

WHOLE = 512
"""Trials up to which all is learned from."""
STEP = 32
"""Trials from one choice of what is remembered to the next."""
EFFORT = Effort(together=48, draws=32)
"""How much is looked at for each choice, which then is one of many."""
_MOST = 128  # trainings that stand for all
_GROWTH = 1.25  # of trials, from one fit of hyper-parameters to the next


@dataclass(frozen=True, eq=False)
class Seen:
    """What was tried, as it is chosen from: a record is looked at once.

    Attributes:
        known: The last record of each candidate, by its digest.
        rows: Of each that was trained its rung, its error and its costs.
    """

    known: Mapping[str, TrialRecord]
    rows: Mapping[str, Sequence[float]]

    def after(self, plan: Plan, records: Sequence[TrialRecord]) -> Seen:
        """Return what was tried with more trials."""
        known, rows, names = dict(self.known), dict(self.rows), cost_names(plan)
        for record in records:
            remember(known, record)
        for digest in dict.fromkeys(record.candidate.digest for record in records):
            last = known[digest]
            rows.pop(digest, None)  # a training that failed later on counts no more
            if last.curve and last.measured:
                rows[digest] = (len(last.curve), 1.0 - last.curve[-1], *raw_costs(names, last.measured))
        return Seen(known, rows)


_NOTHING = Seen({}, {})


@dataclass(frozen=True, eq=False)
class Memory:
    """What a long search learns from.

    Attributes:
        records: The last record of each training that stands for what was tried up to ``until``.
        until: A number of trials.
        settled: The surrogate whose hyper-parameters are taken over.
        settled_at: The trials that it was fitted on.
        seen: All that was tried up to ``until``.
    """

    records: tuple[TrialRecord, ...]
    until: int
    settled: Surrogate
    settled_at: int
    seen: Seen

    def since(self, known: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Return what is learned from: what is remembered, and what was trained since.

        Args:
            known: The last record of each candidate.
        """
        later = [r for r in known if r.trial >= self.until and r.curve]
        went_on = {training_name(r) for r in later}
        return [*(r for r in self.records if training_name(r) not in went_on), *later]


def memory_of(
    plan: Plan, seen: KnownBefore, records: Sequence[TrialRecord], earlier: Memory | None
) -> Memory | None:
    """Return what a search remembers; None where it is not long.

    Args:
        plan: The question.
        seen: What the surrogate knows before any training.
        records: Of all trials, in order.
        earlier: What it remembered before, which is taken over where nothing is due; None: nothing yet.
    """
    if len(records) < WHOLE:
        return None
    until, settled_at = len(records) // STEP * STEP, _settled_at(len(records))
    if earlier is not None and (earlier.until, earlier.settled_at) == (until, settled_at):
        return earlier
    if earlier is not None and earlier.settled_at == settled_at:
        settled = earlier.settled
    else:
        chosen = _standing(_NOTHING.after(plan, records[:settled_at]))
        if len(chosen) < 2:
            return None
        settled = fit_records(plan, seen, chosen).surrogate
    before, begin = (_NOTHING, 0) if earlier is None else (earlier.seen, earlier.until)
    tried = before.after(plan, records[begin:until])
    return Memory(tuple(_standing(tried)), until, settled, settled_at, tried)


def _settled_at(n: int) -> int:
    """Return the last of the counts of trials at which hyper-parameters are found."""
    at = WHOLE
    while (further := int(at * _GROWTH)) <= n:
        at = further
    return at


def _standing(seen: Seen) -> list[TrialRecord]:
    """Return the trainings that stand for all that was tried: of every rung as many, where it has them."""
    if not seen.rows:
        return []
    names, table = np.array(list(seen.rows)), np.array(list(seen.rows.values()), float)
    values = np.column_stack([table[:, 1], logarithms(table[:, 2:])])
    rungs = np.unique(table[:, 0])
    chosen: list[TrialRecord] = []
    for place, rung in enumerate(rungs[::-1]):  # few reach the last: what it leaves goes to those before
        here = np.flatnonzero(table[:, 0] == rung)
        share = (_MOST - len(chosen)) // (len(rungs) - place)
        chosen += [seen.known[names[here[i]]] for i in standing_for(values[here], names[here], share)]
    return sorted(chosen, key=lambda r: r.trial)


def standing_for(values: np.ndarray, names: Sequence[str] | np.ndarray, most: int) -> np.ndarray:
    """Return the rows, rising, that stand for all: half of them the outer Pareto layers, the others a sample.

    Nothing depends on the order of the rows.

    Args:
        values: [N, K] objectives, all to be minimised; what has none of its own is not finite, and in no layer.
        names: [N] hashes of what the rows are of: of a layer that is too large, and of the rest, the least are taken.
        most: How many rows are taken; where there are no more, it is all.
    """
    if len(names) <= most:
        return np.arange(len(names))
    by_name = np.argsort(np.asarray(names), kind="stable")
    left = by_name[np.isfinite(values[by_name]).all(1)]
    taken = np.zeros(len(names), bool)
    room = most // 2
    while room and len(left):
        front = non_dominated(values[left])
        layer = left[front][:room]
        taken[layer] = True
        room, left = room - len(layer), left[~front]
    rest = by_name[~taken[by_name]]
    taken[rest[: most - taken.sum()]] = True
    return np.flatnonzero(taken)
