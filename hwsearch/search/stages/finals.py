"""After the search: the front's recipes run again from fresh seeds, and the test split is looked at, once.

A fresh seed is fresh from the start: new training and validation samples, a new dense network, a new ticket, a new
order. A search that tried many candidates on one validation split believes its luck; a member's accuracy on
validation is therefore the mean over the fresh splits, and the network that is handed over is one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hwsearch.plan.plan import Plan
from hwsearch.records.finals import FinalRecord
from hwsearch.records.trials import TrialRecord
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import whole_steps
from hwsearch.search.stages.final_race import race
from hwsearch.search.stages.final_trainings import Tally, dense_cells, final_seeds, sound_references
from hwsearch.search.stages.finalist import (
    FinalForetold,
    Finalist,
    choose,
    race_of,
    runners_of,
    with_intervals,
)
from hwsearch.search.stages.pick_chance import chance_below
from hwsearch.study.search_sections import Pick


@dataclass(frozen=True)
class Finals:
    """The outcome of the final trainings.

    Attributes:
        references: The dense references under the same protocol, by their network: those that members are cut from, and
            the yardstick of the search.
        members: One a front member that trained, keeps the budgets and is a model.
        lacking: Why each of the others that keep the budgets is no model.
        over: Of each that keeps them with no seed, which trial it is and what its network breaks.
        train_steps, eval_steps: Samples times timesteps that this run spent.
        reused_steps: Those that another run had spent on the same dense networks.
        wall_s: Seconds of the trainings.
        foretold: What else may be on the front, where a study does not train all of that (``final.others``).
        chances_below: Then how likely each recipe is worse than the pick needs, by its trial.
        notes: What a reader must know.
    """

    references: Mapping[int, Finalist]
    members: tuple[Finalist, ...]
    lacking: tuple[str, ...]
    train_steps: int
    eval_steps: int
    reused_steps: int
    wall_s: float
    over: tuple[str, ...] = ()
    foretold: tuple[FinalForetold, ...] = ()
    chances_below: Mapping[int, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def yardstick(self) -> int:
        """The network that losses are counted from: whose dense reference has the best score."""
        return max(self.references, key=lambda number: self.references[number].score)

    @property
    def dense(self) -> Finalist:
        """The dense reference that losses are counted from."""
        return self.references[self.yardstick]

    def chance_below(self, plan: Plan, trial: int) -> float:
        """Return the chance that a member is worse than the pick needs, in the mean over fresh splits and seeds."""
        if trial in self.chances_below:
            return self.chances_below[trial]
        trials = [member.record.trial for member in self.members if member.record is not None]
        runners = runners_of(plan, self.members, self.dense)
        return chance_below(runners, race_of(plan, self.dense), trials.index(trial))

    def accurate_enough(self, pick: Pick) -> set[int]:
        """Return the trials of the members that lose no more than a pick may, and keep what else it must."""
        floor = pick.floor(self.dense.score)
        able = (m for m in self.members if m.record is not None and m.can_be_picked)
        return {m.record.trial for m in able if m.record is not None and m.score >= floor}


def with_every_seed(plan: Plan) -> Plan:
    """Return a plan whose recipes are all trained with every fresh seed, contenders for the pick or not."""
    final = plan.study.final.model_copy(update={"chance": 0.0})
    return replace(plan, study=plan.study.model_copy(update={"final": final}))


def finalise(
    context: Context,
    front: Sequence[TrialRecord],
    tally: Tally | None = None,
    *,
    racing: bool = True,
) -> Finals:
    """Run the front's recipes and their dense references with fresh seeds, and measure them on test.

    The dense references are run with every seed, a recipe with as many as may still change the pick (`final_race`).

    Args:
        context: Plan, dense networks, trainer, cache.
        front: Records of the front's members.
        tally: Counts trainings.
        racing: Whether recipes are trained again where that may change the pick; False: each once.

    Raises:
        HwsearchError: A dense network did not train with a fresh seed, or knows nothing with it.
    """
    seeds, plan = final_seeds(context.plan), context.plan
    numbers = sorted({context.yardstick.plan.number, *(record.candidate.network for record in front)})
    tally = tally or Tally()
    tally.expect(cell for number in numbers for cell in dense_cells(number, seeds))
    tally.expect((record.trial, seeds[0]) for record in front)
    dense = {number: sound_references(context, number, seeds, tally) for number in numbers}
    chosen = {number: choose(plan, None, runs, runs, seeds) for number, runs in dense.items()}
    references = {number: finalist for number, finalist in chosen.items() if finalist is not None}
    yardstick = max(references, key=lambda number: references[number].score)
    members = race(context, front, dense, references[yardstick], tally, once=not racing)
    whole = [m for runs in dense.values() for m in runs]
    everything = [*whole, *(m for runs in members for m in runs)]
    finalists = [
        choose(plan, record, runs, dense[record.candidate.network], seeds)
        for record, runs in zip(front, members, strict=True)
    ]
    told_of = with_intervals(plan, [f for f in finalists if f is not None], references[yardstick])
    sound = [f for f in told_of if f.feasible]
    return Finals(
        references,
        tuple(f for f in sound if not f.lacking),
        tuple(f.lacking for f in sound if f.lacking),
        sum(m.train_steps for m in everything),
        sum(m.eval_steps for m in everything),
        sum(whole_steps(plan) - m.train_steps for m in whole),
        sum(m.wall_s for m in everything if m.train_steps),
        tuple(f"trial {f.record.trial}: {f.over}" for f in told_of if f.record and not f.feasible),
    )


def finalise_until(
    context: Context,
    chosen: Sequence[TrialRecord],
    more: Callable[[Mapping[int, bool]], TrialRecord | None],
    tally: Tally | None = None,
) -> Finals:
    """Run recipes with fresh seeds, and others for as long as none of them can be picked and one may be.

    Args:
        context: Plan, dense networks, trainer, cache.
        chosen: What is trained in any case.
        more: (whether each trial that was trained is accurate enough for the pick) -> the one to train next.
        tally: Counts trainings.

    Raises:
        HwsearchError: As `finalise`.
    """
    finals, pick = finalise(context, chosen, tally), context.plan.study.pick
    if finals.accurate_enough(pick):
        return finals
    while True:
        enough = finals.accurate_enough(pick)
        another = more({record.trial: record.trial in enough for record in chosen})
        if another is None:
            return finals
        chosen = [*chosen, another]
        finals = finalise(context, chosen, tally)


def final_record(member: Finalist) -> FinalRecord:
    """Return what is written of a front member's finalist."""
    measured = member.measured
    assert member.record is not None
    assert measured.workload is not None
    return FinalRecord(
        member.record.trial, member.accuracy_val, member.accuracy_test, *member.accuracy_test_interval,
        measured.accumulator_bits, measured.membrane_bits, measured.workload, **member.score_columns,
    )  # fmt: skip
