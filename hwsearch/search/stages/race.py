"""Which final trainings may still change the pick: contenders race, and everything else is trained once.

A recipe loses a share of the score against the dense network of the same seed, which has the same split: of two
networks on one split more is known than of each alone. The pick is the cheapest recipe whose mean loss is allowed.
Another training matters where the mean of all trainings may fall on the other side: of the pick itself, and of what
would be picked instead. What a mean of n may still move until it is one of all N is normal around nothing, with the
variance s^2 (1/n - 1/N); s^2 is the variance of one loss, which all recipes tell together. Where more is known of a
recipe than its own trainings say (`decide.foretell`), those that are left are expected to be as that says: the cheapest
of many that were trained once was lucky.

A pick that must be sure (`Race.sure`) goes by what is known of recipes altogether, and by nothing else: the cheapest
whose chance to be worse than needed is small enough. What is known settles with every training; how likely a recipe is
sure enough in the end is normal, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtr, ndtri

from hwsearch.predict.surrogate import OFFSET, chances_below, transform
from hwsearch.search.stages.luck import loss_sds, training_sds, variance
from hwsearch.search.stages.runner import Race, Runner


def sure_in_the_end(
    believed: Sequence[tuple[float, float]], runners: Sequence[Runner], race: Race
) -> np.ndarray:
    """Return [N] how likely each recipe is sure enough for the pick once it was trained with every seed.

    Args:
        believed: Score of each, and its standard deviation, before that.
        runners: What was trained so far: how much the trainings of one recipe differ.
        race: What is raced for; it has `Race.sure`.
    """
    scores, sds = np.array(believed, float).reshape(-1, 2).T
    own = np.array([variance(score, race.n_val) for score in np.clip(scores, 0.0, 1.0)])
    _, dense_sd = training_sds(runners, race.dense_score, race.n_val)
    factor = dense_sd**2 / variance(race.dense_score, race.n_val)
    return _sure_after(scores, sds, np.sqrt(factor * own / race.seeds), dense_sd, race)


def _sure_after(
    scores: np.ndarray, sds: np.ndarray, left: np.ndarray, dense_sd: float, race: Race
) -> np.ndarray:
    """Return [N] how likely each recipe is sure enough for the pick once it has the trainings that are left.

    A mean that is known to sd is known to sd' after those, and moves by sqrt(sd^2 - sd'^2) till then; it is sure enough
    where it lies so many sd' above the floor.

    Args:
        scores: [N] what is known of each.
        sds: [N] standard deviations of that.
        left: [N] standard deviations of the mean of those trainings.
        dense_sd: Of what one training of the dense network adds to a loss.
        race: What is raced for; it has `Race.sure`.
    """
    assert race.sure is not None
    scale = np.maximum(1.0 - scores, 0.0) + OFFSET
    told = _told_by(sds, left, dense_sd, race.seeds)
    after = np.sqrt(sds**2 - told) / scale
    above = transform(scores) - float(transform(np.array(race.floor))) - ndtri(1.0 - race.sure) * after
    return np.asarray(ndtr(above / (np.sqrt(told) / scale)))


def _told_by(sds: np.ndarray, left: np.ndarray, dense_sd: float, seeds: int) -> np.ndarray:
    """Return how much less the variance [N] of what is known of recipes is after the trainings that are left.

    The luck that the dense network had with all of its seeds remains: no training of a recipe tells of it.
    """
    open_ = np.maximum(sds**2 - dense_sd**2 / seeds, 1e-12)
    return np.asarray(open_**2 / (open_ + left**2))


def next_trainings(runners: Sequence[Runner], race: Race, *, settled: bool = True) -> dict[int, int]:
    """Return which recipes to train with how many more seeds; none: the race is over.

    Contenders get one more each; one that is alone gets two, where the first is not expected to decide. The pick itself
    is trained with every seed: its numbers are what is decided on.

    Args:
        runners: The recipes, each trained at least once.
        race: What they race for.
        settled: Whether nobody else is to join: only then is the pick trained with every seed.
    """
    open_ = {i: race.seeds - r.begun for i, r in enumerate(runners) if r.begun < race.seeds}
    if race.chance == 0:
        return open_
    leader, margins = standing(runners, race)
    sds = loss_sds(runners, race.dense_score, race.n_val)
    own_sds, dense_sd = training_sds(runners, race.dense_score, race.n_val)

    def chance_after(i: int, more: int) -> float:
        """Return how likely a recipe's remaining trainings change the pick once it has so many more as are expected."""
        margin, runner = margins[i], runners[i]
        if margin is None:
            return 0.0
        if race.sure is not None:
            return _changes_sure(runner, race, float(own_sds[i]), dense_sd, more, leads=i == leader)
        if leader is None:
            runner = replace(runner, believed=None)
        return _changes(runner, race, margin, float(sds[i]), more)

    chances = {i: chance_after(i, 0) for i in open_}
    worth = sorted(
        (i for i in chances if chances[i] > race.chance), key=lambda i: (-chances[i], runners[i].cost, i)
    )
    if len(worth) == 1 and chance_after(worth[0], 1) > race.chance:
        return {worth[0]: 2}
    if worth:
        return dict.fromkeys(sorted(worth[: race.at_once]), 1)
    return {leader: open_[leader]} if settled and leader in open_ else {}


def _changes(runner: Runner, race: Race, margin: float, sd: float, more: int) -> float:
    """Return how likely the mean over every seed is on the other side of what a recipe's score must not cross.

    Args:
        runner: The recipe.
        race: What it races for.
        margin: How far its score may move.
        sd: Standard deviation of one loss.
        more: Trainings that it will have had by then, and that were as expected.
    """
    done, left = runner.begun + more, race.seeds - runner.begun - more
    if left <= 0:
        return 0.0
    if runner.believed is None or race.rule == "accurate":
        return float(ndtr(-margin / (sd * np.sqrt(1 / done - 1 / race.seeds))))
    score, spread = runner.believed
    reached = (runner.begun * runner.score + (race.seeds - runner.begun) * score) / race.seeds
    moves = left / race.seeds * math.hypot(spread, sd / math.sqrt(left))
    above = (reached - race.floor) / moves
    return float(ndtr(-above if runner.score >= race.floor else above))


def _changes_sure(
    runner: Runner, race: Race, own_sd: float, dense_sd: float, more: int, *, leads: bool
) -> float:
    """Return how likely a recipe is sure enough in the end, or, where it leads, is not.

    Args:
        runner: The recipe.
        race: What it races for.
        own_sd: Standard deviation of one loss that comes of its own training.
        dense_sd: Of the dense network's.
        more: Trainings that it will have had by then, and that were as expected.
        leads: Whether it is picked at present.
    """
    if runner.believed is None or runner.begun + more >= race.seeds:
        return 0.0
    score, known = (np.array([own]) for own in runner.believed)
    if more:
        known = np.sqrt(
            known**2 - _told_by(known, np.array([own_sd / math.sqrt(more)]), dense_sd, race.seeds)
        )
    left = np.array([own_sd / math.sqrt(race.seeds - runner.begun - more)])
    (sure,) = _sure_after(score, known, left, dense_sd, race)
    return float(1 - sure if leads else sure)


def standing(runners: Sequence[Runner], race: Race) -> tuple[int | None, list[float | None]]:
    """Return who is picked at present, and how far each recipe's score may move before that changes.

    None: it changes nothing, however far. Where nobody can be picked, everyone may still be.
    """
    floor = race.floor
    fit = [i for i, r in enumerate(runners) if _fits(r, race)]
    if not fit:
        return None, [abs(r.score - floor) if r.able else 0.0 for r in runners]
    if race.rule == "accurate":
        leader, *others = sorted(fit, key=lambda i: (-runners[i].score, runners[i].cost, i))
        best = runners[leader].score
        behind: list[float | None] = [best - r.score if r.able else None for r in runners]
        behind[leader] = best - runners[others[0]].score if others else None
        return leader, behind
    leader = min(fit, key=lambda i: (runners[i].cost, -runners[i].score, i))
    most = runners[leader].cost
    return leader, [abs(r.score - floor) if r.able and r.cost <= most else None for r in runners]


def _fits(runner: Runner, race: Race) -> bool:
    """Return whether a recipe could be picked; one that is sure enough also where another one had more luck."""
    if race.sure is not None:
        return sure_enough(runner, race)
    return runner.able and runner.on_front and runner.score >= race.floor


def sure_enough(runner: Runner, race: Race) -> bool:
    """Return whether a recipe is as sure to have the score as a pick must be; race: it has `Race.sure`."""
    if runner.believed is None or race.sure is None:
        return False
    score, sd = runner.believed
    return runner.able and bool(chances_below(np.array([score]), np.array([sd]), race.floor)[0] <= race.sure)
