"""A stack of plain networks: trained side by side and measured as integers, wherever there is time for it.

What comes of a stack depends on the stack and the data alone: not on who trains it, nor on what else is trained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwsearch.data.datasets import resplit
from hwsearch.data.samples import Dataset
from hwsearch.hardware.workload import Workload
from hwsearch.measure.answers import Answers
from hwsearch.rival.inputs import flattened, largest
from hwsearch.rival.integers import scores
from hwsearch.rival.network import Floats, Setting, integers_of
from hwsearch.rival.price import plain_workload
from hwsearch.rival.training import Samples, Schedule, Start, train
from hwsearch.seeds import seed_of


@dataclass(frozen=True)
class Split:
    """One split of the data.

    Attributes:
        seed: Of its trainings.
        fresh: Whether training and validation samples are drawn anew with the seed, and the test part is looked at.
    """

    seed: int
    fresh: bool = False

    def of(self, data: Dataset) -> Dataset:
        """Return the samples."""
        return resplit(data, self.seed) if self.fresh else data


@dataclass(frozen=True, eq=False)
class Stack:
    """Networks of one depth and input that are trained side by side.

    Attributes:
        starts: What each starts from; ``split`` is a place in ``splits``.
        settings: Of each, what it is measured as; empty: they are trained as floats, and not measured.
        splits: That they are trained on.
        n_train: Samples for training of each split.
        frames: Bins that the frames of a sequence are put into; 0: still images.
        schedule: How.
    """

    starts: tuple[Start, ...]
    settings: tuple[Setting, ...]
    splits: tuple[Split, ...]
    n_train: int
    frames: int
    schedule: Schedule

    @property
    def steps(self) -> int:
        """Samples that go through a network, of all of them."""
        return len(self.starts) * self.schedule.epochs * self.n_train


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a network.

    Attributes:
        net: Its floats.
        answers_val, answers_test: What its integers answer; None: it was not measured, or test was not looked at.
        workload: What an inference of them works off; None: it was not measured.
    """

    net: Floats
    answers_val: Answers | None = None
    answers_test: Answers | None = None
    workload: Workload | None = None


def train_stack(data: Dataset, stack: Stack) -> list[Outcome]:
    """Train a stack, and measure what has numbers."""
    splits = [split.of(data) for split in stack.splits]
    samples = [
        Samples(
            flattened(each.x_train, data, stack.frames), each.y_train, largest(data, stack.frames), data.classes,
            data.input_shape,
        )
        for each in splits
    ]  # fmt: skip
    seeds = [seed_of("rival order", split.seed, stack.schedule.epochs) for split in stack.splits]
    nets = train(stack.starts, samples, stack.schedule, seeds)
    if not stack.settings:
        return [Outcome(net) for net in nets]
    return [
        _measured(splits[start.split], setting, start, net, test=stack.splits[start.split].fresh)
        if net.finite
        else Outcome(net)
        for setting, start, net in zip(stack.settings, stack.starts, nets, strict=True)
    ]


def _measured(data: Dataset, setting: Setting, start: Start, net: Floats, *, test: bool) -> Outcome:
    """Fold a network into integers, and count what these answer and what an inference works off."""
    assert start.masks is not None
    bins, most = setting.shape.frames, largest(data, setting.shape.frames)
    x_train, x_val = flattened(data.x_train, data, bins), flattened(data.x_val, data, bins)
    layers = integers_of(net, start.masks, setting.weight_bits, x_train, most)
    outcome = Outcome(
        net,
        answers_val=_answers(scores(layers, x_val), data.y_val, data.classes),
        workload=plain_workload(layers, setting.weight_bits, x_val, most),
    )
    if not test:
        return outcome
    tested = scores(layers, flattened(data.x_test, data, bins))
    return replace(outcome, answers_test=_answers(tested, data.y_test, data.classes))


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
