"""The end of a search: what is trained in full, and of what the surrogate's word is taken.

Contenders for the pick are trained first, and race. What else promises to add to the front is trained once
(``final.others: train``), or foretold. Not for what is foretold, nor for who is trained next: `decide.foretell`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from hwsearch.plan.plan import Plan
from hwsearch.predict.surrogate import OFFSET
from hwsearch.records.events import Event, Listener
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.batch_size import batch_size
from hwsearch.search.decide.finalists import can_foretell, contender, finalists, promising
from hwsearch.search.decide.foretell import Aim, Foresight, Foretold, Reached, foresight, next_contenders
from hwsearch.search.decide.state import SearchState
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.final_race import FinalRace, finalise_until
from hwsearch.search.stages.final_trainings import Tally
from hwsearch.search.stages.finalist import FinalForetold, Finalist, race_of, runners_of
from hwsearch.search.stages.finals import Finals
from hwsearch.search.stages.luck import training_sds
from hwsearch.search.stages.race import sure_in_the_end
from hwsearch.search.stages.runner import Race, Runner


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
        HwsearchError: As `final_race.finalise`.
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
    """What the end of a search goes by.

    Attributes:
        context: Plan, dense networks, trainer, cache.
        state: What is known at the end of the search; it has a surrogate.
        records: All of the search.
        foresight: What the search says of each.
        others: What promises to be on the front.
    """

    context: Context
    state: SearchState
    records: Sequence[TrialRecord]
    foresight: Foresight
    others: Sequence[TrialRecord]


@dataclass(frozen=True)
class Round:
    """Final trainings that are done together.

    Attributes:
        again: With how many more seeds recipes are trained that were trained before, by trial.
        new: Recipes that are trained once.
    """

    again: Mapping[int, int]
    new: Sequence[TrialRecord]


def _contenders(
    context: Context,
    state: SearchState,
    records: Sequence[TrialRecord],
    tally: Tally,
    *,
    confirmed: bool,
) -> Finals:
    """Train contenders for the pick, while one may change it, and the others once; or foretell these.

    Args:
        context: Plan, dense networks, trainer, cache.
        state: What is known at the end of the search; it has a surrogate.
        records: All of the search.
        tally: Counts trainings.
        confirmed: Whether what would be foretold is trained as well, and all with every seed.

    Raises:
        HwsearchError: As `FinalRace`.
    """
    with context.model_clock:
        end = _End(context, state, records, foresight(state), promising(state))
    race = FinalRace(context, tally, partial(_believed, end))
    train = context.plan.study.final.others == "train"
    while (found := _next(end, race)) is not None:
        race.train(found.again, found.new)
    others = [record for record in end.others if record.trial not in race.records]
    if confirmed:
        race.train(race.missing(), others)
        race.train(race.missing())
        return race.finals()
    return race.finals() if train else _with_foretold(end, race.finals(), others)


def _next(end: _End, race: FinalRace) -> Round | None:
    """Return the next round; None: nothing is left that may change the pick, and the others are trained.

    What may change the pick goes first. The others, which are trained once whatever comes of it, fill rounds up to the
    size of a batch, so that stacks are large and workers do not wait for each other.
    """
    plan = end.context.plan
    new, train = _contend(end, race), plan.study.final.others == "train"
    again = race.again(settled=not new) if train or not new else {}
    if not new and not again:
        new = _middle(end, race)
    if train:
        asked = {*race.records, *(record.trial for record in new)}
        others = [record for record in end.others if record.trial not in asked]
        room = batch_size(plan.study.search, len(end.records)) - len(new) - sum(again.values())
        new += others[: max(0, room)] if new or again else others
    return Round(again, new) if new or again else None


def _contend(end: _End, race: FinalRace) -> list[TrialRecord]:
    """Return who is trained next, since it may be the pick."""
    finals, plan = race.finals(), end.context.plan
    reached, raced_for = _reached(end, finals.members, finals.dense), race_of(plan, finals.dense)
    aim = Aim(raced_for.rule, raced_for.floor, raced_for.chance, plan.study.search.contenders)
    with end.context.model_clock:
        told = end.foresight.given(reached, raced_for.floor)
        if raced_for.sure is None:
            return next_contenders(told, aim, reached, race.records)
        sure = finals.accurate_enough(plan)
        reached = [replace(own, fits=own.trial in sure) for own in reached]
        runners = runners_of(plan, finals.members, finals.dense)
        able = sure_in_the_end(list(told.believed.values()), runners, raced_for)
        return next_contenders(told, aim, reached, race.records, able)


def _middle(end: _End, race: FinalRace) -> list[TrialRecord]:
    """Return who is trained next where nothing can be picked, and nothing is likely to be."""
    enough = race.finals().accurate_enough(end.context.plan)
    if enough:
        return []
    another = contender(end.state, end.records, dict.fromkeys(race.records, False))
    return [] if another is None else [another]


def _believed(end: _End, finalists: Sequence[Finalist], dense: Finalist) -> list[tuple[float, float] | None]:
    """Return what the search and all final trainings say of recipes."""
    floor = race_of(end.context.plan, dense).floor
    with end.context.model_clock:
        told = end.foresight.given(_reached(end, finalists, dense), floor).believed
    return [None if own.record is None else told.get(own.record.trial) for own in finalists]


def _reached(end: _End, finalists: Sequence[Finalist], dense: Finalist) -> list[Reached]:
    """Return what the final trainings of each recipe say."""
    plan = end.context.plan
    if not finalists:
        return []
    trials = [member.record.trial for member in finalists if member.record is not None]
    return reached_by(trials, runners_of(plan, finalists, dense), race_of(plan, dense))


def reached_by(trials: Sequence[int], runners: Sequence[Runner], race: Race) -> list[Reached]:
    """Return what the final trainings of recipes say, from how they stand in the race; trials: theirs."""
    own_sds, dense_sd = training_sds(runners, race.dense_score, race.n_val)
    found = []
    for trial, runner, own_sd in zip(trials, runners, own_sds.tolist(), strict=True):
        error = max(0.0, 1.0 - runner.score) + OFFSET
        fits = runner.able and runner.on_front and runner.score >= race.floor
        n = len(runner.losses)
        found.append(Reached(trial, runner.score, n, own_sd / error, dense_sd / error, runner.cost, fits))
    return found


def _with_foretold(end: _End, finals: Finals, others: Sequence[TrialRecord]) -> Finals:
    """Return the outcome with what is foretold of others."""
    floor = race_of(end.context.plan, finals.dense).floor
    told: Foretold = end.foresight.given(_reached(end, finals.members, finals.dense), floor)
    sds = [sd for _, sd in told.believed.values()]
    known = {
        record.trial: (*own, sd)
        for record, own, sd in zip(told.records, told.scores.tolist(), sds, strict=True)
    }
    rows = tuple(FinalForetold(record, *known[record.trial]) for record in others)
    return replace(finals, foretold=rows)
