"""Probes: what pruning or quantising one layer alone does to the dense network's logits, measured once.

One forward pass a probe, many in a stack, at few timesteps, without training. Batch normalisation uses the statistics
of the probe inputs themselves, so that a probe shows what is lost for good and not a shift that re-estimation mends.
From the probes `similarity` foretells any joint candidate. Not for channels' or kernels' storage: that is exact
arithmetic elsewhere.

Source: additive layer noise, Zhou et al. 2018 (Adaptive Quantization for DNNs); ours is per input, not one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from hwsearch.network.stack import Params, Stack, Ticket
from hwsearch.network.topology import NetworkSpec
from hwsearch.predict.changes import LEVELS, Asked, one_layer

_STACK = 16


@dataclass(frozen=True, eq=False)
class Probes:
    """Perturbations of the dense network's logits.

    Attributes:
        logits: [B, classes] mean readout current of the dense network at the reference bits.
        levels: [S] probed sparsities, rising, the first is 0 (no perturbation).
        pruned: Per granularity [L, S, B, classes]: what pruning that layer alone changes.
        bits: [Q] probed weight bits, rising.
        quantised: [L, Q, B, classes]: what quantising that layer alone changes.
        eval_steps: Samples times timesteps pushed forward to make them.
    """

    logits: np.ndarray
    levels: np.ndarray
    pruned: Mapping[str, np.ndarray]
    bits: np.ndarray
    quantised: np.ndarray
    eval_steps: int


def probe(spec: NetworkSpec, dense: Params, x: np.ndarray, asked: Asked) -> Probes:
    """Probe every layer at every granularity, a few sparsities, and every number of bits.

    Args:
        spec: The architecture.
        dense: Its trained parameters.
        x: [B, C, H, W] integer inputs.
        asked: What is probed.
    """
    n = len(dense)
    levels = np.array([0.0, *LEVELS])
    whole = tuple(np.ones(layer.weight.shape, bool) for layer in dense)
    reference = Ticket(dense, whole, (asked.reference_bits,) * n)
    tickets, places = [reference], []
    for granularity in asked.granularities:
        for layer in range(n):
            for level in range(1, len(levels)):
                masks = one_layer(dense, granularity, layer, float(levels[level]))
                if not all(mask.all() for mask in masks):  # else it does not apply to this layer
                    tickets.append(Ticket(dense, masks, reference.bits))
                    places.append((granularity, layer, level))
    ladder = np.array(sorted(set(asked.bits)))
    for layer in range(n):
        for level, own in enumerate(ladder):
            if own != asked.reference_bits:
                tickets.append(
                    Ticket(dense, whole, (*reference.bits[:layer], int(own), *reference.bits[layer + 1 :]))
                )
                places.append(("bits", layer, level))
    logits = one_shot_logits(spec, tickets, x, asked.timesteps)
    zeros = np.zeros((n, len(levels), *logits[0].shape), np.float32)
    pruned = {granularity: zeros.copy() for granularity in asked.granularities}
    quantised = np.zeros((n, len(ladder), *logits[0].shape), np.float32)
    for (kind, layer, level), own in zip(places, logits[1:], strict=True):
        (quantised if kind == "bits" else pruned[kind])[layer, level] = own - logits[0]
    return Probes(logits[0], levels, pruned, ladder, quantised, len(tickets) * len(x) * asked.timesteps)


def one_shot_logits(
    spec: NetworkSpec, tickets: Sequence[Ticket], x: np.ndarray, timesteps: int
) -> np.ndarray:
    """Return [K, B, classes]: each ticket's mean readout current as it stands, without training.

    Batch normalisation takes its statistics from x.
    """
    inputs = torch.from_numpy(x.astype(np.float32) / np.float32(spec.input_max))
    parts = []
    with torch.no_grad():
        for first in range(0, len(tickets), _STACK):
            stack = Stack(spec, tickets[first : first + _STACK]).train()
            parts.append(stack(inputs, timesteps).numpy())
    return np.concatenate(parts)
