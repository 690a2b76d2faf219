"""A small search for plain networks: a few dozen, on validation; the best of them again with fresh seeds, and on test.

Dense networks of every shape are trained side by side. Candidates are pruned and quantised from these and trained on:
first settings spread over sizes, then neighbours of what is good near the score that the pick needs. Each of the few
that are left is trained anew with each fresh seed, on that seed's split, and the test split is looked at, once.

All trainings together may cost so many steps (`Effort`); a step is one sample through one network, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.data.datasets import resplit
from hwsearch.plan.plan import Plan
from hwsearch.rival.choose import undominated
from hwsearch.rival.inputs import bins_offered
from hwsearch.rival.network import Setting
from hwsearch.rival.settings import neighbours, offered, spread
from hwsearch.rival.splits import Effort, Split, Tell, Trainings, Tried
from hwsearch.seeds import seed_of

HIDDEN = (0, 6, 12, 24, 48, 96)
"""Hidden neurons that are tried; 0: the classes read the input."""
_ROUNDS = (12, 6, 6)
_FINALISTS = 3
_MOST_EPOCHS = 40


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


def effort_of(plan: Plan, allowed: int) -> Effort | None:
    """Return how a number of steps is shared out; None: it is not enough for one epoch of each training.

    A dense network takes two shares, a candidate one, a finalist three with each seed.
    """
    n_shapes = len(HIDDEN) * len(bins_offered(plan.data))
    shares = 2 * n_shapes + sum(_ROUNDS) + 3 * _FINALISTS * plan.study.final.seeds
    n_train = len(plan.data.y_train)
    share = min(_MOST_EPOCHS, allowed // (shares * n_train))
    return Effort(2 * share, share, share * shares * n_train) if share else None


def rivals(
    plan: Plan, effort: Effort, floor: float, seeds: Sequence[int], tell: Tell = lambda n, of: None
) -> Found:
    """Search for plain networks.

    Args:
        plan: The question; its device runs plain networks (`price.why_none`).
        effort: What it may cost.
        floor: The score on validation that the pick needs.
        seeds: The fresh ones.
        tell: Told of progress.
    """
    trainings = Trainings(plan, effort, tell)
    splits = [Split(plan.data, plan.study.seed)]
    settings, rng = offered(plan, HIDDEN), np.random.default_rng(seed_of("rival", plan.study.seed))
    dense = trainings.dense(splits, {setting.shape for setting in settings})
    tried: dict[Setting, Tried] = {}
    for number, n in enumerate(_ROUNDS):
        asked = (
            neighbours(settings, _near(tried.values(), floor), set(tried), n, rng)
            if number
            else spread(settings, plan, n, rng)
        )
        tried |= trainings.tuned(splits, asked, dense)[0]
    chosen = finalists(list(tried.values()), floor, _FINALISTS)
    for each in further(list(tried.values()), chosen, plan.study.search.worth):
        cost = trainings.finals_cost([other.setting for other in (*chosen, each)], seeds)
        if trainings.spent + cost <= effort.steps:
            chosen.append(each)
    finals = _finals(trainings, plan, [each.setting for each in chosen], seeds)
    return Found(finals, len(tried), effort, trainings.spent)


def _finals(
    trainings: Trainings, plan: Plan, settings: Sequence[Setting], seeds: Sequence[int]
) -> dict[Setting, dict[int, Tried]]:
    """Return the finalists' trainings by their fresh seed, each on its split; without those that did not train."""
    fresh = [Split(resplit(plan.data, seed), seed, test=True) for seed in seeds]
    dense = trainings.dense(fresh, {setting.shape for setting in settings})
    found: dict[Setting, dict[int, Tried]] = {setting: {} for setting in settings}
    for seed, trained in zip(seeds, trainings.tuned(fresh, settings, dense), strict=True):
        for setting, each in trained.items():
            found[setting][seed] = each
    return {setting: runs for setting, runs in found.items() if runs}


def finalists(tried: Sequence[Tried], floor: float, most: int) -> list[Tried]:
    """Return what is worth fresh seeds in any case.

    The smallest and the most frugal of those that are accurate enough, and the most accurate.
    """
    front = front_of_tried(tried)
    able = [each for each in front if each.score >= floor]
    ranked = sorted(able, key=lambda each: each.costs)[:1]
    ranked += sorted(able, key=lambda each: each.costs[::-1])[:1]
    ranked += sorted(front, key=lambda each: (-each.score, each.costs))[:1]
    return list({each.setting: each for each in ranked}.values())[:most]


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


def front_of_tried(tried: Iterable[Tried]) -> list[Tried]:
    """Return those of what keeps the budgets that no other is as good as in score and costs, and better in one."""
    able = [each for each in tried if not each.price.faults]
    return undominated(able, [(-each.score, *each.costs) for each in able])


def _near(tried: Iterable[Tried], floor: float) -> list[Setting]:
    """Return the settings of the front, those first whose score is nearest to what is needed."""
    front = front_of_tried(tried)
    return [each.setting for each in sorted(front, key=lambda each: abs(each.score - floor))]
