"""A recipe that was run with fresh seeds: what it reaches, how sure that is, and which network of it is handed over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.special import stdtrit

from hwsearch.measure.accuracy import CONFIDENCE, wilson
from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import score_interval
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.decide.front import on_final_front, worst_of
from hwsearch.search.stages.luck import EXPECTED, luck, pooled_sds, score_halves, variance
from hwsearch.search.stages.robustness import UnderNoise, under_noise
from hwsearch.search.stages.runner import Race, Runner
from hwsearch.search.stages.skill import lack_of_skill
from hwsearch.study.laws import Score


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
        accuracy_val: Mean over the seeds, each on its own validation split. Where it was trained with some of them:
            what the dense network reaches with all, less what is lost to it with these.
        accuracy_test: Mean over its trainings, all on the one test split.
        accuracy_test_interval: 95 % Wilson interval of that mean, for the number of test samples.
        accuracies_val, accuracies_test: Of every training.
        losses: Score lost on validation against the dense network of the same seed, of every training.
        begun: Trainings, with those that failed.
        of: Fresh seeds of the study.
        feasible: Whether the network that is handed over keeps every budget.
        lacking: Why the network that is handed over is no model (`skill`); empty where it is one.
        scored: The study's score, where that is another than accuracy.
        over: Which budgets and limits the network that is handed over breaks, in words; empty where it keeps all.
        score_val_interval: 95 % interval of the score on validation; None: it was not told yet (`with_intervals`).
        believed: What is known of the score on validation by all trainings, in the mean over fresh splits and seeds,
            and the standard deviation of that; None: it was not told yet (`final_race`).
        noise: What the network that is handed over keeps under noise, where the study asks that.
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
    losses: tuple[float, ...]
    begun: int
    of: int
    feasible: bool
    lacking: str
    scored: Scored | None = None
    over: str = ""
    score_val_interval: tuple[float, float] | None = None
    believed: tuple[float, float] | None = None
    noise: UnderNoise | None = None

    @property
    def can_be_picked(self) -> bool:
        """Whether it keeps what the study asks besides accuracy."""
        return self.noise is None or self.noise.kept

    @property
    def score(self) -> float:
        """The study's score on validation, mean over the seeds."""
        return self.accuracy_val if self.scored is None else self.scored.score_val

    @property
    def evidence(self) -> str:
        """What its numbers rest on."""
        times = "once" if self.begun == 1 else f"{self.begun} times"
        return f"trained {times}" + (f" of {self.of}" if self.begun < self.of else "")

    @property
    def score_columns(self) -> dict[str, float]:
        """The study's score as columns; none where that is accuracy."""
        return {} if self.scored is None else asdict(self.scored)

    @property
    def believed_columns(self) -> dict[str, float]:
        """What is known of the study's score on validation altogether as columns; none where it was not told."""
        return dict(zip(("believed", "believed_sd"), self.believed or (), strict=False))

    @property
    def interval_columns(self) -> dict[str, float]:
        """The interval of the study's score on validation as columns."""
        name = "accuracy" if self.scored is None else "score"
        ends = zip(("low", "high"), self.score_val_interval or (), strict=False)
        return {f"{name}_val_{end}": value for end, value in ends}


@dataclass(frozen=True)
class FinalForetold:
    """A recipe of the front that was not trained in full: the surrogate's word for it (`ending`).

    Attributes:
        record: The trial it comes from; its costs are those of its training in the search.
        score: Accuracy on validation, in the mean over fresh trainings in full.
        low, high: 95 % interval of that.
        sd: Standard deviation of what is known of it.
    """

    record: TrialRecord
    score: float
    low: float
    high: float
    sd: float


def choose(
    plan: Plan,
    record: TrialRecord | None,
    runs: Sequence[Measured],
    dense: Sequence[Measured],
    seeds: Sequence[int],
) -> Finalist | None:
    """Return a recipe's finalist, or None if it never trained.

    Args:
        plan: The question.
        record: The recipe's trial; None: the dense network.
        runs: Its trainings, with the first ones of the seeds.
        dense: Those of the dense network, with every seed.
        seeds: The fresh seeds.
    """
    trained, score = [], plan.study.score
    for measured, whole, seed in zip(runs, dense, seeds, strict=False):
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
    ahead = _ahead(dense, len(runs), "accuracy")
    return Finalist(
        record=record,
        measured=chosen,
        seed=seed,
        cost=price.fields,
        accuracy_val=min(1.0, max(0.0, float(np.mean(accuracies)) + ahead)),
        accuracy_test=float(np.mean(tests)),
        accuracy_test_interval=wilson(float(np.mean(tests)), len(plan.data.y_test)),
        accuracies_val=accuracies,
        accuracies_test=tests,
        losses=tuple(loss for _, _, loss, *_ in trained),
        begun=len(runs),
        of=len(seeds),
        feasible=not over,
        lacking=lacking,
        scored=None
        if score == "accuracy"
        else _scored([m for *_, m, _, _ in trained], score, _ahead(dense, len(runs), score)),
        over="; ".join(price.faults),
        noise=None if record is None else under_noise(plan, chosen, seed),
    )


def _ahead(dense: Sequence[Measured], n: int, score: Score) -> float:
    """Return what the dense network reaches with every seed more than with the first n."""
    if n == len(dense):
        return 0.0
    scores = [m.score_val(score) or 0.0 for m in dense]
    return float(np.mean(scores) - np.mean(scores[:n]))


def _scored(trained: Sequence[Measured], score: Score, ahead: float) -> Scored:
    """Return the score of a recipe's trainings; its interval is that of their mean answers on the one test split."""
    val = [value for m in trained if (value := m.score_val(score)) is not None]
    test = [value for m in trained if (value := m.score_test(score)) is not None]
    confusion = np.mean([m.answers_test.confusion for m in trained if m.answers_test is not None], axis=0)
    mean = float(np.mean(test))
    low, high = score_interval(confusion, score)
    return Scored(min(1.0, max(0.0, float(np.mean(val)) + ahead)), mean, min(low, mean), max(high, mean))


def on_front(plan: Plan, finalists: Sequence[Finalist], dense: Finalist) -> list[bool]:
    """Return which recipes are on the front of these: of use, and dominated by no other that can be handed over."""
    sound = [finalist.feasible and not finalist.lacking for finalist in finalists]
    reached = [(f.score, f.cost) for f, able in zip(finalists, sound, strict=True) if able]
    kept = iter(on_final_front(plan, reached, 1.0 - dense.score))
    return [able and next(kept) for able in sound]


def foretold_on_front(
    plan: Plan,
    foretold: Sequence[FinalForetold],
    trained: Sequence[tuple[float, CostFields]],
    dense: Finalist,
) -> list[bool]:
    """Return which recipes are foretold to be on the front: of use, and dominated by no other.

    Args:
        plan: The question.
        foretold: The recipes.
        trained: Score and costs of what was trained in full, and is on the front.
        dense: The dense reference.
    """
    reached = [*trained, *((own.score, own.record.measured or {}) for own in foretold)]
    return on_final_front(plan, reached, 1.0 - dense.score)[len(trained) :]


def runners_of(plan: Plan, finalists: Sequence[Finalist], dense: Finalist) -> list[Runner]:
    """Return recipes as they race for the pick."""
    frugal, runners = plan.study.pick.rule == "frugal", []
    for finalist, kept in zip(finalists, on_front(plan, finalists, dense), strict=True):
        energy = finalist.cost["energy_j"] if frugal else None
        cost = float((finalist.cost["memory_bytes"] if energy is None else energy) or 0.0)
        able = finalist.feasible and not finalist.lacking and finalist.can_be_picked
        known = finalist.believed
        runners.append(Runner(cost, finalist.losses, finalist.score, able, finalist.begun, kept, known))
    return runners


def race_of(plan: Plan, dense: Finalist) -> Race:
    """Return what recipes race for; what is of no use to the study is on no front, whatever the pick would take."""
    final, pick = plan.study.final, plan.study.pick
    useful = 1.0 - worst_of(plan, 1.0 - dense.score, in_full=True)
    floor = max(pick.floor(dense.score), useful)
    at_once = 2 * plan.study.search.contenders
    return Race(
        pick.rule, floor, dense.score, len(plan.data.y_val), final.seeds, final.chance, pick.chance, at_once
    )


def with_intervals(plan: Plan, finalists: Sequence[Finalist], dense: Finalist) -> list[Finalist]:
    """Return recipes with the intervals of their scores, whose width the trainings of all tell together.

    On validation: of what the recipe reaches in the mean over splits and seeds. On test, of one split: what Wilson's
    interval says of the samples; a recipe that was not trained with every seed may have had luck besides, and its
    interval is wider by that.
    """
    if not finalists:
        return []
    n_val, n_test = len(plan.data.y_val), len(plan.data.y_test)
    runners = runners_of(plan, finalists, dense)
    tests = [finalist.accuracies_test for finalist in finalists]
    spread = np.array([variance(finalist.accuracy_test, n_test) for finalist in finalists])
    repeated = EXPECTED + sum(len(finalist.losses) - 1 for finalist in finalists)
    reach = float(stdtrit(repeated, 0.5 + CONFIDENCE / 2))
    on_val = score_halves(runners, dense.score, n_val, dense.begun)
    lucks = luck([finalist.accuracy_test for finalist in finalists], dense.accuracy_test)
    on_test = np.hypot(pooled_sds(tests, spread), lucks)
    done = []
    for finalist, half, test_sd in zip(finalists, on_val.tolist(), on_test, strict=True):
        low, high = max(0.0, finalist.score - half), min(1.0, finalist.score + half)
        by = reach * test_sd / math.sqrt(len(finalist.losses))
        wider = finalist if finalist.begun == finalist.of else _wider(finalist, by)
        done.append(replace(wider, score_val_interval=(low, high)))
    return done


def _wider(finalist: Finalist, by: float) -> Finalist:
    """Return a finalist with intervals on test that hold the luck of its trainings as well."""
    interval = _apart(finalist.accuracy_test, finalist.accuracy_test_interval, by)
    scored = finalist.scored
    if scored is not None:
        low, high = _apart(scored.score_test, (scored.score_test_low, scored.score_test_high), by)
        scored = replace(scored, score_test_low=low, score_test_high=high)
    return replace(finalist, accuracy_test_interval=interval, scored=scored)


def _apart(value: float, interval: tuple[float, float], by: float) -> tuple[float, float]:
    """Return an interval that is wider by another, independent spread of half its width."""
    low, high = (math.hypot(value - end, by) for end in interval)
    return max(0.0, value - low), min(1.0, value + high)
