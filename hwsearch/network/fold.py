"""From trained floats to integers: batch normalisation, scales and biases folded into weights, biases and thresholds.

With integer weights q = w / scale and a normalised current x = g (sum_i w_i s_i + b - mean) + shift, one integer step
of a channel is worth S = |g| * scale; so

    w_int = sign(g) q,    th = ceil(threshold / S * 2**f),    c = round((g (b - mean) + shift) / S * 2**f)

An analog input divides by its largest value and a sum pooling by its window, both folded into the S of what reads it.
Connections into one population share S, up to a power of two that is added to their f (`compress.quantise.JointGrid`).
ceil makes v_int >= th the same question as v >= threshold. How the device's widths bound f, and what they take:
`fixed_point`. What of the integers cannot matter is removed in `shrink`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hwsearch.compress.quantise import JointGrid, Quantiser
from hwsearch.graph.graph import NetworkSpec
from hwsearch.graph.order import entering
from hwsearch.network.fixed_point import FixedPoint, Part, Scale, fixed_point, fractions
from hwsearch.network.integers import (
    IntegerConnection,
    IntegerNetwork,
    IntegerPopulation,
    Widths,
    largest_value,
    population_bits,
)
from hwsearch.network.params import Params
from hwsearch.network.stack import unit_of
from hwsearch.network.width_loss import WidthLoss

_BN_EPS = 1e-5


def fold(
    spec: NetworkSpec,
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
    widths: Widths,
) -> IntegerNetwork:
    """Return the integer network of trained parameters; see ``fold_counting_losses``."""
    return fold_counting_losses(spec, params, masks, bits, timesteps, widths)[0]


def fold_counting_losses(
    spec: NetworkSpec,
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
    widths: Widths,
) -> tuple[IntegerNetwork, WidthLoss]:
    """Return the integer network of trained parameters, and what the device's widths took from it.

    Args:
        spec: The architecture.
        params: Trained floats.
        masks: Surviving weights, one array a connection.
        bits: Weight bits, likewise.
        timesteps: T of the deployed model.
        widths: What the device offers; thresholds and biases stay within it.
    """
    scales = [_scale(spec, p, params, masks, bits, timesteps) for p in range(len(spec.populations))]
    return in_fixed_point(spec, scales, bits, timesteps, widths)


def in_fixed_point(
    spec: NetworkSpec, scales: Sequence[Scale], bits: Sequence[int], timesteps: int, widths: Widths
) -> tuple[IntegerNetwork, WidthLoss]:
    """Return the integer network of populations that are on their grids already, and what the widths took from it.

    Args:
        spec: The architecture.
        scales: One a population: integer weights, with thresholds and biases in units of them.
        bits: Weight bits, one a connection.
        timesteps: T of the deployed model.
        widths: What the device offers; thresholds and biases stay within it.
    """
    connections: list[IntegerConnection] = []
    populations: list[IntegerPopulation] = []
    loss = WidthLoss()
    for place, scale in enumerate(scales):
        population, incoming, population_loss = _within(spec, place, scale, timesteps, widths)
        populations.append(population)
        connections += incoming
        loss += population_loss
    network = IntegerNetwork(
        tuple(populations), tuple(connections), tuple(bits), timesteps, spec.input, spec.readout,
        widths.state, widths.accumulator,
    )  # fmt: skip
    return network, loss


def _scale(
    spec: NetworkSpec,
    place: int,
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
) -> Scale:
    """Return a population's grids, with its thresholds and biases in units of them."""
    law, incoming = spec.populations[place].law, entering(spec.connections, place)
    units = tuple(unit_of(spec, spec.connections[i]) for i in incoming)
    grids = tuple(
        Quantiser((bits[i],), per_channel=law is not None, over_all=spec.quantise_first) for i in incoming
    )
    weights, exponents, base = _integers(
        [params.weights[i] for i in incoming], [masks[i] for i in incoming], grids, units
    )
    gain, bias = _affine(params.biases[place], params.norms[place])
    step = np.broadcast_to(np.abs(gain) * base[0] * base[1], gain.shape).astype(np.float64)
    # a channel that normalisation has switched off (gain 0) passes only its bias: its weights go
    dead = step < 1e-12
    step = np.where(dead, min(units), step)
    signs = np.where(dead, 0, np.where(gain < 0, -1, 1))
    parts = tuple(
        Part(
            weight * signs.reshape(-1, *[1] * (weight.ndim - 1)),
            largest_value(spec.connections[i], spec.input, timesteps),
            exponent,
        )
        for i, weight, exponent in zip(incoming, weights, exponents, strict=True)
    )
    if law is None:
        return Scale(parts, None, bias / step, timesteps - spec.readout.first(timesteps))
    return Scale(parts, law.threshold / step, bias / step, timesteps)


def _integers(
    weights: Sequence[np.ndarray],
    masks: Sequence[np.ndarray],
    grids: tuple[Quantiser, ...],
    units: tuple[float, ...],
) -> tuple[list[np.ndarray], list[int], tuple[np.ndarray, float]]:
    """Return integer weights, their exponents, and a unit of the population as two factors ([out] or [1], and one)."""
    alone = len(weights) == 1
    joint = JointGrid(grids, (1.0,) if alone else units).quantise(
        [torch.from_numpy(weight.astype(np.float32)).unsqueeze(0) for weight in weights],
        [torch.from_numpy(mask.astype(np.float32)).unsqueeze(0) for mask in masks],
    )
    integers = [weight[0].numpy().astype(np.int64) for weight in joint.integers]
    # the unit of a single connection is multiplied last: what a product rounds to depends on the order
    return integers, joint.exponents[:, 0].tolist(), (joint.base[0].numpy(), units[0] if alone else 1.0)


def _affine(bias: np.ndarray, norm: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return gain and bias of each channel with the batch normalisation folded in."""
    bias = bias.astype(np.float64)
    if norm is None:
        return np.ones_like(bias), bias
    gamma, shift, mean, variance = norm.astype(np.float64)
    gain = gamma / np.sqrt(variance + _BN_EPS)
    return gain, gain * (bias - mean) + shift


def _within(
    spec: NetworkSpec, place: int, scale: Scale, timesteps: int, widths: Widths
) -> tuple[IntegerPopulation, list[IntegerConnection], WidthLoss]:
    """Return a population within the widths; where overflow is refused, with the most fraction bits that rule it out.

    If no fraction bits do, it overflows: whoever measures it refuses it.
    """
    for most in fractions(widths):
        fixed = fixed_point(scale, widths, most)
        population, incoming = _population(spec, place, fixed)
        need = population_bits(population, incoming, spec.input, spec.readout, timesteps)
        fits = need.sums <= widths.accumulator and (scale.threshold is None or need.membrane <= widths.state)
        if fits or widths.overflow == "saturate":
            break
    return population, incoming, fixed.loss


def _population(
    spec: NetworkSpec, place: int, fixed: FixedPoint
) -> tuple[IntegerPopulation, list[IntegerConnection]]:
    """Return the integers of a population and of what enters it."""
    threshold = None if fixed.threshold is None else fixed.threshold.astype(np.int32)
    shapes = [spec.connections[i] for i in entering(spec.connections, place)]
    incoming = [
        IntegerConnection(shape, weight.astype(np.int32), shift)
        for shape, weight, shift in zip(shapes, fixed.weights, fixed.fraction_bits, strict=True)
    ]
    return IntegerPopulation(spec.populations[place], fixed.bias.astype(np.int32), threshold), incoming
