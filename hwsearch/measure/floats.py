"""What the float networks say: their logits, and batch-norm statistics fitted to given inputs.

Not the truth about a candidate: that is the integer model's accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from hwsearch.network.stack import Stack, Ticket
from hwsearch.network.topology import NetworkSpec
from hwsearch.train.loop import as_input

_BATCH = 256
_ELEMENTS_AT_A_TIME = 20_000_000  # activations of one batch of a stack: bounds the memory


def logits(
    spec: NetworkSpec,
    tickets: Sequence[Ticket],
    x: np.ndarray,
    timesteps: int,
    *,
    neuron_loop: str = "fused",
    device: str = "cpu",
) -> np.ndarray:
    """Return each network's mean readout current in eval mode, float32 [K, N, classes].

    Args:
        spec: The architecture they share.
        tickets: Parameters, masks and bits.
        x: [N, C, H, W] uint8 inputs.
        timesteps: T.
        neuron_loop: ``fused`` or ``spikingjelly``.
        device: Where torch computes.
    """
    inputs = as_input(x, spec).to(device)
    parts = []
    for stacked in _split(spec, tickets, timesteps):
        stack = Stack(spec, stacked, neuron_loop).move(device).eval()
        with torch.no_grad():
            parts.append(torch.cat([stack(batch, timesteps) for batch in _batches(inputs)], 1).cpu().numpy())
    return np.concatenate(parts)


def reestimate_norm(
    spec: NetworkSpec, tickets: Sequence[Ticket], x: np.ndarray, timesteps: int
) -> list[Ticket]:
    """Return the tickets with the running statistics of batch normalisation that they have on given inputs.

    Statistics are plain averages over the batches of x, each batch being normalised by its own. Without batch
    normalisation the tickets come back as they are.

    Args:
        spec: The architecture they share.
        tickets: Parameters, masks and bits.
        x: [N, C, H, W] uint8 inputs, about 1000 of the training split.
        timesteps: T.
    """
    if not spec.batch_norm:
        return list(tickets)
    inputs = as_input(x, spec)
    fitted = []
    for stacked in _split(spec, tickets, timesteps):
        stack = Stack(spec, stacked).train()
        with torch.no_grad():
            for n, batch in enumerate(_batches(inputs), 1):
                stack.momentum = 1 / n
                stack(batch, timesteps)
        fitted += [replace(t, params=own) for t, own in zip(stacked, stack.params(), strict=True)]
    return fitted


def _split(spec: NetworkSpec, tickets: Sequence[Ticket], timesteps: int) -> list[Sequence[Ticket]]:
    """Return the tickets in stacks whose activations fit the memory."""
    largest = max(layer.neurons for layer in spec.layers)
    size = max(1, _ELEMENTS_AT_A_TIME // (largest * timesteps * _BATCH))
    return [tickets[i : i + size] for i in range(0, len(tickets), size)]


def _batches(inputs: Tensor) -> tuple[Tensor, ...]:
    return torch.split(inputs, _BATCH)
