"""A small search for plain networks: a few dozen, on validation; the best of them again with fresh seeds, and on test.

Dense networks of every shape are trained side by side. Candidates are pruned and quantised from these and trained on:
first settings spread over sizes, then neighbours of what is good near the score that the pick needs. Each of the few
that are left is trained anew with each fresh seed, on that seed's split, and the test split is looked at, once. Those
few were lucky, as the best of many are: where none of them is accurate enough in the mean, the next best follow.

All trainings together may cost so many steps (`Effort`); a step is one sample through one network, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.rival.choose import undominated
from hwsearch.rival.inputs import bins_offered
from hwsearch.rival.network import Floats, Setting, Shape
from hwsearch.rival.settings import neighbours, offered, spread
from hwsearch.rival.stack import Split
from hwsearch.rival.trainings import Asking, Effort, Trainings, Tried
from hwsearch.seeds import seed_of

HIDDEN = (0, 6, 12, 24, 48, 96)
"""Hidden neurons that are tried; 0: the classes read the input."""
_ROUNDS = (12, 6, 6)
_FINALISTS = 4  # that are paid for; of shapes that are there already more
_MOST_EPOCHS = 40
_DENSE_TRAININGS = 5


@dataclass(frozen=True)
class Found:
    """What a search for plain networks found.

    Attributes:
        finals: Of each finalist, its trainings by their fresh seed; those that did not train are missing.
        tried: Candidates that were trained.
        effort: What it was to cost.
        train_steps: What it cost.
    """

    finals: Mapping[Setting, Mapping[int, Tried]]
    tried: int
    effort: Effort
    train_steps: int


def effort_of(plan: Plan) -> Effort:
    """Return what a search for plain networks may cost: the study says it, whatever the search itself costs.

    A dense network is trained for as many epochs as the study's own, a candidate for half as many; for more where all
    of that would be less than five trainings of the study's own, since a plain network has no timesteps to go through.
    """
    n_shapes, study = len(HIDDEN) * len(bins_offered(plan.data)), plan.study
    # a dense network takes two shares, a candidate one, a finalist three with each seed
    shares = 2 * n_shapes + sum(_ROUNDS) + 3 * _FINALISTS * study.final.seeds
    own = study.train.dense_epochs
    epochs = min(_MOST_EPOCHS, max(-(-own // 2), _DENSE_TRAININGS * own * plan.dense_timesteps // shares))
    return Effort(2 * epochs, epochs, epochs * shares * len(plan.data.y_train))


def rivals(plan: Plan, effort: Effort, floor: float, seeds: Sequence[int]) -> Asking[Found]:
    """Search for plain networks; ask for what is to be trained.

    Args:
        plan: The question; its device runs plain networks (`price.why_none`).
        effort: What it may cost.
        floor: The score on validation that the pick needs.
        seeds: The fresh ones.
    """
    trainings = Trainings(plan, effort)
    splits = [Split(plan.study.seed)]
    settings, rng = offered(plan, HIDDEN), np.random.default_rng(seed_of("rival", plan.study.seed))
    dense = yield from trainings.dense(splits, {setting.shape for setting in settings})
    tried: dict[Setting, Tried] = {}
    for number, n in enumerate(_ROUNDS):
        asked = (
            neighbours(settings, _near(tried.values(), floor), set(tried), n, rng)
            if number
            else spread(settings, plan, n, rng)
        )
        (found,) = yield from trainings.tuned(splits, asked, dense)
        tried |= found
    finals = yield from _finals(trainings, plan, list(tried.values()), floor, seeds)
    return Found(finals, len(tried), effort, trainings.spent)


def _finals(
    trainings: Trainings, plan: Plan, tried: Sequence[Tried], floor: float, seeds: Sequence[int]
) -> Asking[dict[Setting, dict[int, Tried]]]:
    """Return the finalists' trainings by their fresh seed, each on its split; without those that did not train."""
    fresh = [Split(seed, fresh=True) for seed in seeds]
    dense: list[dict[Shape, Floats]] = [{} for _ in fresh]
    found: dict[Setting, dict[int, Tried]] = {}
    chosen, following = list[Tried](), finalists(tried, floor)
    while following:
        chosen += following
        settings = [each.setting for each in following]
        shapes = {setting.shape for setting in settings} - dense[0].keys()
        for known, trained in zip(dense, (yield from trainings.dense(fresh, shapes)), strict=True):
            known |= trained
        runs = yield from trainings.tuned(fresh, settings, dense)
        for setting in settings:
            found[setting] = {
                seed: of[setting] for seed, of in zip(seeds, runs, strict=True) if setting in of
            }
        reached = any(_reaches(each.values(), floor) for each in found.values())
        others = further(tried, chosen, plan.study.search.worth) if reached else next_best(tried, chosen)
        following = _affordable(trainings, fresh, others, dense[0])[: None if reached else 1]
    return {setting: each for setting, each in found.items() if each}


def _reaches(runs: Iterable[Tried], floor: float) -> bool:
    """Return whether a finalist is accurate enough in the mean, and keeps the budgets with some seed."""
    scores = [run.score for run in runs]
    return bool(scores) and float(np.mean(scores)) >= floor and any(not run.price.faults for run in runs)


def _affordable(
    trainings: Trainings, fresh: Sequence[Split], options: Sequence[Tried], known: Mapping[Shape, Floats]
) -> list[Tried]:
    """Return which of some may be trained with every fresh seed by the steps that are left, in their order."""
    taken = list[Tried]()
    for option in options:
        settings = [each.setting for each in (*taken, option)]
        shapes = {setting.shape for setting in settings} - known.keys()
        if trainings.spent + trainings.cost(fresh, shapes, settings) <= trainings.effort.steps:
            taken.append(option)
    return taken


def finalists(tried: Sequence[Tried], floor: float) -> list[Tried]:
    """Return what is worth fresh seeds in any case.

    The smallest and the most frugal of those that are accurate enough, and the most accurate.
    """
    front = front_of_tried(tried)
    able = [each for each in front if each.score >= floor]
    ranked = sorted(able, key=lambda each: each.costs)[:1]
    ranked += sorted(able, key=lambda each: each.costs[::-1])[:1]
    ranked += sorted(front, key=lambda each: (-each.score, each.costs))[:1]
    return list({each.setting: each for each in ranked}.values())


def further(tried: Sequence[Tried], chosen: Sequence[Tried], worth: float) -> list[Tried]:
    """Return what else of the front is of use, in an order that fills its gaps.

    Each is the farthest, in score, from all that stand before it.

    Args:
        tried: All.
        chosen: What comes first.
        worth: Score that may be lost against the best.
    """
    front = front_of_tried(tried)
    taken, best = list(chosen), max((each.score for each in front), default=0.0)
    rest = [each for each in front if each not in chosen and each.score >= best - worth]
    while rest:
        farthest = max(
            rest, key=lambda each: min((abs(each.score - other.score) for other in taken), default=1.0)
        )
        taken.append(farthest)
        rest.remove(farthest)
    return taken[len(chosen) :]


def next_best(tried: Sequence[Tried], chosen: Sequence[Tried]) -> list[Tried]:
    """Return the others that keep the budgets, the most accurate first."""
    rest = [each for each in tried if not each.price.faults and each not in chosen]
    return sorted(rest, key=lambda each: (-each.score, each.costs))


def front_of_tried(tried: Iterable[Tried]) -> list[Tried]:
    """Return those of what keeps the budgets that no other is as good as in score and costs, and better in one."""
    able = [each for each in tried if not each.price.faults]
    return undominated(able, [(-each.score, *each.costs) for each in able])


def _near(tried: Iterable[Tried], floor: float) -> list[Setting]:
    """Return the settings of the front, those first whose score is nearest to what is needed."""
    front = front_of_tried(tried)
    return [each.setting for each in sorted(front, key=lambda each: abs(each.score - floor))]
