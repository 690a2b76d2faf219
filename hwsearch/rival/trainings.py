"""What a search for plain networks asks to have trained, stack by stack, and what that costs.

Whoever runs the search trains what it asks for, when and where that suits (`stack.train_stack`), and sends what came of
it. Networks of several splits share a stack, so that final trainings with all fresh seeds take about as long as one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import Workload
from hwsearch.measure.answers import Answers
from hwsearch.measure.scores import score_of
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import Price, held_to
from hwsearch.plan.schedules import augmentation_of
from hwsearch.rival.inputs import flattened
from hwsearch.rival.network import Floats, Setting, Shape, masks_of
from hwsearch.rival.price import price_plain
from hwsearch.rival.stack import Outcome, Split, Stack
from hwsearch.rival.training import Schedule, Start, initial
from hwsearch.seeds import seed_of

T = TypeVar("T")

_NARROW, _FEW_INPUTS = 24, 256  # a step of small matrices takes as long as its calls
_LEARNING_RATE = 1e-2
_MOST_BATCH = 32  # what is counted are samples, and small batches make more of them

Outcomes: TypeAlias = list[Outcome]
"""Of a stack, network by network."""
Asking: TypeAlias = Generator[Sequence[Stack], Sequence[Outcomes], T]
"""A search that asks for stacks to be trained, is sent what came of each of them, and returns what it found."""


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


class Trainings:
    """All trainings of a search: the question, what they may cost, and what they have cost so far."""

    def __init__(self, plan: Plan, effort: Effort) -> None:
        self.effort, self.spent = effort, 0
        self._plan = plan
        self._n_train: dict[Split, int] = {}

    def cost(self, splits: Sequence[Split], shapes: Collection[Shape], settings: Collection[Setting]) -> int:
        """Return the steps of dense networks of shapes and of candidates, on every split."""
        epochs = len(shapes) * self.effort.dense_epochs + len(settings) * self.effort.epochs
        return epochs * sum(self._size(split) for split in splits)

    def dense(self, splits: Sequence[Split], shapes: Collection[Shape]) -> Asking[list[dict[Shape, Floats]]]:
        """Ask for a dense network of each shape for each split, trained as floats; return them."""
        asked = self._groups(splits, shapes)
        stacks = []
        for group in asked:
            starts = [Start(self._initial(splits[i], shape), split=i) for i, shape in group]
            stacks.append(self._stack(splits, starts, (), group[0][1].frames, self.effort.dense_epochs))
        trained: list[dict[Shape, Floats]] = [{} for _ in splits]
        for group, outcomes in zip(asked, (yield stacks) if stacks else (), strict=True):
            for (i, shape), outcome in zip(group, outcomes, strict=True):
                trained[i][shape] = outcome.net
        self._count(stacks)
        return trained

    def tuned(
        self, splits: Sequence[Split], settings: Sequence[Setting], dense: Sequence[Mapping[Shape, Floats]]
    ) -> Asking[list[dict[Setting, Tried]]]:
        """Ask for candidates that are cut from dense networks and trained on; return them without what diverged."""
        asked, stacks = [], []
        for group in self._groups(splits, {setting.shape for setting in settings}):
            able = [
                (i, setting)
                for i, shape in group
                if dense[i][shape].finite
                for setting in settings
                if setting.shape == shape
            ]
            if not able:
                continue
            starts = [
                Start(dense[i][s.shape], masks_of(dense[i][s.shape], s), s.weight_bits, i) for i, s in able
            ]
            asked.append(able)
            stacks.append(
                self._stack(splits, starts, [s for _, s in able], group[0][1].frames, self.effort.epochs)
            )
        found: list[dict[Setting, Tried]] = [{} for _ in splits]
        for able, outcomes in zip(asked, (yield stacks) if stacks else (), strict=True):
            for (i, setting), outcome in zip(able, outcomes, strict=True):
                if outcome.workload is not None:
                    found[i][setting] = self._priced(setting, outcome, outcome.workload)
        self._count(stacks)
        return found

    def _initial(self, split: Split, shape: Shape) -> Floats:
        seed = seed_of("rival", split.seed, shape.frames, shape.hidden)
        return initial(self._inputs(shape.frames), shape.hidden, self._plan.data.classes, seed)

    def _inputs(self, frames: int) -> int:
        return len(flattened(self._plan.data.x_train[:1], self._plan.data, frames)[0])

    def _stack(
        self,
        splits: Sequence[Split],
        starts: Sequence[Start],
        settings: Sequence[Setting],
        frames: int,
        epochs: int,
    ) -> Stack:
        """Return networks as they are trained: with moves, noise and the classes' say of the study's own networks."""
        study = self._plan.study.train
        rate = _LEARNING_RATE / 2 if settings else _LEARNING_RATE
        batch, balanced = min(study.batch_size, _MOST_BATCH), study.class_weights == "balanced"
        schedule = Schedule(epochs, batch, rate, study.input_noise, balanced, augmentation_of(study))
        places = sorted({start.split for start in starts})
        here = tuple(replace(start, split=places.index(start.split)) for start in starts)
        used = tuple(splits[i] for i in places)
        return Stack(here, tuple(settings), used, self._size(used[0]), frames, schedule)

    def _groups(self, splits: Sequence[Split], shapes: Collection[Shape]) -> list[list[tuple[int, Shape]]]:
        """Return what is trained in one stack: of one input, depth and number of samples.

        Where there are many inputs, hidden layers in it are not too unlike in width: narrow ones are filled up.

        Each is a place in ``splits`` and a shape; first come those that take longest.
        """
        grouped: dict[tuple[int, int, bool, int], list[tuple[int, Shape]]] = {}
        for place, split in enumerate(splits):
            for shape in sorted(shapes, reverse=True):
                wide = shape.hidden > _NARROW and self._inputs(shape.frames) > _FEW_INPUTS
                key = (self._size(split), shape.frames, shape.hidden == 0, wide)
                grouped.setdefault(key, []).append((place, shape))
        return list(grouped.values())

    def _size(self, split: Split) -> int:
        """Return a split's samples for training: what belongs together may be of any number."""
        if split not in self._n_train:
            self._n_train[split] = len(split.of(self._plan.data).y_train)
        return self._n_train[split]

    def _count(self, stacks: Sequence[Stack]) -> None:
        self.spent += sum(stack.steps for stack in stacks)

    def _priced(self, setting: Setting, outcome: Outcome, workload: Workload) -> Tried:
        """Return a network with what it costs on the plan's device, and its score."""
        plan = self._plan
        assert outcome.answers_val is not None
        cost = price_plain(workload, plan.profile)
        price = held_to(plan, cost, violations(workload, plan.profile, cost=cost))
        score = score_of(outcome.answers_val, plan.study.score)
        return Tried(setting, outcome.answers_val, outcome.answers_test, workload, price, score)


def found_by(asking: Asking[T], train: Callable[[Sequence[Stack]], Sequence[Outcomes]]) -> T:
    """Return what a search finds, given who trains what it asks for."""
    try:
        asked = next(asking)
        while True:
            asked = asking.send(train(asked))
    except StopIteration as end:
        found: T = end.value
        return found
