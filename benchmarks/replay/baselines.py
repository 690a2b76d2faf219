"""Contestants that others would run: random search, Optuna's samplers, successive halving, and what people do by hand.

A contestant is ``contestant(world, seed)``, an iterator of the cycles that it trains; it asks the world for prices and
for what it observes, never for the truth. It ends when it knows nothing more to train (``staged``, ``grid``, or any
after `STUCK` proposals in a row that were trained before). Its results are told to Optuna as (1 - accuracy, log cost).
Another module adds its own to CONTESTANTS.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import optuna
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, TPESampler

from benchmarks.replay.response import y_of
from benchmarks.replay.trainings import Offer, Step, Trainings, objectives, random_candidate, spread_order
from benchmarks.replay.world import World
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import canonical

Contestant = Callable[[World, int], Iterator[Step | Offer]]
STUCK, POPULATION = 500, 16
ETA, FLOOR, ENOUGH = 4, 0.85, 8
TOP_OF, TOP_K = 64, 16
LADDER_BITS, N_LOWERED, LOST_POINTS = 8, 3, 0.02


def random_search(world: World, seed: int) -> Iterator[Step]:
    """Train random candidates in full."""
    own = Trainings(world, seed)
    for candidate in _fresh(world, own, seed):
        yield from own.in_full(candidate)


def random_rungs(world: World, seed: int) -> Iterator[Step]:
    """Random proposals; whenever a rung has one among its best quarter that did not go on, it goes on.

    Into the last rung only those go that could reach the floor there: whose y (see `response`) foretold by a line
    through the trainings in full so far, plus the line's residual, is that of the floor at least.
    """
    own = Trainings(world, seed)
    rungs: list[list[Step]] = [[] for _ in world.cycles]
    fresh = _fresh(world, own, seed)
    while True:
        chosen = _promoted(rungs)
        if chosen is None:
            candidate = next(fresh, None)
            if candidate is None:
                return
        else:
            candidate = chosen.candidate
        step = own.further(candidate)
        rungs[step.rung].append(step)
        yield step


def mo_asha(world: World, seed: int) -> Iterator[Step]:
    """Run MO-ASHA as Syne Tune has it: stop whatever is not in its rung's best quarter as it arrives; no floor."""
    own = Trainings(world, seed)
    rungs: list[list[Step]] = [[] for _ in world.cycles]
    for candidate in _fresh(world, own, seed):
        for rung in rungs:
            step = own.further(candidate)
            rung.append(step)
            yield step
            place = spread_order(objectives(rung)).tolist().index(len(rung) - 1)
            if place / len(rung) > 1 / ETA:
                break


def top_k(world: World, seed: int) -> Iterator[Step]:
    """Train 64 random candidates for one epoch and the 16 best of them in full, again and again."""
    own = Trainings(world, seed)
    fresh = _fresh(world, own, seed)
    while True:
        begun = []
        for candidate in (c for c, _ in zip(fresh, range(TOP_OF), strict=False)):
            step = own.further(candidate)
            begun.append(step)
            yield step
        if not begun:
            return
        for place in spread_order(objectives(begun))[:TOP_K]:
            yield from own.in_full(begun[place].candidate)


def staged(world: World, seed: int) -> Iterator[Step]:
    """Do as people do: a ladder of sparsities of single weights at 8 bits, then fewer bits on its best steps.

    The best steps are the three sparsest that lost at most two points to the dense network.
    """
    own, space, timesteps = Trainings(world, seed), world.space, world.plan.dense_timesteps
    ladder = [_uniform(world, "weight", s, LADDER_BITS, timesteps) for s in space.sparsity]
    for candidate in ladder:
        yield from own.in_full(candidate)
    held = own.last[ladder[0].digest].accuracy - LOST_POINTS
    good = [c for c in ladder if own.last[c.digest].accuracy >= held]
    for chosen in reversed(good[-N_LOWERED:]):
        for bits in sorted((b for b in space.weight_bits if b < LADDER_BITS), reverse=True):
            yield from own.in_full(_uniform(world, "weight", max(chosen.sparsity), bits, timesteps))


def exhaustive(world: World, seed: int) -> Iterator[Step]:
    """Train every choice that is one for all layers in full, in random order."""
    own, space = Trainings(world, seed), world.space
    cells = [
        _uniform(world, g, s, b, t)
        for g in space.granularity
        for s in space.sparsity
        for b in space.weight_bits
        for t in space.timesteps
    ]
    for place in np.random.default_rng([seed, 0]).permutation(len(cells)):
        yield from own.in_full(cells[place])


def of_sampler(sampler: Callable[[int], BaseSampler]) -> Contestant:
    """Return the contestant that trains what a sampler of Optuna asks for, in full."""

    def contestant(world: World, seed: int) -> Iterator[Step]:
        own, twins = Trainings(world, seed), 0
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(directions=["minimize"] * 2, sampler=sampler(seed))
        while True:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                trial = study.ask()
                candidate = world.space.candidate(
                    {
                        name: trial.suggest_int(name, 0, n - 1)
                        if isinstance(n, int)
                        else trial.suggest_categorical(name, n)
                        for name, n in world.space.knobs.items()
                    }
                )
            twins = twins + 1 if own.is_full(candidate) else 0
            if twins > STUCK:
                return
            yield from own.in_full(candidate)
            values = objectives([own.last[candidate.digest]])[0]
            study.tell(trial, [float(v) for v in values])

    return contestant


CONTESTANTS: dict[str, Contestant] = {
    "random": random_search,
    "random_rungs": random_rungs,
    "nsga2": of_sampler(lambda seed: NSGAIISampler(seed=seed, population_size=POPULATION)),
    "tpe": of_sampler(lambda seed: TPESampler(seed=seed)),
    "gp": of_sampler(lambda seed: GPSampler(seed=seed)),
    "tpe_400": of_sampler(lambda seed: TPESampler(seed=seed)),  # with a larger budget
    "gp_200": of_sampler(lambda seed: GPSampler(seed=seed)),  # likewise
    "mo_asha": mo_asha,
    "top_k": top_k,
    "staged": staged,
    "grid": exhaustive,
}
"""Every contestant by its name."""


def _fresh(world: World, own: Trainings, seed: int) -> Iterator[Candidate]:
    """Yield random candidates that were never begun, until hardly any are left."""
    rng, twins = np.random.default_rng([seed, 0]), 0
    while twins <= STUCK:
        candidate = random_candidate(world, rng)
        twins = twins + 1 if candidate.digest in own.last else 0
        if not twins:
            yield candidate


def _uniform(world: World, granularity: str, sparsity: float, bits: int, timesteps: int) -> Candidate:
    """Return the candidate with one choice for all layers."""
    n = max(1, world.space.per_layer)
    return canonical(Candidate((sparsity,) * n, granularity, (bits,) * n, timesteps))


def _promoted(rungs: list[list[Step]]) -> Step | None:
    """Return who goes on: of the highest rung that has one among its best quarter, the best; None: nobody."""
    for index in reversed(range(len(rungs) - 1)):
        rung, above = rungs[index], {step.candidate.digest for step in rungs[index + 1]}
        if index == len(rungs) - 2:
            rung = _could_hold(rung, rungs[-1])
        best = spread_order(objectives(rung))[: len(rung) // ETA] if rung else []
        for place in best:
            if rung[place].candidate.digest not in above:
                return rung[place]
    return None


def _could_hold(rung: list[Step], full: list[Step]) -> list[Step]:
    """Return the steps of the last but one rung whose candidates could reach the floor at the last."""
    if len(full) < ENOUGH:
        return rung
    before = {step.candidate.digest: step.accuracy for step in rung}
    x = y_of(np.array([before[step.candidate.digest] for step in full]))
    y = y_of(np.array([step.accuracy for step in full]))
    slope, offset = np.polyfit(x, y, 1) if np.ptp(x) > 0 else (0.0, y.mean())
    residual = (y - slope * x - offset).std()
    foretold = slope * y_of(np.array([step.accuracy for step in rung])) + offset
    holds = foretold + residual >= y_of(np.array(FLOOR))
    return [step for step, own in zip(rung, holds, strict=True) if own]
