"""One bare training loop, for a stack of candidates.

Adam with a cosine learning rate, cross-entropy of the mean readout current; the order of the samples depends only
on the seed, so a candidate trains alike in any stack. A candidate whose loss leaves the finite numbers is named,
and cannot touch the others: the candidates share no parameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.network.stack import Params, Stack, Ticket
from hwsearch.network.topology import NetworkSpec

Watch = Callable[[int, Callable[[], list[Params]]], bool]
"""(finished epochs, what returns the parameters of each candidate now) -> whether training may stop."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        epochs: Passes over the training split.
        batch_size: Samples a step.
        learning_rate: Adam's, at the start of the cosine.
        loss_gain: Factor on the readout current before the softmax.
        input_noise: Standard deviation of normal noise on training inputs, as a share of their range (0: none).
    """

    epochs: int
    batch_size: int
    learning_rate: float
    loss_gain: float = 1.0
    input_noise: float = 0.0


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
    on_epoch: Callable[[int], None] | None = None,
    watch: Watch | None = None,
    build: Callable[[NetworkSpec, Sequence[Ticket], str], Stack] = Stack,
) -> list[Trained]:
    """Train a stack of tickets and return each one's outcome, in order.

    Args:
        spec: The architecture they share.
        tickets: Start values, masks and bits of each candidate.
        x: [N, C, H, W] uint8 inputs of the training split.
        y: [N] class indices.
        timesteps: T.
        schedule: Epochs, batch size, learning rate.
        seed: Fixes the order of the samples.
        neuron_loop: ``fused`` or ``spikingjelly``.
        on_epoch: Called with the number of finished epochs.
        watch: Asked after every epoch whether to stop.
        build: What makes the stack (finders that train something else than weights have their own).
    """
    stack = build(spec, tickets, neuron_loop)
    inputs, targets = as_input(x, spec), torch.from_numpy(y)
    optimiser = torch.optim.Adam(stack.parameters(), lr=schedule.learning_rate, fused=True)
    generator = torch.Generator().manual_seed(seed)
    n_batches = math.ceil(len(y) / schedule.batch_size)
    n_steps, step = schedule.epochs * n_batches, 0
    losses = torch.zeros(stack.size)
    stack.train()
    for epoch in range(schedule.epochs):
        losses = torch.zeros(stack.size)
        for batch in torch.randperm(len(y), generator=generator).split(schedule.batch_size):  # type: ignore[no-untyped-call]
            rate = schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * step / n_steps))
            optimiser.param_groups[0]["lr"] = rate
            out = stack(_noisy(inputs[batch], schedule.input_noise, generator), timesteps)
            loss = _losses(out * schedule.loss_gain, targets[batch])
            optimiser.zero_grad(set_to_none=True)
            loss.sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses += loss.detach() * (len(batch) / len(y))
            step += 1
        if on_epoch is not None:
            on_epoch(epoch + 1)
        if watch is not None and watch(epoch + 1, stack.params):
            break
    steps = math.ceil(step / n_batches) * len(y) * timesteps
    return [_outcome(p, float(last), steps) for p, last in zip(stack.params(), losses, strict=True)]


def as_input(x: np.ndarray, spec: NetworkSpec) -> Tensor:
    """Return integer inputs as floats in [0, 1]."""
    return torch.from_numpy(x.astype(np.float32) / np.float32(spec.input_max))


def _noisy(x: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """Return inputs with noise, within their range; all candidates of a stack see the same."""
    if noise == 0:
        return x
    return (x + noise * torch.randn(x.shape, generator=generator)).clamp_(0.0, 1.0)


def _losses(out: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross-entropy of each candidate: out [K, B, classes] -> [K]."""
    size, batch, _ = out.shape
    return F.cross_entropy(out.flatten(0, 1), target.repeat(size), reduction="none").view(size, batch).mean(1)


def _outcome(params: Params, loss: float, steps: int) -> Trained:
    finite = math.isfinite(loss) and all(
        np.isfinite(p.weight).all() and np.isfinite(p.bias).all() for p in params
    )
    if finite:
        return Trained(params, loss, "", steps)
    return Trained(None, None, f"training diverged (last mean loss {loss})", steps)
