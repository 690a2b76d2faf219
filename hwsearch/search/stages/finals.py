"""After the search: the front's recipes run again from fresh seeds, and the test split is looked at, once.

A fresh seed is fresh from the start: new training and validation samples, a new dense network, a new ticket, a new
order. A search that tried many candidates on one validation split believes its luck; a member's accuracy on
validation is therefore the mean over the fresh splits, and the network that is handed over is one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import score_interval
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.records.finals import FinalRecord
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import whole_steps
from hwsearch.search.stages.final_trainings import final_seeds, sound_references, train_members
from hwsearch.search.stages.skill import lack_of_skill
from hwsearch.study.laws import Score
from hwsearch.study.search_sections import Pick

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Scored:
    """The study's score of a recipe: means over the seeds, and the 95 % interval of that on test (`scores`)."""

    score_val: float
    score_test: float
    score_test_low: float
    score_test_high: float


@dataclass(frozen=True)
class Finalist:
    """A recipe run with fresh seeds, and the network of it that is handed over.

    Attributes:
        record: The trial it comes from; None for the dense reference.
        measured: The network that is handed over: of those that keep the budgets and are models, the one that does best
            against the dense network of its own seed. (Each seed has its own validation split: bare accuracies would
            pick the easiest split.)
        seed: Its seed.
        cost: What it costs, by column.
        accuracy_val: Mean over the seeds, each on its own validation split.
        accuracy_test: Mean over the seeds, all on the one test split.
        accuracy_test_interval: 95 % Wilson interval of that mean, for the number of test samples.
        accuracies_val, accuracies_test: Of every seed.
        feasible: Whether the network that is handed over keeps every budget.
        lacking: Why the network that is handed over is no model (`skill`); empty where it is one.
        scored: The study's score, where that is another than accuracy.
        over: Which budgets and limits the network that is handed over breaks, in words; empty where it keeps all.
    """

    record: TrialRecord | None
    measured: Measured
    seed: int
    cost: CostFields
    accuracy_val: float
    accuracy_test: float
    accuracy_test_interval: tuple[float, float]
    accuracies_val: tuple[float, ...]
    accuracies_test: tuple[float, ...]
    feasible: bool
    lacking: str
    scored: Scored | None = None
    over: str = ""

    @property
    def score(self) -> float:
        """The study's score on validation, mean over the seeds."""
        return self.accuracy_val if self.scored is None else self.scored.score_val

    @property
    def score_columns(self) -> dict[str, float]:
        """The study's score as columns; none where that is accuracy."""
        return {} if self.scored is None else asdict(self.scored)


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
    """

    references: Mapping[int, Finalist]
    members: tuple[Finalist, ...]
    lacking: tuple[str, ...]
    train_steps: int
    eval_steps: int
    reused_steps: int
    wall_s: float
    over: tuple[str, ...] = ()

    @property
    def yardstick(self) -> int:
        """The network that losses are counted from: whose dense reference has the best score."""
        return max(self.references, key=lambda number: self.references[number].score)

    @property
    def dense(self) -> Finalist:
        """The dense reference that losses are counted from."""
        return self.references[self.yardstick]

    def accurate_enough(self, pick: Pick) -> set[int]:
        """Return the trials of the members that lose no more than a pick may."""
        floor = pick.floor(self.dense.score)
        return {m.record.trial for m in self.members if m.record is not None and m.score >= floor}


def finalise(context: Context, front: Sequence[TrialRecord], on_trained: Progress | None = None) -> Finals:
    """Run the front's recipes and their dense references with fresh seeds, and measure them on test.

    Args:
        context: Plan, dense networks, trainer, cache.
        front: Records of the front's members.
        on_trained: Called with how many of how many trainings are done.

    Raises:
        HwsearchError: A dense network did not train with a fresh seed, or knows nothing with it.
    """
    seeds, plan = final_seeds(context.plan), context.plan
    numbers = sorted({context.yardstick.plan.number, *(record.candidate.network for record in front)})
    total, done = len(seeds) * (len(numbers) + len(front)), 0
    dense: dict[int, list[Measured]] = {}
    for number in numbers:
        told = partial(_told, on_trained, done, total)
        dense[number] = sound_references(context, number, seeds, told)
        done += len(seeds)
    members = train_members(context, front, dense, seeds, partial(_told, on_trained, done, total))
    whole = [m for runs in dense.values() for m in runs]
    everything = [*whole, *(m for runs in members for m in runs)]
    finalists = [
        _choose(plan, record, runs, dense[record.candidate.network], seeds)
        for record, runs in zip(front, members, strict=True)
    ]
    references = {number: _choose(plan, None, runs, runs, seeds) for number, runs in dense.items()}
    sound = [f for f in finalists if f is not None and f.feasible]
    return Finals(
        {number: finalist for number, finalist in references.items() if finalist is not None},
        tuple(f for f in sound if not f.lacking),
        tuple(f.lacking for f in sound if f.lacking),
        sum(m.train_steps for m in everything),
        sum(m.eval_steps for m in everything),
        sum(whole_steps(plan) - m.train_steps for m in whole),
        sum(m.wall_s for m in everything if m.train_steps),
        tuple(f"trial {f.record.trial}: {f.over}" for f in finalists if f and f.record and not f.feasible),
    )


def finalise_until(
    context: Context,
    chosen: Sequence[TrialRecord],
    more: Callable[[Mapping[int, bool]], TrialRecord | None],
    on_trained: Progress | None = None,
) -> Finals:
    """Run recipes with fresh seeds, and others for as long as none of them can be picked and one may be.

    Args:
        context: Plan, dense networks, trainer, cache.
        chosen: What is trained in any case.
        more: (whether each trial that was trained is accurate enough for the pick) -> the one to train next.
        on_trained: Called with how many of how many trainings are done.

    Raises:
        HwsearchError: As `finalise`.
    """
    finals, pick = finalise(context, chosen, on_trained), context.plan.study.pick
    if finals.accurate_enough(pick):
        return finals
    while True:
        enough = finals.accurate_enough(pick)
        another = more({record.trial: record.trial in enough for record in chosen})
        if another is None:
            return finals
        chosen = [*chosen, another]
        finals = finalise(context, chosen, on_trained)


def _told(on_trained: Progress | None, before: int, total: int, n: int) -> None:
    """Tell how many of all trainings are done: n, and those before."""
    if on_trained is not None:
        on_trained(before + n, total)


def final_record(member: Finalist) -> FinalRecord:
    """Return what is written of a front member's finalist."""
    measured = member.measured
    assert member.record is not None
    assert measured.workload is not None
    return FinalRecord(
        member.record.trial, member.accuracy_val, member.accuracy_test, *member.accuracy_test_interval,
        measured.accumulator_bits, measured.membrane_bits, measured.workload, **member.score_columns,
    )  # fmt: skip


def _choose(
    plan: Plan,
    record: TrialRecord | None,
    runs: Sequence[Measured],
    dense: Sequence[Measured],
    seeds: Sequence[int],
) -> Finalist | None:
    """Return a recipe's finalist, or None if it never trained."""
    trained, score = [], plan.study.score
    for measured, whole, seed in zip(runs, dense, seeds, strict=True):
        if (
            measured.workload is not None
            and measured.accuracy_val is not None
            and measured.accuracy_test is not None
        ):
            price = price_on_device(plan, measured.workload)
            loss = (whole.score_val(score) or 0.0) - (measured.score_val(score) or 0.0)
            lacking = lack_of_skill(measured, score)
            trained.append((bool(price.faults), bool(lacking), loss, seed, measured, price, lacking))
    if not trained:
        return None
    over, _, _, seed, chosen, price, lacking = min(trained, key=lambda item: item[:4])
    tests = tuple(m.accuracy_test for *_, m, _, _ in trained if m.accuracy_test is not None)
    accuracies = tuple(m.accuracy_val for *_, m, _, _ in trained if m.accuracy_val is not None)
    return Finalist(
        record=record,
        measured=chosen,
        seed=seed,
        cost=price.fields,
        accuracy_val=float(np.mean(accuracies)),
        accuracy_test=float(np.mean(tests)),
        accuracy_test_interval=wilson(float(np.mean(tests)), len(plan.data.y_test)),
        accuracies_val=accuracies,
        accuracies_test=tests,
        feasible=not over,
        lacking=lacking,
        scored=None if score == "accuracy" else _scored([m for *_, m, _, _ in trained], score),
        over="; ".join(price.faults),
    )


def _scored(trained: Sequence[Measured], score: Score) -> Scored:
    """Return the score of a recipe's trainings; its interval is that of their mean answers on the one test split."""
    val = [value for m in trained if (value := m.score_val(score)) is not None]
    test = [value for m in trained if (value := m.score_test(score)) is not None]
    confusion = np.mean([m.answers_test.confusion for m in trained if m.answers_test is not None], axis=0)
    mean = float(np.mean(test))
    low, high = score_interval(confusion, score)
    return Scored(float(np.mean(val)), mean, min(low, mean), max(high, mean))
