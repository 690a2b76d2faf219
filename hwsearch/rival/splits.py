"""Trainings of plain networks on splits of the data, counted, and measured as integers.

Networks of several splits share a stack, so that the final trainings with all fresh seeds take about as long as one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwsearch.data.samples import Dataset
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import Workload
from hwsearch.measure.answers import Answers
from hwsearch.measure.scores import score_of
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import Price, held_to
from hwsearch.plan.schedules import augmentation_of
from hwsearch.rival.inputs import flattened, largest
from hwsearch.rival.integers import scores
from hwsearch.rival.network import Floats, Setting, Shape, integers_of, masks_of
from hwsearch.rival.price import plain_workload, price_plain
from hwsearch.rival.training import Samples, Schedule, Start, initial, train
from hwsearch.seeds import seed_of

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


@dataclass(frozen=True, eq=False)
class Split:
    """One split of the data.

    Attributes:
        data: The samples.
        seed: Of its trainings.
        test: Whether the test part is looked at.
    """

    data: Dataset
    seed: int
    test: bool = False

    def vectors(self, x: np.ndarray, bins: int) -> np.ndarray:
        """Return samples of it as a plain network reads them."""
        return flattened(x, self.data, bins)


class Trainings:
    """All trainings of a search: the question, what they may cost, and what they have cost so far."""

    def __init__(self, plan: Plan, effort: Effort, tell: Tell) -> None:
        self.effort, self.spent = effort, 0
        self._plan, self._tell = plan, tell

    def finals_cost(self, chosen: Sequence[Setting], seeds: Sequence[int]) -> int:
        """Return the steps of final trainings."""
        shapes = {setting.shape for setting in chosen}
        epochs = len(shapes) * self.effort.dense_epochs + len(chosen) * self.effort.epochs
        return epochs * len(seeds) * len(self._plan.data.y_train)

    def dense(self, splits: Sequence[Split], shapes: Collection[Shape]) -> list[dict[Shape, Floats]]:
        """Return a dense network of each shape for each split, trained as floats."""
        trained: list[dict[Shape, Floats]] = [{} for _ in splits]
        for group in _groups(splits, [(i, shape) for i in range(len(splits)) for shape in sorted(shapes)]):
            starts = [Start(self._initial(splits[i], shape), split=i) for i, shape in group]
            nets = self._trained(splits, starts, group[0][1].frames, self.effort.dense_epochs, _LEARNING_RATE)
            for (i, shape), net in zip(group, nets, strict=True):
                trained[i][shape] = net
        return trained

    def tuned(
        self, splits: Sequence[Split], settings: Sequence[Setting], dense: Sequence[Mapping[Shape, Floats]]
    ) -> list[dict[Setting, Tried]]:
        """Return candidates that were cut from dense networks and trained on; what diverged is not in it."""
        found: list[dict[Setting, Tried]] = [{} for _ in splits]
        by_shape = {shape: [s for s in settings if s.shape == shape] for shape in {s.shape for s in settings}}
        for group in _groups(splits, [(i, shape) for i in range(len(splits)) for shape in sorted(by_shape)]):
            able = [(i, s) for i, shape in group if dense[i][shape].finite for s in by_shape[shape]]
            starts = [
                Start(dense[i][s.shape], masks_of(dense[i][s.shape], s), s.weight_bits, i) for i, s in able
            ]
            bins, epochs = group[0][1].frames, self.effort.epochs
            nets = self._trained(splits, starts, bins, epochs, _LEARNING_RATE / 2) if starts else []
            for (i, setting), start, net in zip(able, starts, nets, strict=True):
                if net.finite:
                    found[i][setting] = self._measured(splits[i], setting, start, net)
        return found

    def _initial(self, split: Split, shape: Shape) -> Floats:
        n_in = split.vectors(split.data.x_train[:1], shape.frames).shape[1]
        seed = seed_of("rival", split.seed, shape.frames, shape.hidden)
        return initial(n_in, shape.hidden, split.data.classes, seed)

    def _trained(
        self, splits: Sequence[Split], starts: Sequence[Start], bins: int, epochs: int, rate: float
    ) -> list[Floats]:
        """Train networks side by side, with moves, noise and the classes' say of the study's own networks."""
        study = self._plan.study.train
        batch, balanced = min(study.batch_size, _MOST_BATCH), study.class_weights == "balanced"
        schedule = Schedule(epochs, batch, rate, study.input_noise, balanced, augmentation_of(study))
        places = sorted({start.split for start in starts})
        used = [splits[i] for i in places]
        samples = [
            Samples(
                each.vectors(each.data.x_train, bins), each.data.y_train, largest(each.data, bins), each.data.classes,
                each.data.input_shape,
            )
            for each in used
        ]  # fmt: skip
        seeds = [seed_of("rival order", each.seed, epochs) for each in used]
        here = [replace(start, split=places.index(start.split)) for start in starts]
        return train(here, samples, schedule, seeds, lambda: self._count(len(samples[0].y) * len(starts)))

    def _count(self, samples: int) -> None:
        """Count the samples of an epoch, of every network of a stack."""
        self.spent += samples
        self._tell(self.spent, self.effort.steps)

    def _measured(self, split: Split, setting: Setting, start: Start, net: Floats) -> Tried:
        """Fold a network into integers, and count what these answer and cost."""
        data, bins, plan = split.data, setting.shape.frames, self._plan
        assert start.masks is not None
        most, x_val = largest(data, bins), split.vectors(data.x_val, bins)
        x_train = split.vectors(data.x_train, bins)
        layers = integers_of(net, start.masks, setting.weight_bits, x_train, most)
        workload = plain_workload(layers, setting.weight_bits, x_val, most)
        cost = price_plain(workload, plan.profile)
        price = held_to(plan, cost, violations(workload, plan.profile, cost=cost))
        answers = _answers(scores(layers, x_val), data.y_val, data.classes)
        tested = None
        if split.test:
            tested = _answers(scores(layers, split.vectors(data.x_test, bins)), data.y_test, data.classes)
        return Tried(setting, answers, tested, workload, price, score_of(answers, plan.study.score))


def _groups(splits: Sequence[Split], members: Sequence[tuple[int, Shape]]) -> list[list[tuple[int, Shape]]]:
    """Return what is trained in one stack: of one input, depth and number of samples, and not too unlike in width."""
    grouped: dict[tuple[int, int, bool, int], list[tuple[int, Shape]]] = {}
    for place, shape in members:
        wide = sum(shape.hidden > width for width in _STACK_WIDTHS)
        key = (len(splits[place].data.y_train), shape.frames, shape.hidden == 0, wide)
        grouped.setdefault(key, []).append((place, shape))
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
