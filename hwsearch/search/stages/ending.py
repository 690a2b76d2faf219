"""The end of a search: what is trained in full, and of what the surrogate's word is taken.

Contenders for the pick are trained first, and race. What else promises to add to the front is trained once
(``final.others: train``), or foretold. Not for what is foretold, nor for who is trained next: `decide.foretell`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from hwsearch.plan.plan import Plan
from hwsearch.predict.surrogate import OFFSET
from hwsearch.records.events import Event, Listener
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.finalists import can_foretell, contender, finalists, promising
from hwsearch.search.decide.foretell import Aim, Foresight, Foretold, Reached, foresight, next_contenders
from hwsearch.search.decide.state import SearchState
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.final_trainings import Tally
from hwsearch.search.stages.finalist import FinalForetold, race_of, runners_of
from hwsearch.search.stages.finals import (
    Finals,
    finalise,
    finalise_until,
    with_every_seed,
)
from hwsearch.search.stages.race import Runner, loss_sds


def end(
    context: Context,
    state: SearchState,
    records: Sequence[TrialRecord],
    front: Sequence[TrialRecord],
    tell: Listener,
    asked: Plan | None = None,
) -> Finals:
    """Run the final trainings of a search, as ``final.others`` says.

    Args:
        context: Plan, dense networks, trainer, cache.
        state: What is known at the end of the search.
        records: All of the search.
        front: Those on the measured front.
        tell: Told of every training.
        asked: The plan as it was before all is to be trained with every seed; None: it is not.

    Raises:
        HwsearchError: As `finals.finalise`.
    """
    clock = context.model_clock

    tally = Tally(lambda n, of: tell(Event("final", "final trainings", n, of, clock.lap())))
    why = _why_nothing_is_foretold(state)
    if not why:
        known = context if asked is None else replace(context, plan=asked)
        return _contenders(known, state, records, tally, confirmed=asked is not None)
    with clock:
        chosen = finalists(state, records, front)
    finals = finalise_until(context, chosen, partial(contender, state, records), tally)
    if context.plan.study.final.others == "train":
        return finals
    return replace(
        finals, notes=(f"final.others: foretold, and all finalists are trained all the same: {why}",)
    )


def _why_nothing_is_foretold(state: SearchState) -> str:
    """Return why it cannot be said who may be the pick; nothing where it can."""
    if state.plan.study.score != "accuracy":
        return f"accuracy is foretold, not {state.plan.study.score}"
    return "" if can_foretell(state) else "too few trainings, or no ranking, to foretell by"


@dataclass(frozen=True)
class _End:
    """What the end of a search goes by."""

    context: Context
    state: SearchState
    records: Sequence[TrialRecord]
    foresight: Foresight


def _contenders(
    context: Context,
    state: SearchState,
    records: Sequence[TrialRecord],
    tally: Tally,
    *,
    confirmed: bool,
) -> Finals:
    """Run contenders for the pick with fresh seeds, while one may change it; train the others once, or foretell.

    First each is trained once, then they race (`final_race`), and where that changes what may be picked, others follow.
    The other members of the front come last: what their one training says may bring new contenders.

    Args:
        context: Plan, dense networks, trainer, cache.
        state: What is known at the end of the search; it has a surrogate.
        records: All of the search.
        tally: Counts trainings.
        confirmed: Whether what would be foretold is trained as well, and all with every seed.

    Raises:
        HwsearchError: As `finals.finalise`.
    """
    with context.model_clock:
        end = _End(context, state, records, foresight(state))
    chosen: list[TrialRecord] = []
    finals = finalise(context, chosen, tally, racing=False)
    while found := _next(end, finals, chosen):
        chosen += found
        finals = finalise(context, chosen, tally, racing=False)
    finals = _raced(end, chosen, tally)
    asked = {record.trial for record in chosen}
    with context.model_clock:
        others = [record for record in promising(state) if record.trial not in asked]
    train = context.plan.study.final.others == "train"
    if train:
        chosen += others
        finals = _raced(end, chosen, tally)
    if confirmed:
        every = replace(context, plan=with_every_seed(context.plan))
        return finalise(every, chosen if train else [*chosen, *others], tally)
    return finals if train else _with_foretold(end, finals, others)


def _raced(end: _End, chosen: list[TrialRecord], tally: Tally) -> Finals:
    """Let recipes race, and for as long as another may be the pick, that as well; it is added to ``chosen``."""
    finals = finalise(end.context, chosen, tally)
    while found := _next(end, finals, chosen) or _middle(end, finals, chosen):
        chosen += found
        finals = finalise(end.context, chosen, tally)
    return finals


def _next(end: _End, finals: Finals, chosen: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return who is trained next, since it may be the pick."""
    plan = end.context.plan
    reached, race = _reached(end, finals), race_of(plan, finals.dense)
    aim = Aim(race.rule, race.floor, race.chance)
    with end.context.model_clock:
        told = end.foresight.given(reached, race.floor)
        return next_contenders(told, aim, reached, {record.trial for record in chosen})


def _middle(end: _End, finals: Finals, chosen: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return who is trained next where nothing can be picked, and nothing is likely to be."""
    enough = finals.accurate_enough(end.context.plan.study.pick)
    if enough:
        return []
    another = contender(end.state, end.records, {record.trial: False for record in chosen})
    return [] if another is None else [another]


def _reached(end: _End, finals: Finals) -> list[Reached]:
    """Return what the final trainings of each recipe say."""
    plan, dense = end.context.plan, finals.dense
    if not finals.members:
        return []
    runners, race = runners_of(plan, finals.members, dense), race_of(plan, dense)
    sds = loss_sds(runners, race.dense_score, race.n_val)
    return [
        Reached(
            member.record.trial,
            runner.score,
            y_sd(runner, float(sd)),
            runner.cost,
            runner.able and runner.on_front and runner.score >= race.floor,
        )
        for member, runner, sd in zip(finals.members, runners, sds, strict=True)
        if member.record is not None
    ]


def y_sd(runner: Runner, loss_sd: float) -> float:
    """Return the standard deviation of y = -log(error + 0.01) of a recipe's mean, from that of one of its losses."""
    return loss_sd / math.sqrt(len(runner.losses)) / (max(0.0, 1.0 - runner.score) + OFFSET)


def _with_foretold(end: _End, finals: Finals, others: Sequence[TrialRecord]) -> Finals:
    """Return the outcome with what is foretold of others, and how likely each recipe is worse than the pick needs."""
    race = race_of(end.context.plan, finals.dense)
    told: Foretold = end.foresight.given(_reached(end, finals), race.floor)
    at = {record.trial: i for i, record in enumerate(told.records)}
    scores, chances = told.scores, 1.0 - told.chances(race.floor)
    return replace(
        finals,
        foretold=tuple(FinalForetold(record, *scores[at[record.trial]].tolist()) for record in others),
        chances_below={trial: float(chances[i]) for trial, i in at.items()},
    )
