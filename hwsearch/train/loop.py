"""One bare training loop, for a stack of candidates.

Adam with a cosine learning rate, cross-entropy of the mean readout current; the order of the samples depends only
on the seed, so a candidate trains alike in any stack. A candidate whose loss leaves the finite numbers is named,
and cannot touch the others: the candidates share no parameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from hwsearch.graph.graph import Input, NetworkSpec
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import Stack
from hwsearch.seeds import seed_of
from hwsearch.train.adam import StackAdam
from hwsearch.train.augment import Augmentation, Augmenter
from hwsearch.train.inputs import as_floats, stored_inputs
from hwsearch.train.loss import balanced_weights, cross_entropy
from hwsearch.train.machine import give_back_holes

Watch = Callable[[int, Callable[[], list[Params]]], bool]
"""(finished epochs, what returns the parameters of each candidate now) -> whether training may stop."""


_STEPS_BETWEEN_TRIMS = 64


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        epochs: Passes over the training split.
        batch_size: Samples a step.
        learning_rate: Adam's, at the start of the cosine.
        loss_gain: Factor on the readout current before the softmax.
        input_noise: Standard deviation of normal noise on training inputs, as a share of their range (0: none).
        class_weights: ``none``, or ``balanced``: all classes have the same say in the loss (`balanced_weights`).
        augment: How training images are moved and mirrored; None: they are read as they are.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    loss_gain: float = 1.0
    input_noise: float = 0.0
    class_weights: str = "none"
    augment: Augmentation | None = None


@dataclass(frozen=True)
class Trained:
    """The outcome of training one ticket.

    Attributes:
        params: Its parameters; None when training failed.
        loss: Mean training loss of the last epoch; None when training failed.
        failure: Why training failed; empty when it did not.
        train_steps: Samples times timesteps pushed forward and backward.
    """

    params: Params | None
    loss: float | None
    failure: str
    train_steps: int


def train_stack(
    spec: NetworkSpec,
    tickets: Sequence[Ticket],
    x: np.ndarray,
    y: np.ndarray,
    *,
    timesteps: int,
    schedule: Schedule,
    seed: int,
    neuron_loop: str = "fused",
    watch: Watch | None = None,
    build: Callable[[NetworkSpec, Sequence[Ticket], str], Stack] = Stack,
    device: str = "cpu",
) -> list[Trained]:
    """Train a stack of tickets and return the outcome of each, in order.

    Args:
        spec: The architecture they share.
        tickets: Start values, masks and bits of each candidate.
        x: Integer inputs of the training split: [N, C, H, W] still images, or [N, T0, C, H, W] sequences.
        y: [N] class indices; [N, T] where labels are a timestep's.
        timesteps: T.
        schedule: Epochs, batch size, learning rate.
        seed: Fixes the order of the samples, and how they are moved and mirrored.
        neuron_loop: ``fused`` or ``spikingjelly``.
        watch: Asked after every epoch whether to stop.
        build: What makes the stack (finders that train something else than weights have their own).
        device: Where it is trained; the samples are held there.
    """
    stack = build(spec, tickets, neuron_loop).move(device).train()
    adam = StackAdam(stack, [ticket.rate for ticket in tickets])
    inputs = stored_inputs(x, spec.input, timesteps).to(device)
    weights = balanced_weights(y, spec.classes).to(device) if schedule.class_weights == "balanced" else None
    augmenter = None if schedule.augment is None else Augmenter(schedule.augment, inputs, seed)
    targets = torch.from_numpy(y).to(device)
    source = _Source(inputs, targets, spec.input, timesteps, seed, weights, augmenter)
    losses, n_finished = torch.zeros(stack.size), 0
    while n_finished < schedule.epochs:
        losses = _epoch(stack, adam, source, schedule, n_finished, timesteps)
        n_finished += 1
        if watch is not None and watch(n_finished, stack.params):
            break
    return _outcomes(stack.params(), losses.tolist(), n_finished * len(y) * timesteps)


@dataclass(frozen=True, eq=False)
class _Source:
    """Training samples on their device, and what draws their order, moves and noise."""

    inputs: Tensor
    targets: Tensor
    read: Input
    timesteps: int
    seed: int
    class_weights: Tensor | None
    augmenter: Augmenter | None

    @cached_property
    def generator(self) -> torch.Generator:
        """What draws the order of the samples, in whichever stack and on whichever device."""
        return torch.Generator().manual_seed(self.seed)

    def batch(self, places: Tensor, moves: Tensor | None, noise: float, generator: torch.Generator) -> Tensor:
        """Return some samples as floats, moved, with noise within their range; all candidates of a stack see the same.

        Args:
            places: Which, [B].
            moves: Of all samples, in this epoch; None: they are not moved.
            noise: Standard deviation, as a share of their range.
            generator: Of the noise.
        """
        x = self.inputs[places]
        if self.augmenter is not None and moves is not None:
            x = self.augmenter(x, moves[places])
        x = as_floats(x, self.read.max)
        if noise == 0:
            return x
        top = self.read.max_at(self.timesteps) / self.read.max
        return (x + noise * torch.randn(x.shape, generator=generator, device=x.device)).clamp_(0.0, top)

    def noise(self, epoch: int) -> torch.Generator:
        """Return what draws an epoch's noise: on a GPU one of its own, so that nothing waits for the host."""
        if self.inputs.device.type == "cpu":
            return self.generator
        return torch.Generator(self.inputs.device).manual_seed(seed_of("noise", self.seed, epoch))


def _epoch(
    stack: Stack,
    adam: StackAdam,
    source: _Source,
    schedule: Schedule,
    epoch: int,
    timesteps: int,
) -> Tensor:
    """Train for one epoch, the ``epoch``-th from 0 of the schedule; return each candidate's mean loss [K]."""
    device, n = source.inputs.device, len(source.targets)
    losses, noise = torch.zeros(stack.size, device=device), source.noise(epoch)
    moves = None if source.augmenter is None else source.augmenter.moves(epoch)
    order = torch.randperm(n, generator=source.generator).to(device)
    batches = order.split(schedule.batch_size)  # type: ignore[no-untyped-call]
    n_steps = schedule.epochs * len(batches)
    for step, batch in enumerate(batches, epoch * len(batches)):
        rate = schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * step / n_steps))
        out = stack(source.batch(batch, moves, schedule.input_noise, noise), timesteps)
        loss = cross_entropy(out, source.targets[batch], schedule.loss_gain, source.class_weights)
        loss.sum().backward()  # type: ignore[no-untyped-call]
        adam.step(rate)
        losses += loss.detach() * (len(batch) / n)
        if step % _STEPS_BETWEEN_TRIMS == 0:
            give_back_holes()
    return losses


def _outcomes(params: list[Params], losses: list[float], steps: int) -> list[Trained]:
    return [_outcome(*trained, steps) for trained in zip(params, losses, strict=True)]


def _outcome(params: Params, loss: float, steps: int) -> Trained:
    finite = math.isfinite(loss) and all(
        np.isfinite(values).all() for values in (*params.weights, *params.biases)
    )
    if finite:
        return Trained(params, loss, "", steps)
    return Trained(None, None, f"training diverged (last mean loss {loss})", steps)
