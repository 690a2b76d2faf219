"""What the float networks say: their logits.

Not the truth about a candidate: that is the integer model's accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

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
            batches = [stack(batch, timesteps) for batch in torch.split(inputs, _BATCH)]
        parts.append(torch.cat(batches, 1).cpu().numpy())
    return np.concatenate(parts)


def _split(spec: NetworkSpec, tickets: Sequence[Ticket], timesteps: int) -> list[Sequence[Ticket]]:
    """Return the tickets in stacks whose activations fit the memory."""
    largest = max(layer.neurons for layer in spec.layers)
    size = max(1, _ELEMENTS_AT_A_TIME // (largest * timesteps * _BATCH))
    return [tickets[i : i + size] for i in range(0, len(tickets), size)]
