"""The outcome of the final trainings: what is picked from, and what is written of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.predict.surrogate import chances_below
from hwsearch.records.finals import FinalRecord
from hwsearch.search.stages.finalist import FinalForetold, Finalist, race_of, runners_of
from hwsearch.search.stages.race import standing, sure_enough


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
        (known,) = (m.believed for m in self.members if m.record is not None and m.record.trial == trial)
        assert known is not None
        score, sd = known
        return float(
            chances_below(np.array([score]), np.array([sd]), plan.study.pick.floor(self.dense.score))[0]
        )

    def accurate_enough(self, plan: Plan) -> set[int]:
        """Return the trials of the members that are as accurate as a pick must be, and keep what else it must."""
        race = race_of(plan, self.dense)
        runners = runners_of(plan, self.members, self.dense)
        able = (
            m.record
            for m, runner in zip(self.members, runners, strict=True)
            if m.can_be_picked
            and (
                m.score >= plan.study.pick.floor(self.dense.score)
                if race.sure is None
                else sure_enough(runner, race)
            )
        )
        return {record.trial for record in able if record is not None}

    def picked(self, plan: Plan) -> int | None:
        """Return the trial of the member that the study picks as far as this says; None: none can be picked."""
        leader, _ = standing(runners_of(plan, self.members, self.dense), race_of(plan, self.dense))
        own = None if leader is None else self.members[leader].record
        return None if own is None else own.trial


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
