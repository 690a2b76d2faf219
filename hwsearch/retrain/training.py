"""A network trained on, epoch by epoch, with its integers looked at on validation after each; test once, at the end.

What is kept is the epoch with the best score of its integers on validation, the last of equals (by then the learning
rate is low, and what was learned has settled), and only if that is better than the network was before. The test split
is looked at when that is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.data.frames import timestep_labels
from hwsearch.data.samples import Dataset
from hwsearch.graph.graph import NetworkSpec
from hwsearch.measure.answers import Answers, answers_of, readouts_without_input
from hwsearch.measure.scores import score_of
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import IntegerNetwork, Widths, overflows
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import Stack
from hwsearch.retrain.held import HeldStack
from hwsearch.retrain.start import readout_unit, start_of
from hwsearch.study.laws import Score
from hwsearch.train.loop import Schedule, train_stack


@dataclass(frozen=True)
class Settings:
    """How a network is trained on.

    Attributes:
        schedule: Epochs, batch size, learning rate.
        seed: Of the order of the samples.
        score: What is to be high on validation.
        neuron_loop: ``fused`` or ``spikingjelly``.
        widths: What the device offers.
    """

    schedule: Schedule
    seed: int
    score: Score
    neuron_loop: str
    widths: Widths


@dataclass(frozen=True)
class Standing:
    """What a network answers on the new data.

    Attributes:
        val, test: On each split.
        score_val, score_test: The study's score there.
    """

    val: Answers
    test: Answers
    score_val: float
    score_test: float


@dataclass(frozen=True)
class Retrained:
    """What came of a training.

    Attributes:
        network: The new integers; None: no epoch was better on validation than doing nothing.
        epoch: The epoch that they are of, from 1; None likewise.
        before: Of the network as it was.
        after: Of the new one; None likewise.
        curve: Score on validation after each epoch; None where its network could not be kept.
        refused: Why networks could not be kept, each reason once.
        train_steps, eval_steps: Samples times timesteps, of all epochs.
    """

    network: IntegerNetwork | None
    epoch: int | None
    before: Standing
    after: Standing | None
    curve: tuple[float | None, ...]
    refused: tuple[str, ...]
    train_steps: int
    eval_steps: int


def retrain(
    network: IntegerNetwork,
    data: Dataset,
    settings: Settings,
    unlike: Callable[[IntegerNetwork], str] = lambda network: "",
    tell: Callable[[str], object] = lambda text: None,
) -> Retrained:
    """Train a network on; which of its weights are stored, their bits, timesteps and widths stay.

    Args:
        network: The integers.
        data: What they are trained on, encoded as the network reads it.
        settings: How.
        unlike: Says in what a network cannot take the place of the first; empty where it can.
        tell: Told of every epoch.

    Raises:
        RecordError: A threshold of the network is not above zero.
    """
    labels = timestep_labels(data.y_train, network.timesteps)
    shown = run_integer(network, data.x_train).readout
    unit = readout_unit(network, shown, settings.schedule.loss_gain)
    epochs = _Epochs(
        network, HeldStack(start_of(network, unit), settings.neuron_loop), data, settings, unlike
    )
    before = epochs.score(network)
    tell(f"before: {settings.score} {before:.4f} on validation")

    def build(spec: NetworkSpec, tickets: Sequence[Ticket], neuron_loop: str) -> Stack:
        return epochs.stack

    def watch(finished: int, params: Callable[[], list[Params]]) -> bool:
        sound = epochs.look()
        shown = epochs.curve[-1]
        said = "cannot be kept" if shown is None else f"{settings.score} {shown:.4f}"
        tell(f"epoch {finished} of {settings.schedule.epochs}: {said}")
        return not sound

    stack = epochs.stack
    (trained,) = train_stack(
        stack.spec, [stack.start.ticket], data.x_train, labels, timesteps=network.timesteps,
        schedule=settings.schedule, seed=settings.seed, neuron_loop=settings.neuron_loop, watch=watch, build=build,
    )  # fmt: skip
    steps = trained.train_steps
    return epochs.settled(before, steps)


class _Epochs:
    """What is seen of each epoch, and the best so far."""

    def __init__(
        self,
        network: IntegerNetwork,
        stack: HeldStack,
        data: Dataset,
        settings: Settings,
        unlike: Callable[[IntegerNetwork], str],
    ) -> None:
        self.network, self.stack, self._data = network, stack, data
        self._settings, self._unlike = settings, unlike
        self.curve: list[float | None] = []
        self._refused: dict[str, None] = {}
        self._best: tuple[float, int, IntegerNetwork] | None = None
        self._seen = len(data.y_train)  # by the network before, for the unit of its readout

    def score(self, network: IntegerNetwork) -> float:
        """Return a network's score on validation."""
        return score_of(self._answers(network, self._data.x_val, self._data.y_val), self._settings.score)

    def look(self) -> bool:
        """Judge the stack as it is; return whether its numbers are finite, so that it can be trained on."""
        widths = self._settings.widths
        network = self.stack.integers(widths)
        if network is None:
            self._refused["training diverged"] = None
            self.curve.append(None)
            return False
        wrong = overflows(network, widths) if widths.overflow == "reject" else ""
        if reason := wrong or self._unlike(network):
            self._refused[reason] = None
            self.curve.append(None)
            return True
        score = self.score(network)
        self.curve.append(score)
        if self._best is None or score >= self._best[0]:
            self._best = score, len(self.curve), network
        return True

    def settled(self, before: float, train_steps: int) -> Retrained:
        """Return what came of it; the test split is looked at here, for the first time."""
        better = self._best if self._best is not None and self._best[0] > before else None
        standing = self._standing(self.network)
        after = None if better is None else self._standing(better[2])
        return Retrained(
            network=None if better is None else better[2],
            epoch=None if better is None else better[1],
            before=standing,
            after=after,
            curve=tuple(self.curve),
            refused=tuple(self._refused),
            train_steps=train_steps,
            eval_steps=self._seen * self.network.timesteps,
        )

    def _standing(self, network: IntegerNetwork) -> Standing:
        data, score = self._data, self._settings.score
        val = self._answers(network, data.x_val, data.y_val)
        test = self._answers(network, data.x_test, data.y_test)
        return Standing(val, test, score_of(val, score), score_of(test, score))

    def _answers(self, network: IntegerNetwork, x: np.ndarray, y: np.ndarray) -> Answers:
        self._seen += len(y)
        (without_input,) = readouts_without_input([network])
        labels = timestep_labels(y, network.timesteps)
        return answers_of(network, run_integer(network, x), labels, without_input, classes=self._data.classes)
