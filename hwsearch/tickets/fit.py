"""What every finder is given: how to train a stack on this task, what masks are wanted, and what prunes to them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from hwsearch.compress.masks import prune, prune_layers
from hwsearch.data.frames import timestep_labels
from hwsearch.errors import HwsearchError
from hwsearch.graph.graph import Connection, NetworkSpec
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import Stack
from hwsearch.study.digest import digest
from hwsearch.tickets.criteria import after_quantising, score, within
from hwsearch.tickets.observe import observe
from hwsearch.train.loop import Schedule, Watch, train_stack


@dataclass(frozen=True)
class Target:
    """Masks that are wanted.

    Attributes:
        granularity: One of `masks.GRANULARITIES`, or one a prunable connection.
        sparsity: Fraction of groups removed: one for the whole network, or one a prunable connection.
    """

    granularity: str | tuple[str, ...]
    sparsity: tuple[float, ...]


Criterion = Callable[[Params], list[np.ndarray]]
"""A network's parameters -> the worth of each of its weights."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A task to train on.

    Attributes:
        spec: The architecture.
        x: Training inputs, [N, C, H, W] or [N, T0, C, H, W].
        y: Classes, [N] or [N, T0].
        timesteps: T.
        schedule: Epochs, batch size, learning rate.
        seed: Fixes the order of the samples.
        bits: Weight bits that finders train with.
        neuron_loop: ``fused`` or ``spikingjelly``.
        given: Names the weights that every training starts from; empty: fresh ones.
    """

    spec: NetworkSpec
    x: np.ndarray
    y: np.ndarray
    timesteps: int
    schedule: Schedule
    seed: int
    bits: int = 8
    neuron_loop: str = "fused"
    given: str = ""

    @cached_property
    def digest(self) -> str:
        """16 hex digits over all that a training depends on besides its start: the samples, not their name."""
        samples = hashlib.sha256()
        for array in (self.x, self.y):
            samples.update(f"{array.shape}{array.dtype}".encode() + np.ascontiguousarray(array).tobytes())
        spec = replace(self.spec, channel_multiple=1)  # of the device: it shapes masks, no training
        how = [spec, self.timesteps, _content(self.schedule), self.seed, self.bits, self.neuron_loop]
        how += [self.given] if self.given else []
        return digest([samples.hexdigest(), *how])

    @property
    def epoch_steps(self) -> int:
        """Samples times timesteps of one epoch of one network."""
        return len(self.y) * self.timesteps

    def train(
        self,
        starts: Sequence[Params],
        masks: Sequence[Sequence[np.ndarray]],
        *,
        watch: Watch | None = None,
        build: Callable[[NetworkSpec, Sequence[Ticket], str], Stack] = Stack,
    ) -> list[Params]:
        """Train networks together and return their floats.

        Raises:
            HwsearchError: One of them diverged: a finder cannot go on without it.
        """
        bits = (self.bits,) * len(self.spec.connections)
        tickets = [Ticket(start, tuple(mask), bits) for start, mask in zip(starts, masks, strict=True)]
        trained = train_stack(
            self.spec, tickets, self.x, timestep_labels(self.y, self.timesteps),
            timesteps=self.timesteps, schedule=self.schedule, seed=self.seed,
            neuron_loop=self.neuron_loop, watch=watch, build=build,
        )  # fmt: skip
        failures = [network.failure for network in trained if network.params is None]
        if failures:
            raise HwsearchError(f"no ticket was found: {failures[0]}; lower dense_learning_rate")
        return [network.params for network in trained if network.params is not None]


def _content(schedule: Schedule) -> dict[str, object]:
    """Return a schedule's settings; some came later, and without them a training is what it was."""
    settings = dataclasses.asdict(schedule)
    return {k: v for k, v in settings.items() if (k, v) not in (("class_weights", "none"), ("augment", None))}


@dataclass(frozen=True, eq=False)
class Pruner:
    """How masks follow from trained weights.

    Attributes:
        connections: Of the network that is pruned.
        criterion: What ranks the weights.
        scope, gentle, multiple: See `masks.prune`.
    """

    connections: Sequence[Connection]
    criterion: Criterion
    scope: Literal["global", "layer"] = "global"
    gentle: float = 2.0
    multiple: int = 1

    def masks_from_weights(
        self, params: Params, target: Target, inside: Sequence[np.ndarray] | None = None
    ) -> tuple[np.ndarray, ...]:
        """Return the masks of a target, from the weights of `params`; within the masks `inside` where given."""
        if inside is None:
            return self.masks_from_scores(target, self.criterion(params))
        # training leaves removed weights where they were
        survivors = replace(params, weights=tuple(w * m for w, m in zip(params.weights, inside, strict=True)))
        return self.masks_from_scores(target, within(self.criterion(survivors), inside))

    def masks_from_scores(self, target: Target, scores: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Return the masks of a target from scores; one with a value a layer ranks each layer by itself."""
        granularity, sparsity = target.granularity, target.sparsity
        if len(sparsity) > 1 or not isinstance(granularity, str):
            each = sparsity if len(sparsity) > 1 else sparsity * sum(c.prunable for c in self.connections)
            return tuple(
                prune_layers(
                    self.connections, scores, granularity, each, scores=scores, multiple=self.multiple
                )
            )
        return tuple(
            prune(
                self.connections, scores, granularity, sparsity[0],
                scope=self.scope, gentle=self.gentle, scores=scores, multiple=self.multiple,
            )
        )  # fmt: skip


def criterion_on(name: str, fit: Fit, samples: int = 512) -> Criterion:
    """Return one of `criteria.CRITERIA`, on the first samples of the task (they are in no order of classes)."""

    def criterion(params: Params) -> list[np.ndarray]:
        statistics = None
        if name != "magnitude":
            calibration = fit.x[:samples]
            hessian = name == "second_order"
            statistics = observe(fit.spec, params, calibration, fit.timesteps, hessian=hessian)
        scores = score(name, params, statistics)
        bits = (fit.bits,) * len(params.weights)
        return after_quantising(scores, fit.spec, params, bits) if fit.spec.quantise_first else scores

    return criterion


def dense_masks(params: Params) -> tuple[np.ndarray, ...]:
    """Return the masks that remove nothing."""
    return tuple(np.ones(weight.shape, bool) for weight in params.weights)
