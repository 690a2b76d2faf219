"""What a network answers: recall of each class, ties, and how much of its answers comes from its inputs at all.

An accuracy alone does not tell a network that knows something from one that says the same of everything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwsearch.network.integer import Run, run_integer_stack
from hwsearch.network.integers import IntegerNetwork
from hwsearch.study.laws import Score


@dataclass(frozen=True)
class Answers:
    """What an integer network answers to the inputs of one split; counts of inputs, unless said otherwise.

    With labels a timestep each timestep of an input counts as one.

    Attributes:
        samples: Of each class.
        answered: Answered with each class.
        right: Of each class, answered with it.
        ties: Whose largest potential several classes share, so that the order of the classes decides.
        input_independent: Whose potentials are, to the last unit, those that the network reaches without them: for a
            blank input (all zeros), or where no spike reaches the readout.
        silent_layers: Names of the spiking populations in which no neuron fires for any input.
        silent_channels: How many channels of spiking populations fire for no input.
        confusion: True class by answered class, counts; none where an earlier version counted.
    """

    samples: tuple[int, ...]
    answered: tuple[int, ...]
    right: tuple[int, ...]
    ties: int
    input_independent: int
    silent_layers: tuple[str, ...]
    silent_channels: int
    confusion: tuple[tuple[int, ...], ...] = ()

    @property
    def n(self) -> int:
        """Inputs in all."""
        return sum(self.samples)

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return sum(self.right) / self.n

    @property
    def recalls(self) -> tuple[float | None, ...]:
        """Share of right answers in each class; None for a class without samples."""
        return tuple(r / n if n else None for r, n in zip(self.right, self.samples, strict=True))

    @property
    def largest_class(self) -> int:
        """The class with the most samples, the first of equals."""
        return self.samples.index(max(self.samples))

    @property
    def largest_class_share(self) -> float:
        """Accuracy of who always answers the largest class."""
        return max(self.samples) / self.n

    def skilled(self, score: Score = "accuracy") -> bool:
        """Return whether it is better than who always answers the largest class, by more than a standard error.

        b - c > sqrt(b + c), b: right where that one is wrong (outside the largest class), c: wrong where that one is
        right (within it). One answer to everything is never skilled; nor are networks in which a layer is silent.
        Where a study's score is another than accuracy, each answer weighs as in balanced accuracy, 1 / n_class::

            sum w (b - c) > sqrt(sum w^2 (b + c))

        Source: McNemar 1947, Psychometrika 12(2), at one standard error: what may be luck is refused only where it
        rests on a sample or two.
        """
        even = score == "accuracy"
        gained = lost = spread = 0.0
        for label, (n, right) in enumerate(zip(self.samples, self.right, strict=True)):
            weight, differ = 1.0 if even or not n else 1.0 / n, right
            if label == self.largest_class:
                differ = n - right
                lost = weight * differ
            else:
                gained += weight * differ
            spread += weight * weight * differ
        return gained - lost > math.sqrt(spread)


def answers_of(
    network: IntegerNetwork, run: Run, labels: np.ndarray, without_input: np.ndarray, classes: int
) -> Answers:
    """Count what a network answered.

    Args:
        network: The (shrunk) network that ran.
        run: Its run on the inputs.
        labels: [N], or [N, T].
        without_input: [M, classes] or [M, T, classes] potentials that it reaches without them; see
            ``readouts_without_input``.
        classes: Number of classes.
    """
    guesses, top = run.predictions, run.readout.max(-1, keepdims=True)
    fixed = (run.readout[:, None] == without_input[None]).all(-1).any(1)
    names = [population.shape.name for population in network.populations[:-1]]
    return Answers(
        samples=_counts(labels, classes),
        answered=_counts(guesses, classes),
        right=_counts(labels[guesses == labels], classes),
        ties=int(((run.readout == top).sum(-1) > 1).sum()),
        input_independent=int(fixed.sum()),
        silent_layers=tuple(name for name, spikes in zip(names, run.spikes, strict=True) if not spikes.any()),
        silent_channels=sum(int((spikes == 0).sum()) for spikes in run.spikes),
        confusion=_confusion(labels, guesses, classes),
    )


def readouts_without_input(networks: Sequence[IntegerNetwork], device: str = "cpu") -> np.ndarray:
    """Return the potentials that networks of a stack reach without any input: [K, 2, classes] or [K, 2, T, classes].

    The first are for a blank input, the second where no spike reaches the readout.
    """
    unread, data = [_bias_alone(network) for network in networks], networks[0].input
    frames = () if data.still else (data.frames,)
    blank = np.zeros((1, *frames, *data.shape), np.uint8)
    runs = run_integer_stack([*networks, *unread], blank, device=device)
    readouts = np.concatenate([run.readout for run in runs])
    return readouts.reshape(2, len(networks), *readouts.shape[1:]).swapaxes(0, 1)


def _bias_alone(network: IntegerNetwork) -> IntegerNetwork:
    """Return a network whose readout adds up its bias alone."""
    connections = [
        replace(c, weight=np.zeros_like(c.weight)) if c.shape.readout else c for c in network.connections
    ]
    return replace(network, connections=tuple(connections))


def _counts(labels: np.ndarray, classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(labels.reshape(-1), minlength=classes).tolist())


def _confusion(labels: np.ndarray, guesses: np.ndarray, classes: int) -> tuple[tuple[int, ...], ...]:
    """Return counts [classes, classes], true class by answered class."""
    cells = np.bincount((labels * classes + guesses).reshape(-1), minlength=classes**2)
    return tuple(tuple(row) for row in cells.reshape(classes, classes).tolist())
