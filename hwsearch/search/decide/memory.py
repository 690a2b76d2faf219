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
from hwsearch.records.trials import TrialRecord, latest, remember
from hwsearch.search.decide.features import KnownBefore, training_name
from hwsearch.search.decide.front import log_costs, non_dominated
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
class Memory:
    """What a long search learns from.

    Attributes:
        records: The last record of each training that stands for what was tried up to ``until``.
        until: A number of trials.
        settled: The surrogate whose hyper-parameters are taken over.
        settled_at: The trials that it was fitted on.
        known: The last record of each candidate up to ``until``, by its digest.
    """

    records: tuple[TrialRecord, ...]
    until: int
    settled: Surrogate
    settled_at: int
    known: Mapping[str, TrialRecord]

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
        chosen = _standing(plan, latest(records[:settled_at]))
        if len(chosen) < 2:
            return None
        settled = fit_records(plan, seen, chosen).surrogate
    known, begin = (dict[str, TrialRecord](), 0) if earlier is None else (dict(earlier.known), earlier.until)
    for record in records[begin:until]:
        remember(known, record)
    return Memory(tuple(_standing(plan, known)), until, settled, settled_at, known)


def _settled_at(n: int) -> int:
    """Return the last of the counts of trials at which hyper-parameters are found."""
    at = WHOLE
    while (further := int(at * _GROWTH)) <= n:
        at = further
    return at


def _standing(plan: Plan, known: Mapping[str, TrialRecord]) -> list[TrialRecord]:
    """Return the trainings that stand for all that was tried: of every rung as many, where it has them."""
    trained = [r for r in known.values() if r.curve and r.measured]
    rungs = sorted({len(r.curve) for r in trained})
    chosen: list[TrialRecord] = []
    for place, rung in enumerate(rungs[::-1]):  # few reach the last: what it leaves goes to those before
        here = [r for r in trained if len(r.curve) == rung]
        costs = log_costs(plan, [r.measured or {} for r in here])
        values = np.column_stack([1.0 - np.array([r.curve[-1] for r in here]), costs])
        share = (_MOST - len(chosen)) // (len(rungs) - place)
        names = [r.candidate.digest for r in here]
        chosen += [here[i] for i in standing_for(values, names, share)]
    return sorted(chosen, key=lambda r: r.trial)


def standing_for(values: np.ndarray, names: Sequence[str], most: int) -> np.ndarray:
    """Return the rows, rising, that stand for all: half of them the outer Pareto layers, the others a sample.

    Nothing depends on the order of the rows.

    Args:
        values: [N, K] objectives, all to be minimised; what has none of its own is not finite, and in no layer.
        names: [N] hashes of what the rows are of: of a layer that is too large, and of the rest, the least are taken.
        most: How many rows are taken; where there are no more, it is all.
    """
    if len(names) <= most:
        return np.arange(len(names))
    by_name = np.argsort(np.array(names), kind="stable")
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
