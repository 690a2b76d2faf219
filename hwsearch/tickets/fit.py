"""What every finder is given: how to train a stack on this task, what masks are wanted, and how weights are ranked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from hwsearch.compress.masks import prune, prune_layers
from hwsearch.errors import HwsearchError
from hwsearch.network.stack import Params, Stack, Ticket
from hwsearch.network.topology import NetworkSpec
from hwsearch.study.digest import digest
from hwsearch.tickets.criteria import after_quantising, score, within
from hwsearch.tickets.observe import observe
from hwsearch.train.loop import Schedule, Watch, train_stack


@dataclass(frozen=True)
class Target:
    """Masks that are wanted.

    Attributes:
        granularity: One of `masks.GRANULARITIES`.
        sparsity: Fraction of groups removed: one for the whole network, or one a layer.
    """

    granularity: str
    sparsity: tuple[float, ...]


Rank = Callable[[Params], list[np.ndarray]]
"""A network's parameters -> the worth of each of its weights."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A task to train on.

    Attributes:
        spec: The architecture.
        x, y: Training inputs [N, C, H, W] uint8 and classes [N].
        timesteps: T.
        schedule: Epochs, batch size, learning rate.
        seed: Fixes the order of the samples.
        bits: Weight bits that finders train with.
        neuron_loop: ``fused`` or ``spikingjelly``.
    """

    spec: NetworkSpec
    x: np.ndarray
    y: np.ndarray
    timesteps: int
    schedule: Schedule
    seed: int
    bits: int = 8
    neuron_loop: str = "fused"

    @cached_property
    def digest(self) -> str:
        """16 hex digits over all that a training depends on besides its start: the samples, not their name."""
        samples = hashlib.sha256()
        for array in (self.x, self.y):
            samples.update(f"{array.shape}{array.dtype}".encode() + np.ascontiguousarray(array).tobytes())
        how = [self.spec, self.timesteps, self.schedule, self.seed, self.bits, self.neuron_loop]
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
        bits = (self.bits,) * len(self.spec.layers)
        tickets = [Ticket(own, tuple(mask), bits) for own, mask in zip(starts, masks, strict=True)]
        trained = train_stack(
            self.spec, tickets, self.x, self.y, timesteps=self.timesteps, schedule=self.schedule, seed=self.seed,
            neuron_loop=self.neuron_loop, watch=watch, build=build,
        )  # fmt: skip
        broken = [own.failure for own in trained if own.params is None]
        if broken:
            raise HwsearchError(f"no ticket was found: {broken[0]}; lower dense_learning_rate")
        return [own.params for own in trained if own.params is not None]


@dataclass(frozen=True, eq=False)
class Knife:
    """How masks are cut from trained weights.

    Attributes:
        rank: The criterion.
        scope, gentle: See `masks.prune`.
    """

    rank: Rank
    scope: Literal["global", "layer"] = "global"
    gentle: float = 2.0

    def cut(
        self, params: Params, target: Target, inside: Sequence[np.ndarray] | None = None
    ) -> tuple[np.ndarray, ...]:
        """Return the masks of a target, from the weights of `params`; within the masks `inside` where given."""
        own = params
        if inside is not None:  # training leaves removed weights where they were
            own = tuple(replace(p, weight=p.weight * m) for p, m in zip(params, inside, strict=True))
        scores = self.rank(own)
        return self.of_scores(target, scores if inside is None else within(scores, inside))

    def of_scores(self, target: Target, scores: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Return the masks of a target from scores; a target of one sparsity a layer ranks each layer on its own."""
        granularity, sparsity = target.granularity, target.sparsity
        if len(sparsity) > 1:
            return tuple(prune_layers(scores, granularity, sparsity, scores=scores))
        return tuple(
            prune(scores, granularity, sparsity[0], scope=self.scope, gentle=self.gentle, scores=scores)
        )


def ranking(criterion: str, fit: Fit, samples: int = 512) -> Rank:
    """Return what ranks weights by a criterion, on the first samples of the task (they are in no order of classes)."""

    def rank(params: Params) -> list[np.ndarray]:
        seen = None
        if criterion != "magnitude":
            calibration = fit.x[:samples]
            seen = observe(fit.spec, params, calibration, fit.timesteps, hessian=criterion == "second_order")
        scores = score(criterion, params, seen)
        bits = (fit.bits,) * len(params)
        return after_quantising(scores, params, bits) if fit.spec.quantise_first else scores

    return rank


def all_kept(params: Params) -> tuple[np.ndarray, ...]:
    """Return the masks that remove nothing."""
    return tuple(np.ones(layer.weight.shape, bool) for layer in params)
