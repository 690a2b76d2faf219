"""A neuron's first timestep in numbers, for the README of a C library."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from hwsearch.data.frames import timestep_inputs
from hwsearch.graph.graph import INPUT
from hwsearch.network.integer import run_integer
from hwsearch.network.integer_steps import pool
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, half_step

_MOST_TERMS = 6


def worked_example(network: IntegerNetwork, x: np.ndarray) -> str:
    """Return in words what a neuron of the first population does at the first timestep, and what is predicted.

    Args:
        network: The integers.
        x: [1, ...], a recorded input.
    """
    run = run_integer(network, x, trace=True)
    assert run.membranes is not None
    population, places = network.populations[0], network.entering(0)
    frame = timestep_inputs(x, network.input, network.timesteps)[:, 0]
    neuron = _busiest(places[0], frame)
    lines = [
        f"The first recorded sample, the first timestep, neuron {neuron} of `{population.shape.name}`:",
        "",
    ]
    current = int(population.bias[neuron[0]])
    for c in places:
        if c.shape.source == INPUT and not c.shape.delay:
            total = sum(w * v for w, v in _terms(c, frame, neuron))
            scaled = _scaled(total, c.fraction_bits)
            current += scaled
            words = _in_words(_terms(c, frame, neuron), total)
            lines.append(f"- over `{c.shape.name}`: {words}; f = {c.fraction_bits}: {scaled}")
    after = int(run.membranes[0][0, 0].reshape(population.shape.channels, *population.shape.size)[neuron])
    lines.append(
        f"- with the bias {population.bias[neuron[0]]}: a = {current}; the membrane was 0, so v = {current}"
    )
    if population.threshold is None:
        lines.append(f"- the readout has no threshold; its potential is {after}")
    else:
        threshold = int(population.threshold[neuron[0]])
        spikes = "at least" if current >= threshold else "below"
        what = "a spike" if current >= threshold else "no spike"
        lines.append(f"- {spikes} the threshold {threshold}: {what}, and v becomes {after}")
    last = run.readout[0] if run.readout.ndim == 2 else run.readout[0, -1]
    lines += [
        "",
        f"After {network.timesteps} timesteps the potentials are {', '.join(map(str, last))}: class {last.argmax()}.",
    ]
    return "\n".join(lines)


def _scaled(total: int, fraction_bits: int) -> int:
    if fraction_bits >= 0:
        return total << fraction_bits
    return (total + half_step(fraction_bits)) >> -fraction_bits


def _pooled(c: IntegerConnection, frame: np.ndarray) -> np.ndarray:
    maps = torch.from_numpy(np.array(frame, np.float64))[None, None]
    return pool(maps, c.shape.pooling)[0, 0, 0].numpy().astype(np.int64)


def _busiest(c: IntegerConnection, frame: np.ndarray) -> tuple[int, int, int]:
    """Return the neuron that the most values arrive at; the first of equals."""
    if c.shape.source != INPUT:
        return 0, 0, 0
    height, width = c.shape.out_size
    places = itertools.product(range(c.shape.out_channels), range(height), range(width))
    some = list(itertools.islice(places, 64))
    return max(some, key=lambda place: (len(_terms(c, frame, place)), [-n for n in place]))


def _terms(c: IntegerConnection, frame: np.ndarray, neuron: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Return the weights that meet something, with what they meet."""
    values, (channel, row, column) = _pooled(c, frame), neuron
    weight = c.weight[channel].astype(np.int64)
    if c.shape.kind == "fc":
        met = values.reshape(-1)
        return [(int(w), int(v)) for w, v in zip(weight, met, strict=True) if w and v]
    (down, across), (high, wide) = c.shape.padding, c.shape.stride
    padded = np.pad(values, ((0, 0), (down, down), (across, across)))
    top, left = row * high, column * wide
    window = padded[:, top : top + c.shape.kernel[0], left : left + c.shape.kernel[1]]
    window = window[channel : channel + 1] if c.shape.groups > 1 else window
    pairs = zip(weight.reshape(-1), window.reshape(-1), strict=True)
    return [(int(w), int(v)) for w, v in pairs if w and v]


def _in_words(terms: list[tuple[int, int]], total: int) -> str:
    shown = " + ".join(f"({w}) * {v}" for w, v in terms[:_MOST_TERMS]) or "nothing arrives"
    more = len(terms) - _MOST_TERMS
    return f"{shown}{f' + {more} more terms' if more > 0 else ''} = {total}"
