"""Which trials are worth fresh seeds: those that together promise the most, whatever luck their one training had.

Among many candidates that were measured once, the front is of the lucky ones. What the surrogate has learned from all
of them says what each may reach when it is trained again, and what it may not. One after the other is chosen by what
it adds in the mean over draws of that: several for a place where nobody knows yet which will be better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.hypervolume_gain import Draws, choose
from hwsearch.search.decide.learned import LEAST_KNOWN, WHOLE_EFFORT
from hwsearch.search.decide.state import SearchState

_RESERVES, _DRAW = 3, 0xF1A1


def finalists(
    state: SearchState, records: Sequence[TrialRecord], front: Sequence[TrialRecord]
) -> list[TrialRecord]:
    """Return the trials that promise to add to the front, and the most accurate of the others.

    The others are for the pick: a small network that was lucky pushes larger, sounder ones off the front.

    Args:
        state: What is known at the end of the search.
        records: All of the search.
        front: Those on the measured front.
    """
    chosen = promising(state) or list(front)
    members = {record.trial for record in chosen}
    others = [r for r in records if r.eligible and r.trial not in members]
    others.sort(
        key=lambda r: (-(r.score or 0.0), float((r.measured or {}).get("memory_bytes") or 0), r.trial)
    )
    return [*chosen, *others[:_RESERVES]]


def contender(
    state: SearchState, records: Sequence[TrialRecord], tried: Mapping[int, bool]
) -> TrialRecord | None:
    """Return the recipe to train in full next where none of the finalists is accurate enough for the pick.

    On an easy split of few samples a search finds small networks as accurate as large ones, and fresh splits may then
    find none of its finalists accurate enough. What does not cost more than one that failed is taken to fail as well,
    and what does not cost less than one that did not is no better: the middle of the rest is next (bisection by the
    pick's cost).

    Args:
        state: What is known at the end of the search.
        records: All of the search.
        tried: Of each trial that was trained in full, whether it is accurate enough.

    Returns:
        One that seemed accurate enough in the search; None: nothing is left between what failed and what did not.
    """
    pick = state.plan.study.pick
    floor = pick.floor(1 - state.dense_error)
    costs = {r.trial: pick_cost(pick.rule, r) for r in records if r.eligible and r.measured}
    failed = max((costs[trial] for trial, enough in tried.items() if not enough), default=-math.inf)
    found = min((costs[trial] for trial, enough in tried.items() if enough), default=math.inf)
    between = [r for r in records if r.trial in costs and failed < costs[r.trial] < found]
    between = [r for r in between if (r.score or 0.0) >= floor and r.trial not in tried]
    between.sort(key=lambda r: (costs[r.trial], r.trial))
    return between[len(between) // 2] if between else None


def pick_cost(rule: str, record: TrialRecord) -> float:
    """Return what the pick counts: energy where it is known and asked for, else memory."""
    measured = record.measured or {}
    energy = measured.get("energy_j") if rule == "frugal" else None
    return float(energy if energy is not None else measured.get("memory_bytes") or 0)


def eligible(state: SearchState) -> list[TrialRecord]:
    """Return the trials that may be on a front, of what is remembered."""
    return [r for r in state.remembered if r.eligible and r.measured]


def can_foretell(state: SearchState) -> bool:
    """Return whether there is a surrogate that says what a trial may reach when it is trained again."""
    return state.plan.study.search.rank and len(eligible(state)) >= LEAST_KNOWN


def promising(state: SearchState) -> list[TrialRecord]:
    """Return the trials that each add their share of the hypervolume; none where there is no surrogate."""
    study = state.plan.study
    trained = eligible(state)
    if not can_foretell(state):
        return []
    learned = replace(state.learned, effort=WHOLE_EFFORT)  # nothing is chosen more rarely, or costs more
    trained = learned.contenders(trained, begun=False)
    may_be, _ = learned.draws(trained, [], np.random.default_rng([study.seed, _DRAW]))
    nothing = Draws(may_be.errors[:, :0], may_be.costs[:0])
    steps = np.ones(len(trained))
    chosen = choose(state.box(), nothing, may_be, steps, len(trained), study.final.adds)
    return sorted((trained[i] for i in chosen), key=lambda r: r.trial)
