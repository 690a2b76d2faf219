"""An integer network's numbers in the units of its NIR export: shared by who writes one and who reads it back.

Every neuron is written as a LIF with R = 1, which all frameworks read alike: u += a (I - u), a = dt / tau = 2**-k. So a
current of integers is divided by a, and by the channel's unit, which makes every threshold 1. Frameworks differ in
whether u = 1 fires; integers below th are at most th - 1, so with a unit between both nothing is at the threshold. It
is th - 0.6, no sum of powers of two, so that halved integers are not there either. A reset by subtraction subtracts the
unit, so there it is th. A neuron without a leak gets a = 2**-27, too small for
float32 to lose anything by it: snnTorch has no other that adds up.
"""

from __future__ import annotations

import numpy as np

from hwsearch.graph.graph import INPUT
from hwsearch.network.integers import IntegerNetwork, IntegerPopulation

DT = 1e-4
"""Seconds a timestep: what snnTorch and SpikingJelly take for granted."""
NO_LEAK = 27
"""Shift of the leak that stands for none."""
_BELOW = 0.6
SETTINGS = "hwsearch"
"""Key of the graph's metadata that has all of the network but its arrays, as JSON."""


def node_name(name: str, part: str) -> str:
    """Return a node's name: of a connection's weights, say; letters and underscores, as torch wants them."""
    return f"{name.replace('.', '_')}_{part}"


def shift_of(population: IntegerPopulation) -> int:
    """Return k of the leak 2**-k that is written."""
    return NO_LEAK if population.leak_shift is None else population.leak_shift


def unit(population: IntegerPopulation) -> np.ndarray:
    """Return [C] what a threshold of 1 stands for, in membrane units; 1 for the readout."""
    if population.threshold is None or population.shape.law is None:
        return np.ones(len(population.bias))
    threshold = population.threshold.astype(np.float64)
    exact: np.ndarray = threshold if population.shape.law.reset == "subtract" else threshold - _BELOW
    return exact


def float_weight(network: IntegerNetwork, place: int) -> np.ndarray:
    """Return a connection's weights as written: [out, in], or [out, in, kh, kw] with zeros between channels."""
    connection = network.connections[place]
    shape = connection.shape
    weight = connection.weight.astype(np.float64) * 2.0**connection.fraction_bits
    if shape.depthwise:
        dense = np.zeros((shape.out_channels, shape.in_channels, *shape.kernel))
        channels = np.arange(shape.out_channels)
        dense[channels, channels] = weight[:, 0]
        weight = dense
    if is_flat(network, shape.source) and weight.ndim == 4:
        weight = weight[:, :, shape.kernel[0] // 2, shape.kernel[1] // 2]
    return in_units(network.populations[shape.target], weight)


def float_bias(network: IntegerNetwork, place: int) -> np.ndarray:
    """Return [C] a population's bias as written."""
    population = network.populations[place]
    return in_units(population, population.bias.astype(np.float64))


def in_units(population: IntegerPopulation, values: np.ndarray) -> np.ndarray:
    """Return currents [C, ...] of a population as the neuron's node reads them, float32."""
    if population.threshold is None:
        return values.astype(np.float32)
    scale = 2.0 ** shift_of(population) / unit(population)
    return (values * scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.float32)


def is_flat(network: IntegerNetwork, population: int) -> bool:
    """Return whether a population, or the input, is written as a vector: what has one pixel is."""
    size = network.input.shape[1:] if population == INPUT else network.populations[population].shape.size
    return size == (1, 1)


def first_of(network: IntegerNetwork, place: int) -> bool:
    """Return whether a connection is the first into its population: its node carries the bias."""
    target = network.connections[place].shape.target
    return all(c.shape.target != target for c in network.connections[:place])
