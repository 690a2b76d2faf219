"""The final trainings of a replayed search: what the product's race picks of what is offered, and what that costs.

`pick` trains all that is offered, `pick_contenders` contenders for the pick first, as hwsearch does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.replay.world import World
from hwsearch.predict.surrogate import chances_below
from hwsearch.search.decide.batch_size import batch_size
from hwsearch.search.decide.finalists import promising
from hwsearch.search.decide.foretell import Aim, Foretold, foresight, next_contenders
from hwsearch.search.decide.front import non_dominated
from hwsearch.search.decide.state import SearchState
from hwsearch.search.stages.ending import reached_by
from hwsearch.search.stages.luck import score_halves
from hwsearch.search.stages.pick_chance import believed
from hwsearch.search.stages.race import next_trainings, standing, sure_enough, sure_in_the_end
from hwsearch.search.stages.runner import Race, Runner
from hwsearch.space.candidate import Candidate

SEEDS, CHANCE = 5, 0.1
_FINAL = 2
_FRESH = 1_000_003  # seeds of final trainings: far from those of the search


@dataclass(frozen=True)
class Picked:
    """What would be handed over.

    Attributes:
        candidate: It; None: nothing is accurate enough.
        chance: That it is worse than needed, as a run states it.
        steps: Of all final trainings, the dense network's too.
        once: Of what was trained once, whether the 95 % interval of the score holds the truth.
        foretold: Of what stands on the front foretold, likewise.
        rounds: Of `pick_contenders`: steps of the trainings of each round; the dense network's come with the first.
    """

    candidate: Candidate | None
    chance: float | None
    steps: int
    once: tuple[bool, ...]
    foretold: tuple[bool, ...] = ()
    rounds: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class _Start:
    """What the final race begins with: the dense network's trainings, the fresh seeds, and what is raced for."""

    whole: list[float]
    fresh: list[int]
    race: Race

    @classmethod
    def of(
        cls,
        world: World,
        seed: int,
        within: float,
        seeds: int = SEEDS,
        sure: float | None = None,
        contenders: int = 2,
    ) -> _Start:
        """Return that of a contestant."""
        fresh = [_FRESH * (seed + 1) + k for k in range(seeds)]
        whole = [world.observe(dense_of(world), _FINAL, s) for s in fresh]
        score, n_val = float(np.mean(whole)), len(world.plan.data.y_val)
        floor = score - within - 1e-9
        race = Race(world.rule, floor, score, n_val, seeds, CHANCE, sure, 2 * contenders)
        return cls(whole, fresh, race)


def dense_of(world: World) -> Candidate:
    """Return the dense network at most bits and the longest T."""
    return Candidate((0.0,), "weight", (max(world.space.weight_bits),), world.plan.dense_timesteps)


def pick(world: World, offered: Sequence[Candidate], seed: int, within: float) -> Picked:
    """Return what the final race picks of candidates, and what it trains for that."""
    start = _Start.of(world, seed, within)
    race, done, wanted = start.race, [0] * len(offered), dict.fromkeys(range(len(offered)), 1)
    while wanted:
        for i, n in wanted.items():
            done[i] += n
        runners = _runners(world, offered, done, start)
        wanted = next_trainings(runners, race)
    chosen = _fit(runners, race)
    chance = None if chosen is None else _chance(believed(runners, race)[chosen], race)
    picked = None if chosen is None else offered[chosen]
    return Picked(picked, chance, _steps(world, offered, done), _once(world, offered, done, runners, race))


def pick_contenders(
    world: World,
    state: SearchState,
    seed: int,
    within: float,
    *,
    foretell: bool,
    seeds: int = SEEDS,
    sure: float | None = None,
) -> Picked:
    """Return what is picked where contenders are trained first (`hwsearch.search.stages.ending` does the same).

    Args:
        world: Where they are.
        state: What is known at the end of the search.
        seed: Of the contestant.
        within: The tolerance.
        foretell: Whether the other members of the front are foretold (``final.others``), and not trained once.
        seeds: Fresh seeds (``final.seeds``).
        sure: ``pick.chance``.
    """
    search, known = state.plan.study.search, foresight(state)
    contenders, room = search.contenders, batch_size(search, 0)
    start = _Start.of(world, seed, within, seeds, sure, contenders)
    race, at = start.race, {record.candidate.digest: record.trial for record in known.records}
    offered, done, runners = list[Candidate](), list[int](), list[Runner]()
    last = promising(state) if not foretell else []
    rounds = [[world.full_steps] * seeds]
    while True:
        reached = reached_by([at[c.digest] for c in offered], runners, race)
        told = known.given(reached, race.floor)
        runners = [
            replace(own, believed=told.believed[at[c.digest]])
            for own, c in zip(runners, offered, strict=True)
        ]
        able = None
        if sure is not None:
            able = sure_in_the_end(list(told.believed.values()), runners, race)
            reached = [
                replace(own, fits=sure_enough(runner, race))
                for own, runner in zip(reached, runners, strict=True)
            ]
        aim = Aim(race.rule, race.floor, race.chance, contenders)
        new = next_contenders(told, aim, reached, {own.trial for own in reached}, able)
        again = next_trainings(runners, race, settled=not new) if runners and not (foretell and new) else {}
        rest = [record for record in last if record.candidate not in offered and record not in new]
        size = len(new) + sum(again.values())
        new += rest[: max(0, room - size)] if size else rest
        if not new and not again:
            break
        rounds.append([])
        for i, n in again.items():
            done[i] += n
            rounds[-1] += [_whole_steps(world, offered[i])] * n
        rounds[-1] += [_whole_steps(world, record.candidate) for record in new]
        offered += [record.candidate for record in new]
        done += [1] * len(new)
        runners = _runners(world, offered, done, start)
    chosen = standing(runners, race)[0] if runners else None
    known = told.believed[at[offered[chosen].digest]] if chosen is not None else None
    return Picked(
        None if chosen is None else offered[chosen],
        None if known is None else _chance(known, race),
        _steps(world, offered, done, seeds),
        _once(world, offered, done, runners, race),
        _foretold(world, told, {r.trial for r in promising(state)} - {own.trial for own in reached}),
        tuple(map(tuple, rounds)),
    )


def _chance(known: tuple[float, float], race: Race) -> float:
    """Return how likely what is known of a recipe is worse than needed."""
    return float(chances_below(np.array([known[0]]), np.array([known[1]]), race.floor)[0])


def _foretold(world: World, told: Foretold, trials: Collection[int]) -> tuple[bool, ...]:
    """Return of what is foretold whether its 95 % interval holds the truth."""
    own = [i for i, record in enumerate(told.records) if record.trial in trials]
    truth = world.truth([told.records[i].candidate for i in own], _FINAL)
    return tuple(
        bool(low <= true <= high) for (_, low, high), true in zip(told.scores[own], truth, strict=True)
    )


def _fit(runners: Sequence[Runner], race: Race) -> int | None:
    """Return which is picked; None: nothing is accurate enough."""
    fit = [i for i, r in enumerate(runners) if r.on_front and r.score >= race.floor]
    return min(fit, key=lambda i: (runners[i].cost, -runners[i].score)) if fit else None


def _steps(world: World, offered: Sequence[Candidate], done: Sequence[int], seeds: int = SEEDS) -> int:
    """Return the steps of all final trainings, the dense network's too."""
    full = [_whole_steps(world, c) for c in offered]
    return seeds * world.full_steps + sum(n * own for n, own in zip(done, full, strict=True))


def _whole_steps(world: World, candidate: Candidate) -> int:
    """Return the steps of a training in full."""
    return sum(world.steps(candidate, rung) for rung in range(len(world.cycles)))


def _once(
    world: World, offered: Sequence[Candidate], done: Sequence[int], runners: Sequence[Runner], race: Race
) -> tuple[bool, ...]:
    """Return of what was trained once whether the 95 % interval of the score holds the truth."""
    if not runners:
        return ()
    halves = score_halves(runners, race.dense_score, race.n_val, race.seeds)
    truth = world.truth(offered, _FINAL)
    return tuple(
        bool(abs(r.score - true) <= half)
        for r, n, true, half in zip(runners, done, truth, halves, strict=True)
        if n == 1
    )


def _runners(
    world: World,
    offered: Sequence[Candidate],
    done: Sequence[int],
    start: _Start,
) -> list[Runner]:
    """Return what is offered as it races after so many trainings each."""
    whole, fresh = start.whole, start.fresh
    losses = [
        tuple(whole[k] - world.observe(c, _FINAL, fresh[k]) for k in range(n))
        for c, n in zip(offered, done, strict=True)
    ]
    scores = [float(np.mean(whole) - np.mean(own)) for own in losses]
    costs = world.cost_truth(offered).tolist()
    on_front = non_dominated(np.column_stack([1 - np.array(scores), costs])).tolist()
    return [
        Runner(*own) for own in zip(costs, losses, scores, [True] * len(done), done, on_front, strict=True)
    ]
