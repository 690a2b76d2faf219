"""The outcome of the final trainings: what is picked from, and what is written of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hwsearch.plan.plan import Plan
from hwsearch.records.finals import FinalRecord
from hwsearch.search.stages.finalist import FinalForetold, Finalist, race_of, runners_of
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


def final_record(member: Finalist) -> FinalRecord:
    """Return what is written of a front member's finalist."""
    measured = member.measured
    assert member.record is not None
    assert measured.workload is not None
    return FinalRecord(
        member.record.trial, member.accuracy_val, member.accuracy_test, *member.accuracy_test_interval,
        measured.accumulator_bits, measured.membrane_bits, measured.workload, **member.score_columns,
    )  # fmt: skip
