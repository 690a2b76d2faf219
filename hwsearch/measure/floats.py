"""What the float networks say: their logits.

Not the truth about a candidate: that is the integer model's accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Ticket
from hwsearch.network.stack import Stack
from hwsearch.train.inputs import as_floats, stored_inputs

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
    """Return what each network's readout says in eval mode, float32 [K, N, classes].

    That is its mean current, or where labels are a timestep's [K, N, T, classes]: see ``Stack.forward``.

    Args:
        spec: The architecture they share.
        tickets: Parameters, masks and bits.
        x: Integer inputs: [N, C, H, W] still images, or [N, T0, C, H, W] sequences.
        timesteps: T.
        neuron_loop: ``fused`` or ``spikingjelly``.
        device: Where torch computes.
    """
    inputs = stored_inputs(x, spec.input, timesteps).to(device)
    parts = []
    for stacked in _split(spec, tickets, timesteps):
        stack = Stack(spec, stacked, neuron_loop).move(device).eval()
        with torch.no_grad():
            batches = [
                stack(as_floats(batch, spec.input.max), timesteps) for batch in torch.split(inputs, _BATCH)
            ]
        parts.append(torch.cat(batches, 1).cpu().numpy())
    return np.concatenate(parts)


def _split(spec: NetworkSpec, tickets: Sequence[Ticket], timesteps: int) -> list[Sequence[Ticket]]:
    """Return the tickets in stacks whose activations fit the memory."""
    largest = max(population.neurons for population in spec.populations)
    size = max(1, _ELEMENTS_AT_A_TIME // (largest * timesteps * _BATCH))
    return [tickets[i : i + size] for i in range(0, len(tickets), size)]
