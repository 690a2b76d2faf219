"""A small search for plain networks: a few dozen, on validation; the best of them again with fresh seeds, and on test.

Dense networks of every shape are trained side by side. Candidates are pruned and quantised from these and trained on:
first settings spread over sizes, then neighbours of what is good near the score that the pick needs. Each of the few
that are left is trained anew with each fresh seed, on that seed's split, and the test split is looked at, once.

All trainings together may cost so many steps (`Effort`); a step is one sample through one network, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.data.datasets import resplit
from hwsearch.data.samples import Dataset
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import Workload
from hwsearch.measure.answers import Answers
from hwsearch.measure.scores import score_of
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import Price, held_to
from hwsearch.rival.inputs import bins_offered, flattened, largest
from hwsearch.rival.integers import scores
from hwsearch.rival.network import Floats, Setting, Shape, integers_of, masks_of
from hwsearch.rival.price import plain_workload, price_plain
from hwsearch.rival.settings import neighbours, offered, spread
from hwsearch.rival.training import Samples, Schedule, Start, initial, train
from hwsearch.seeds import seed_of

HIDDEN = (0, 6, 12, 24, 48, 96)
"""Hidden neurons that are tried; 0: the classes read the input."""
_ROUNDS = (12, 6, 6)
_FINALISTS = 3
_MOST_EPOCHS = 40
_STACK_WIDTHS = (24,)
_LEARNING_RATE = 1e-2
_MOST_BATCH = 32  # what is counted are samples, and small batches make more of them

Tell = Callable[[int, int], object]
"""Told how many of all steps are done."""


@dataclass(frozen=True)
class Effort:
    """What a search for plain networks may cost, shared out.

    Attributes:
        dense_epochs, epochs: Of a dense network, and of a candidate that is cut from it.
        steps: Of all trainings, at most.
    """

    dense_epochs: int
    epochs: int
    steps: int


@dataclass(frozen=True)
class Tried:
    """A plain network that was trained and measured as integers.

    Attributes:
        setting: Its knobs.
        answers_val, answers_test: What it answers; test: only of final trainings.
        workload: What an inference works off.
        price: What that costs on the plan's device, and what it breaks.
        score: The study's, on validation.
    """

    setting: Setting
    answers_val: Answers
    answers_test: Answers | None
    workload: Workload
    price: Price
    score: float

    @property
    def costs(self) -> tuple[float, float]:
        """Memory and energy; memory alone counts where energy is not known."""
        fields = self.price.fields
        return float(fields["memory_bytes"] or 0), float(fields["energy_j"] or 0.0)


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
    bench = _Bench(plan, effort, tell)
    fold = _Fold(bench, plan.data, plan.study.seed)
    settings, rng = offered(plan, HIDDEN), np.random.default_rng(seed_of("rival", plan.study.seed))
    dense = fold.dense({setting.shape for setting in settings})
    tried: dict[Setting, Tried] = {}
    for number, n in enumerate(_ROUNDS):
        asked = (
            neighbours(settings, _near(tried.values(), floor), set(tried), n, rng)
            if number
            else spread(settings, plan, n, rng)
        )
        tried |= fold.tuned(asked, dense)
    chosen = finalists(list(tried.values()), floor, _FINALISTS)
    for each in further(list(tried.values()), chosen, plan.study.search.worth):
        if bench.spent + bench.finals_cost([*chosen, each], seeds) <= effort.steps:
            chosen.append(each)
    finals: dict[Setting, dict[int, Tried]] = {each.setting: {} for each in chosen}
    for seed in seeds:
        fresh = _Fold(bench, resplit(plan.data, seed), seed, test=True)
        trained = fresh.tuned(list(finals), fresh.dense({setting.shape for setting in finals}))
        for setting, each in trained.items():
            finals[setting][seed] = each
    return Found({s: runs for s, runs in finals.items() if runs}, len(tried), effort, bench.spent)


def finalists(tried: Sequence[Tried], floor: float, most: int) -> list[Tried]:
    """Return what is worth fresh seeds in any case.

    The smallest and the most frugal of those that are accurate enough, and the most accurate.
    """
    front = undominated([each for each in tried if not each.price.faults])
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
    front = undominated([each for each in tried if not each.price.faults])
    taken, best = list(chosen), max((each.score for each in front), default=0.0)
    rest = [each for each in front if each not in chosen and each.score >= best - worth]
    while rest:
        farthest = max(
            rest, key=lambda each: min((abs(each.score - other.score) for other in taken), default=1.0)
        )
        taken.append(farthest)
        rest.remove(farthest)
    return taken[len(chosen) :]


def undominated(tried: Sequence[Tried]) -> list[Tried]:
    """Return those that no other is as good as in score and costs, and better in one."""
    values = [(-each.score, *each.costs) for each in tried]
    return [
        each
        for each, mine in zip(tried, values, strict=True)
        if not any(
            other != mine and all(a <= b for a, b in zip(other, mine, strict=True)) for other in values
        )
    ]


def _near(tried: Iterable[Tried], floor: float) -> list[Setting]:
    """Return the settings of the front, those first whose score is nearest to what is needed."""
    front = undominated([each for each in tried if not each.price.faults])
    return [each.setting for each in sorted(front, key=lambda each: abs(each.score - floor))]


class _Bench:
    """What all trainings of a search share: the question, what they may cost, and what they have cost so far."""

    def __init__(self, plan: Plan, effort: Effort, tell: Tell) -> None:
        self.plan, self.effort, self.spent, self._tell = plan, effort, 0, tell

    def schedule(self, epochs: int, rate: float) -> Schedule:
        """Return how networks are trained: noise and classes' say as the study's networks."""
        study = self.plan.study.train
        balanced = study.class_weights == "balanced"
        batch = min(study.batch_size, _MOST_BATCH)
        return Schedule(epochs, batch, rate, study.input_noise, balanced)

    def finals_cost(self, chosen: Sequence[Tried], seeds: Sequence[int]) -> int:
        """Return the steps of final trainings."""
        shapes = {each.setting.shape for each in chosen}
        epochs = len(shapes) * self.effort.dense_epochs + len(chosen) * self.effort.epochs
        return epochs * len(seeds) * len(self.plan.data.y_train)

    def count(self, samples: int) -> None:
        """Count the samples of an epoch, of every network of a stack."""
        self.spent += samples
        self._tell(self.spent, self.effort.steps)


class _Fold:
    """One split of the data, and the trainings on it."""

    def __init__(self, bench: _Bench, data: Dataset, seed: int, *, test: bool = False) -> None:
        self._bench, self._data, self._seed, self._test = bench, data, seed, test

    def dense(self, shapes: set[Shape]) -> dict[Shape, Floats]:
        """Return a dense network of each shape, trained as floats."""
        trained: dict[Shape, Floats] = {}
        for group in _groups(sorted(shapes)):
            bins = group[0].frames
            n_in = self._vectors(self._data.x_train[:1], bins).shape[1]
            starts = [
                Start(
                    initial(n_in, s.hidden, self._data.classes, seed_of("rival", self._seed, bins, s.hidden))
                )
                for s in group
            ]
            schedule = self._bench.schedule(self._bench.effort.dense_epochs, _LEARNING_RATE)
            trained |= dict(zip(group, self._trained(starts, bins, schedule), strict=True))
        return trained

    def tuned(self, settings: Sequence[Setting], dense: Mapping[Shape, Floats]) -> dict[Setting, Tried]:
        """Return candidates that were cut from dense networks and trained on; what diverged is not in it."""
        found = {}
        by_shape = {shape: [s for s in settings if s.shape == shape] for shape in {s.shape for s in settings}}
        for group in _groups(sorted(by_shape)):
            members = [s for shape in group for s in by_shape[shape] if dense[shape].finite]
            starts = [Start(dense[s.shape], masks_of(dense[s.shape], s), s.weight_bits) for s in members]
            schedule = self._bench.schedule(self._bench.effort.epochs, _LEARNING_RATE / 2)
            nets = self._trained(starts, group[0].frames, schedule) if starts else []
            for setting, start, net in zip(members, starts, nets, strict=True):
                if net.finite:
                    found[setting] = self._measured(setting, start, net)
        return found

    def _trained(self, starts: Sequence[Start], bins: int, schedule: Schedule) -> list[Floats]:
        data = self._data
        x = self._vectors(data.x_train, bins)
        samples = Samples(x, data.y_train, largest(data, bins), data.classes)
        seed = seed_of("rival order", self._seed, schedule.epochs)
        return train(starts, samples, schedule, seed, lambda: self._bench.count(len(x) * len(starts)))

    def _measured(self, setting: Setting, start: Start, net: Floats) -> Tried:
        """Fold a network into integers, and count what these answer and cost."""
        data, bins, plan = self._data, setting.shape.frames, self._bench.plan
        assert start.masks is not None
        most, x_val = largest(data, bins), self._vectors(data.x_val, bins)
        layers = integers_of(net, start.masks, setting.weight_bits, self._vectors(data.x_train, bins), most)
        workload = plain_workload(layers, setting.weight_bits, x_val, most)
        cost = price_plain(workload, plan.profile)
        price = held_to(plan, cost, violations(workload, plan.profile, cost=cost))
        answers = _answers(scores(layers, x_val), data.y_val, data.classes)
        tested = None
        if self._test:
            x_test = self._vectors(data.x_test, bins)
            tested = _answers(scores(layers, x_test), data.y_test, data.classes)
        return Tried(setting, answers, tested, workload, price, score_of(answers, plan.study.score))

    def _vectors(self, x: np.ndarray, bins: int) -> np.ndarray:
        return flattened(x, self._data, bins)


def _groups(shapes: Sequence[Shape]) -> list[list[Shape]]:
    """Return shapes that are trained in one stack: of one input and depth, and not too unlike in width."""
    grouped: dict[tuple[int, bool, int], list[Shape]] = {}
    for shape in shapes:
        wide = sum(shape.hidden > width for width in _STACK_WIDTHS)
        grouped.setdefault((shape.frames, shape.hidden == 0, wide), []).append(shape)
    return list(grouped.values())


def _answers(found: np.ndarray, labels: np.ndarray, classes: int) -> Answers:
    """Count what networks answer, by their scores [N, classes]; of equal ones the first class is the answer."""
    guesses, top = found.argmax(1), found.max(1, keepdims=True)
    confusion = np.bincount(labels * classes + guesses, minlength=classes**2).reshape(classes, classes)
    return Answers(
        samples=tuple(confusion.sum(1).tolist()),
        answered=tuple(confusion.sum(0).tolist()),
        right=tuple(np.diagonal(confusion).tolist()),
        ties=int(((found == top).sum(1) > 1).sum()),
        input_independent=0,
        silent_layers=(),
        silent_channels=0,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )
