"""Acquisition: candidates drawn in plenty, of which those with the largest expected gain a train_step are taken.

Drawn are suggestions of the study's sampler, even draws over the knobs, neighbours of the front (a knob or two moved),
and trainings that were stopped. All are priced; what breaks a budget is left out. Some suggestions are taken as they
come, if nobody asked for them before: what nobody ranked shows what ranking would miss. Before there are trainings to
learn from, similarity alone ranks, where it is good: y = -log(error + 0.01) of a trained candidate was 2.5 + 0.32
logit(similarity), give or take 0.5, over 370 digits mixes. Finders that train for every candidate (early-bird,
multi-prize) have nothing ranked: their tickets would cost more than ranking saves. Nor have samplers whose suggestions
are chance or order (`study.search_sections.UNRANKED`). A long search (`memory`) draws fewer, since the price of each
is most of what choosing costs then, and takes one in sixteen proposals of the sampler, as they come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.plan.pricing import steps_ahead
from hwsearch.predict.surrogate import accuracy_of
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.features import dense_lead, similarity_logits
from hwsearch.search.decide.front import log_costs
from hwsearch.search.decide.hypervolume_gain import DRAWS, Draws, choose
from hwsearch.search.decide.state import SearchState
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace, Setting

_PRIOR_MEAN, _PRIOR_SLOPE, _PRIOR_SD = 2.5, 0.32, 0.6
_DRAW, _UNRANKED = 0x9007, 8  # one in so many is taken unranked
# draws, and neighbours of what is good, a proposal; and of a long search, where the price of each tells
_TIMES, _TIMES_LONG = (8.0, 8.0), (0.5, 2.0)
_SUGGESTED_LONG = 16  # of a long search's proposals one in so many is asked of the sampler
_TOGETHER = 2  # candidates that are drawn together for each that is chosen, where more than `Effort` says
_TRAINS_EACH = {"early_bird", "multi_prize"}

PriceAll = Callable[[Sequence[Candidate]], list[TrialRecord]]
"""Prices candidates: an open record each, with its similarity."""


def can_rank(state: SearchState) -> bool:
    """Return whether the next proposals can be ranked, and are to be."""
    tickets = state.plan.study.tickets
    finder = tickets.early if tickets.finder == "early_time" else tickets.finder
    wanted = state.plan.study.search.ranked and finder not in _TRAINS_EACH
    return wanted and (state.trusts_similarity or state.can_rank)


def n_suggested(state: SearchState, count: int) -> int:
    """Return how many suggestions of the sampler are ranked for so many proposals."""
    return count if state.memory is None else -(-count // _SUGGESTED_LONG)


def ranked(
    state: SearchState,
    suggested: Sequence[Setting],
    first: int,
    price_all: PriceAll,
    count: int | None = None,
) -> list[Setting]:
    """Return so many settings: the best of the pool, and some suggestions unranked.

    Args:
        state: What is known before the batch.
        suggested: What the sampler suggests.
        first: Number of the first proposal: draws depend on it.
        price_all: Prices what nobody proposed yet.
        count: How many settings; None: as many as were suggested.
    """
    plan, known, count = state.plan, state.known, len(suggested) if count is None else count
    rng = np.random.default_rng([plan.study.seed, _DRAW, first])
    proposed = [_Drawn.of(plan.space, setting) for setting in suggested]
    new = {each.name: each.setting for each in proposed if each.name not in known}
    unranked = list(new)[: count // _UNRANKED]
    pool = _pool(state, rng, proposed, count)
    pool = {name: each for name, each in pool.items() if name not in unranked}
    priced = _priced(known, pool, price_all)
    candidates = [record for record in priced if record.feasible]
    if not candidates:
        return _filled(plan.space, rng, suggested, count)
    candidates, reached, ahead = _expected(state, candidates, rng, count)
    steps = np.array([steps_ahead(plan, record) for record in candidates], float)
    best = choose(state.box(), reached, ahead, steps, count - len(unranked))
    order = dict.fromkeys([*unranked, *(candidates[i].candidate.digest for i in best), *new])
    settings = [new[name] if name in new else pool[name].setting for name in list(order)[:count]]
    # the last resort are repeats: they are not trained again
    repeats = list(suggested) if state.memory is None else []
    return _filled(plan.space, rng, settings + repeats, count)


@dataclass(frozen=True)
class _Drawn:
    """What may be proposed: a candidate, and the setting that draws gave; None: any that gives it."""

    space: SearchSpace
    candidate: Candidate
    drawn: Setting | None = None

    @classmethod
    def of(cls, space: SearchSpace, setting: Setting) -> _Drawn:
        """Return what a setting proposes."""
        return cls(space, space.candidate(setting), setting)

    @property
    def name(self) -> str:
        """Digest of the candidate."""
        return self.candidate.digest

    @property
    def setting(self) -> Setting:
        """The setting: worked out only of what is chosen."""
        return self.space.setting(self.candidate) if self.drawn is None else self.drawn


def _filled(
    space: SearchSpace, rng: np.random.Generator, settings: Sequence[Setting], count: int
) -> list[Setting]:
    """Return so many settings: the first ones, and even draws where there are not so many."""
    return [*settings[:count], *(space.draw(rng) for _ in range(count - len(settings)))]


def _priced(
    known: Mapping[str, TrialRecord], pool: Mapping[str, _Drawn], price_all: PriceAll
) -> list[TrialRecord]:
    """Return the records of a pool: those that are known, the others as they are priced."""
    fresh = [name for name in pool if name not in known]
    records = price_all([pool[name].candidate for name in fresh])
    priced = dict(zip(fresh, records, strict=True))
    return [known.get(name) or priced[name] for name in pool]


def _expected(
    state: SearchState, candidates: list[TrialRecord], rng: np.random.Generator, count: int
) -> tuple[list[TrialRecord], Draws, Draws]:
    """Return the candidates of which so many may be chosen, what is reached, and draws of what each may become."""
    if not state.can_rank:
        reached, ahead = _by_similarity(state, candidates, rng)
        return candidates, reached, ahead
    learned = state.learned
    most = learned.effort.together
    if state.memory is not None:
        most = max(most, _TOGETHER * count)
    candidates = learned.contenders(candidates, begun=True, most=most)
    reached, ahead = learned.draws(learned.finished, candidates, rng)
    return candidates, reached, ahead


def _by_similarity(
    state: SearchState, records: Sequence[TrialRecord], rng: np.random.Generator
) -> tuple[Draws, Draws]:
    """Return what similarity alone makes expect: nothing reached, and draws of each candidate on its own.

    Of a network whose dense reference is less accurate than another's, so much less is expected.
    """
    mean = _PRIOR_MEAN + _PRIOR_SLOPE * similarity_logits(records) + dense_lead(state.dense_errors, records)
    errors = 1.0 - accuracy_of(mean + _PRIOR_SD * rng.standard_normal((DRAWS, len(records))))
    costs = log_costs(state.plan, [r.predicted for r in records])
    return Draws(np.zeros((DRAWS, 0)), costs[:0]), Draws(errors, costs)


def _pool(
    state: SearchState, rng: np.random.Generator, proposed: Sequence[_Drawn], count: int
) -> dict[str, _Drawn]:
    """Return different candidates that are not finished yet, by digest."""
    space, known = state.plan.space, state.known
    parents = [r.candidate for r in state.remembered if r.eligible]
    n_drawn, n_moved = (int(times * count) for times in (_TIMES if state.memory is None else _TIMES_LONG))
    drawn = [_Drawn.of(space, space.draw(rng)) for _ in range(n_drawn)]
    moved = [
        _Drawn.of(space, space.neighbour(space.setting(parents[int(rng.integers(len(parents)))]), rng))
        for _ in range(n_moved if parents else 0)
    ]
    stopped = [_Drawn(space, r.candidate) for r in state.remembered if r.outcome == "stopped"]
    pool: dict[str, _Drawn] = {}
    for each in [*proposed, *stopped, *moved, *drawn]:
        if each.name not in known or known[each.name].outcome == "stopped":
            pool.setdefault(each.name, each)
    return pool
