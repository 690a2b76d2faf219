"""Proposals drawn in plenty, of which those with the largest expected gain a train_step are taken.

Drawn are suggestions of the study's sampler, even draws over the knobs, neighbours of the front (a knob or two moved),
and trainings that were stopped. All are priced; what breaks a budget is left out. Some suggestions are taken as they
come, if nobody asked for them before: what nobody ranked shows what ranking would miss. Before there are trainings to
learn from, similarity alone ranks, where it is good: y = -log(error + 0.01) of a trained candidate was 2.5 + 0.32
logit(similarity), give or take 0.5, over 370 digits mixes. Finders that train for every candidate (early-bird,
multi-prize) have nothing ranked: their tickets would cost more than ranking saves. Nor have samplers whose suggestions
are chance or order (`study.search_sections.UNRANKED`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import steps_ahead
from hwsearch.predict.surrogate import accuracy_of
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.decide.hypervolume_gain import DRAWS, Draws, choose
from hwsearch.search.decide.learned import LEAST_KNOWN, box_of, learn, log_costs, similarity_logits
from hwsearch.space.space import SearchSpace, Setting

_GUESS, _SLOPE, _GUESS_SD = 2.5, 0.32, 0.6
_DRAW, _TIMES, _UNRANKED = 0x9007, 8, 8  # draws and neighbours a proposal; one in so many is taken unranked
_TRAINS_EACH = {"early_bird", "multi_prize"}

Look = Callable[[Sequence[Setting]], list[TrialRecord]]
"""Prices settings: a record each, with its similarity."""


def ranks(plan: Plan, similar: bool, known: Mapping[str, TrialRecord]) -> bool:
    """Return whether the next proposals can be ranked, and are to be."""
    tickets = plan.study.tickets
    finder = tickets.early if tickets.finder == "early_time" else tickets.finder
    return plan.study.search.ranked and finder not in _TRAINS_EACH and (similar or not _few(plan, known))


def ranked(
    plan: Plan,
    dense: tuple[CostFields, float],
    similar: bool,
    known: Mapping[str, TrialRecord],
    suggested: Sequence[Setting],
    first: int,
    look: Look,
) -> list[Setting]:
    """Return as many settings as were suggested: the best of the pool, and some suggestions unranked.

    Args:
        plan: The question.
        dense: Costs and error of the dense network.
        similar: Whether similarity is to be used.
        known: Records of earlier batches, by candidate digest.
        suggested: What the sampler suggests.
        first: Number of the first proposal: draws depend on it.
        look: Prices settings.
    """
    count, rng = len(suggested), np.random.default_rng([plan.study.seed, _DRAW, first])
    new = {name: own for own in suggested if (name := plan.space.candidate(own).digest) not in known}
    unranked = list(new)[: count // _UNRANKED]
    pool = _pool(plan.space, rng, known, suggested, count)
    pool = {name: own for name, own in pool.items() if name not in unranked}
    fresh = [name for name in pool if name not in known]
    priced = dict(zip(fresh, look([pool[name] for name in fresh]), strict=True))
    candidates = [own for own in (known.get(name) or priced[name] for name in pool) if own.feasible]
    if not candidates:
        return list(suggested)
    if _few(plan, known):
        reached, ahead = _guessed(plan, candidates, rng)
    else:
        learned = learn(plan, similar, list(known.values()))
        candidates = learned.contenders(candidates, begun=True)
        reached, ahead = learned.draws(learned.finished, candidates, rng)
    left = np.array([steps_ahead(plan, record) for record in candidates], float)
    best = choose(box_of(plan, dense), reached, ahead, left, count - len(unranked))
    order = dict.fromkeys([*unranked, *(candidates[i].candidate.digest for i in best), *new])
    settings = [new[name] if name in new else pool[name] for name in order]
    return (settings + list(suggested))[:count]  # the last resort are repeats: they are not trained again


def _few(plan: Plan, known: Mapping[str, TrialRecord]) -> bool:
    return sum(bool(record.curve) for record in known.values()) + len(plan.others) < LEAST_KNOWN


def _guessed(plan: Plan, records: Sequence[TrialRecord], rng: np.random.Generator) -> tuple[Draws, Draws]:
    """Return what similarity alone makes expect: nothing reached, and draws of each candidate on its own."""
    mean = _GUESS + _SLOPE * similarity_logits(records)
    errors = 1.0 - accuracy_of(mean + _GUESS_SD * rng.standard_normal((DRAWS, len(records))))
    costs = log_costs(plan, [r.predicted for r in records])
    return Draws(np.zeros((DRAWS, 0)), costs[:0]), Draws(errors, costs)


def _pool(
    space: SearchSpace,
    rng: np.random.Generator,
    known: Mapping[str, TrialRecord],
    suggested: Sequence[Setting],
    count: int,
) -> dict[str, Setting]:
    """Return different settings that are not finished yet, by candidate digest."""
    parents = [space.setting(r.candidate) for r in known.values() if r.eligible]
    drawn = [space.draw(rng) for _ in range(_TIMES * count)]
    moved = [
        space.neighbour(parents[int(rng.integers(len(parents)))], rng)
        for _ in range(_TIMES * count if parents else 0)
    ]
    stopped = [space.setting(r.candidate) for r in known.values() if r.outcome == "stopped"]
    pool: dict[str, Setting] = {}
    for own in [*suggested, *stopped, *moved, *drawn]:
        name = space.candidate(own).digest
        if name not in known or known[name].outcome == "stopped":
            pool.setdefault(name, own)
    return pool
