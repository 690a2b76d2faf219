"""Probes: what pruning or quantising one layer alone does to the dense network's logits, measured once.

One forward pass a probe, many in a stack, at few timesteps, without training. Batch normalisation uses the statistics
of the probe inputs themselves, so that a probe shows what is lost for good and not a shift that re-estimation mends.
From the probes `similarity` predicts any joint candidate. Not for channels' or kernels' storage: that is exact
arithmetic elsewhere.

Source: additive layer noise, Zhou et al. 2018 (Adaptive Quantization for DNNs); ours is per input, not one number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import Stack
from hwsearch.predict.layer_sensitivity import LEVELS, EstimatorScope, masks_of_one_layer
from hwsearch.tickets.fit import dense_masks
from hwsearch.train.inputs import as_input

_STACK = 16

LogitsOf = Callable[[Sequence[Ticket], np.ndarray], np.ndarray]
"""(tickets, inputs) -> `untrained_logits` of a network at some T, wherever they are worked out."""

_Place = tuple[str, int, int]
"""Granularity (or bits), layer, and which level of it."""


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


@dataclass(frozen=True, eq=False)
class Probed:
    """All that is measured before similarity can be told.

    Attributes:
        probes: Of the dense network's layers; None for estimators that need none.
        settled: [N] share of the probe inputs on which a candidate agrees with the dense network.
        agree: [K, B] whether a candidate agrees on an input, of other candidates and inputs.
    """

    probes: Probes | None
    settled: np.ndarray
    agree: np.ndarray


def probe(
    spec: NetworkSpec,
    dense: Params,
    x: np.ndarray,
    scope: EstimatorScope,
    logits_of: LogitsOf | None = None,
) -> Probes:
    """Probe every layer at every granularity, a few sparsities, and every number of bits.

    Args:
        spec: The architecture.
        dense: Its trained parameters.
        x: [B, C, H, W] integer inputs.
        scope: What is probed.
        logits_of: What runs tickets of that network at the scope's T; None: this process.
    """
    logits_of = partial(untrained_logits, spec, timesteps=scope.timesteps) if logits_of is None else logits_of
    reference = Ticket(dense, dense_masks(dense), (scope.reference_bits,) * len(dense.weights))
    levels, bits = np.array([0.0, *LEVELS]), np.array(sorted(set(scope.bits)))
    tickets, places = [reference], []
    for place, ticket in [*_pruned(spec, reference, scope.granularities), *_quantised(spec, reference, bits)]:
        places.append(place)
        tickets.append(ticket)
    logits = logits_of(tickets, x)
    zeros = np.zeros((len(spec.prunable), len(levels), *logits[0].shape), np.float32)
    pruned = {granularity: zeros.copy() for granularity in scope.granularities}
    quantised = np.zeros((len(spec.prunable), len(bits), *logits[0].shape), np.float32)
    for (kind, layer, level), probed in zip(places, logits[1:], strict=True):
        (quantised if kind == "bits" else pruned[kind])[layer, level] = probed - logits[0]
    return Probes(logits[0], levels, pruned, bits, quantised, len(tickets) * len(x) * scope.timesteps)


def _pruned(
    spec: NetworkSpec, reference: Ticket, granularities: Sequence[str]
) -> Iterator[tuple[_Place, Ticket]]:
    """Yield the tickets with one layer pruned; granularities that do not apply to a layer have none."""
    for granularity in granularities:
        for layer in range(len(spec.prunable)):
            for level, sparsity in enumerate(LEVELS, start=1):
                masks = masks_of_one_layer(spec, reference.params, granularity, layer, sparsity)
                if not all(mask.all() for mask in masks):
                    yield (granularity, layer, level), replace(reference, masks=masks)


def _quantised(spec: NetworkSpec, reference: Ticket, bits: np.ndarray) -> Iterator[tuple[_Place, Ticket]]:
    """Yield the tickets with one layer of other bits than the reference's."""
    for layer, place in enumerate(spec.prunable):
        for level, width in enumerate(bits):
            if width != reference.bits[place]:
                changed = (*reference.bits[:place], int(width), *reference.bits[place + 1 :])
                yield ("bits", layer, level), replace(reference, bits=changed)


def untrained_logits(
    spec: NetworkSpec, tickets: Sequence[Ticket], x: np.ndarray, timesteps: int
) -> np.ndarray:
    """Return [K, B, classes]: each ticket's mean readout current as it stands, without training.

    Where labels are a timestep's, B counts the predictions after every timestep. Batch normalisation takes its
    statistics from x.
    """
    inputs = as_input(x, spec.input, timesteps)
    parts = []
    with torch.no_grad():
        for stacked in stacks(tickets):
            logits = Stack(spec, stacked).train()(inputs, timesteps)
            parts.append(logits.reshape(len(logits), -1, spec.classes).numpy())
    return np.concatenate(parts)


def stacks(tickets: Sequence[Ticket]) -> list[Sequence[Ticket]]:
    """Return tickets as they run together."""
    return [tickets[first : first + _STACK] for first in range(0, len(tickets), _STACK)]
