"""From integers back to floats that a training can start from: the inverse of `network.fold`.

A channel with threshold th, fraction bits f and float threshold theta has the unit S = theta 2**f / th; a connection
with f_i = f + e_i fraction bits, whose input counts are worth u_i each, has weights and biases

    w = q S 2**e_i / u_i,        b = c S / 2**f

A readout has no threshold, so its S is free: it only says how large its currents are before the softmax. Without any
training these floats fold to the same integers, bit for bit. Not for training them (`training`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwsearch.errors import RecordError
from hwsearch.graph.graph import NetworkSpec
from hwsearch.graph.order import entering
from hwsearch.network.fixed_point import Part, Scale
from hwsearch.network.integers import IntegerNetwork, largest_value
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import unit_of

_STANDS_OUT = 4.0  # logits


@dataclass(frozen=True, eq=False)
class Start:
    """A network of integers as a training starts from it.

    Attributes:
        network: The integers.
        spec: Its architecture; normalisation is folded into the weights already, so there is none.
        ticket: Floats, masks (the weights that are not zero) and bits.
        units: Of each population S, float64 [C]; of the readout [1].
        exponents: Of each connection e.
        steps: Of each connection what 1 of its integer weights is worth in floats, float64 [out], or [1] into the
            readout.
    """

    network: IntegerNetwork
    spec: NetworkSpec
    ticket: Ticket
    units: tuple[np.ndarray, ...]
    exponents: tuple[int, ...]
    steps: tuple[np.ndarray, ...]

    def scales(
        self, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], gains: Sequence[np.ndarray]
    ) -> list[Scale]:
        """Return trained values as `network.fold.in_fixed_point` takes them, one a population.

        Args:
            weights: Integers, one array a connection.
            biases: Floats, one array a population, [C].
            gains: What each population's unit is multiplied by, [C] or [1].
        """
        timesteps, found = self.network.timesteps, []
        for place, population in enumerate(self.spec.populations):
            unit = self.units[place] * gains[place]
            parts = tuple(
                Part(
                    weights[i].astype(np.int64),
                    largest_value(self.spec.connections[i], self.spec.input, timesteps),
                    self.exponents[i],
                )
                for i in entering(self.spec.connections, place)
            )
            bias, law = biases[place].astype(np.float64) / unit, population.law
            steps = timesteps - self.spec.readout.first(timesteps) if law is None else timesteps
            threshold = None if law is None else law.threshold / unit
            found.append(Scale(parts, threshold, bias, steps))
        return found


def start_of(network: IntegerNetwork, readout_unit: float = 1.0) -> Start:
    """Return what a training of a network starts from.

    Args:
        network: The integers.
        readout_unit: S of the readout (`readout_unit`).

    Raises:
        RecordError: A threshold is not above zero, in integers or in floats: nothing can be scaled by it.
    """
    spec = _spec(network)
    fractions = [_fraction_bits(network, place) for place in range(len(network.populations))]
    units = []
    for population, fraction in zip(network.populations, fractions, strict=True):
        law = population.shape.law
        if law is None or population.threshold is None:
            units.append(np.array([readout_unit]))
            continue
        if not (law.threshold > 0 and (population.threshold > 0).all()):
            rule = f"{population.shape.name}: a threshold must be above 0 for a network to be trained on"
            raise RecordError(f"{rule}; got {min(law.threshold, int(population.threshold.min()))}")
        units.append(law.threshold * 2.0**fraction / population.threshold.astype(np.float64))
    exponents = tuple(c.fraction_bits - fractions[c.shape.target] for c in network.connections)
    steps = tuple(
        units[c.shape.target] * 2.0**exponent / unit_of(spec, c.shape)
        for c, exponent in zip(network.connections, exponents, strict=True)
    )
    params = Params(
        tuple(_shaped(step, c.weight) * c.weight for c, step in zip(network.connections, steps, strict=True)),
        tuple(
            p.bias * unit / 2.0**fraction
            for p, unit, fraction in zip(network.populations, units, fractions, strict=True)
        ),
        (None,) * len(network.populations),
    )
    ticket = Ticket(_float32(params), tuple(c.weight != 0 for c in network.connections), network.weight_bits)
    return Start(network, spec, ticket, tuple(units), exponents, steps)


def readout_unit(network: IntegerNetwork, readout: np.ndarray, loss_gain: float) -> float:
    """Return the S of a readout, a power of 2, at which the largest current stands out by about `_STANDS_OUT`.

    That is what a trained network's does: its softmax is sure, and still has gradients. Which answer is right does not
    count: a network that is surely wrong must be able to learn.

    Args:
        network: The integers.
        readout: [N, classes] integer potentials of training samples; or [N, T, classes].
        loss_gain: Factor on the current before the softmax.
    """
    steps = network.timesteps - network.readout.first(network.timesteps)
    fraction = _fraction_bits(network, len(network.populations) - 1)
    currents = readout.reshape(-1, readout.shape[-1]) / (steps * 2.0**fraction)
    stands_out = float((currents.max(1) - currents.mean(1)).mean())
    if stands_out == 0:  # it is silent: as if one spike came through its largest weight
        last = network.entering(len(network.populations) - 1)
        stands_out = float(max(1, *(np.abs(c.weight).max(initial=1) for c in last)))
    return float(2.0 ** np.rint(np.log2(_STANDS_OUT / (loss_gain * stands_out))))


def _spec(network: IntegerNetwork) -> NetworkSpec:
    populations = tuple(replace(p.shape, norm=False) for p in network.populations)
    return NetworkSpec(
        populations,
        tuple(c.shape for c in network.connections),
        network.input,
        populations[-1].channels,
        network.readout,
        quantise_first=False,
    )


def _fraction_bits(network: IntegerNetwork, place: int) -> int:
    """Return a population's f: the least of its connections, whose e is then 0."""
    return min(c.fraction_bits for c in network.entering(place))


def _shaped(step: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return [out or 1] as [out or 1, 1, ...]."""
    return step.reshape(-1, *(1,) * (weight.ndim - 1))


def _float32(params: Params) -> Params:
    return Params(
        tuple(weight.astype(np.float32) for weight in params.weights),
        tuple(np.asarray(bias, np.float32) for bias in params.biases),
        params.norms,
    )
