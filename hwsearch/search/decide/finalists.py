"""Which trials are worth fresh seeds: those that together promise the most, whatever luck their one training had.

Among many candidates that were measured once, the front is of the lucky ones. What the surrogate has learned from all
of them says what each may reach when it is trained again, and what it may not. One after the other is chosen by what
it adds in the mean over draws of that: several for a place where nobody knows yet which will be better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.hypervolume_gain import Draws, choose
from hwsearch.search.decide.learned import LEAST_KNOWN
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
    chosen = _promising(state) or list(front)
    members = {record.trial for record in chosen}
    others = [r for r in records if r.eligible and r.trial not in members]
    others.sort(
        key=lambda r: (-(r.score or 0.0), float((r.measured or {}).get("memory_bytes") or 0), r.trial)
    )
    return [*chosen, *others[:_RESERVES]]


def _promising(state: SearchState) -> list[TrialRecord]:
    """Return the trials that each add their share of the hypervolume; none where there is no surrogate."""
    study = state.plan.study
    trained = [r for r in state.records if r.eligible and r.measured]
    if not study.search.rank or len(trained) < LEAST_KNOWN:
        return []
    trained = state.learned.contenders(trained, begun=False)
    may_be, _ = state.learned.draws(trained, [], np.random.default_rng([study.seed, _DRAW]))
    nothing = Draws(may_be.errors[:, :0], may_be.costs[:0])
    steps = np.ones(len(trained))
    chosen = choose(state.box(), nothing, may_be, steps, len(trained), study.final.adds)
    return sorted((trained[i] for i in chosen), key=lambda r: r.trial)
