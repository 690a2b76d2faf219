"""One candidate in the middle of its training: what is needed to go on as if it had never stopped, in any stack.

Plain numpy values; on disk they are safetensors files (`search.cache`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from hwsearch.network.stack import Params, Stack, Ticket
from hwsearch.train.adam import StackAdam


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A candidate after some epochs of a schedule.

    Attributes:
        params: Its parameters, with the running statistics of batch normalisation.
        first, second: [n] Adam's moments of all trained parameters, in the order of ``Stack.parameters()``.
        steps: Adam's steps so far.
        epochs: Finished epochs.
        order: [n] uint8, state of the generator of sample order and input noise.
    """

    params: Params
    first: np.ndarray
    second: np.ndarray
    steps: int
    epochs: int
    order: np.ndarray


def take(stack: Stack, adam: StackAdam, generator: torch.Generator, epochs: int) -> list[Checkpoint]:
    """Return each candidate's checkpoint after ``epochs`` finished epochs."""
    first, second = adam.moments()
    order = generator.get_state().numpy().copy()
    return [
        Checkpoint(own, first[k].copy(), second[k].copy(), adam.steps, epochs, order)
        for k, own in enumerate(stack.params())
    ]


def resumed(tickets: Sequence[Ticket], checkpoints: Sequence[Checkpoint]) -> list[Ticket]:
    """Return the tickets with the parameters of their checkpoints.

    Raises:
        ValueError: There is not one checkpoint a ticket, or they do not stand at the same point of one training.
    """
    if len(checkpoints) != len(tickets):
        raise ValueError(f"one checkpoint a ticket is needed; got {len(checkpoints)} for {len(tickets)}")
    first = checkpoints[0]
    for other in checkpoints[1:]:
        if (other.epochs, other.steps) != (first.epochs, first.steps):
            raise ValueError(
                f"checkpoints of a stack must have finished the same epochs; got {first.epochs} and {other.epochs}"
            )
        if not np.array_equal(other.order, first.order):
            raise ValueError("checkpoints of a stack must share the order of their samples (seed and data)")
    return [replace(ticket, params=own.params) for ticket, own in zip(tickets, checkpoints, strict=True)]


def restore(adam: StackAdam, generator: torch.Generator, checkpoints: Sequence[Checkpoint]) -> None:
    """Put the optimiser and the generator where the checkpoints of a stack stand (its tickets: ``resumed``)."""
    first, second = ([getattr(own, name) for own in checkpoints] for name in ("first", "second"))
    adam.restore(np.stack(first), np.stack(second), checkpoints[0].steps)
    generator.set_state(torch.from_numpy(checkpoints[0].order.copy()))
