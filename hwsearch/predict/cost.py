"""A candidate's workload before training: its masks, and the dense network's firing.

Memory is an upper bound (the quantiser can only add zeros, and so can channels that fall silent); operations are an
estimate, since firing changes in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from math import prod

import numpy as np

from hwsearch.graph.graph import INPUT, NetworkSpec
from hwsearch.hardware.workload import ConnectionWork, PopulationWork, Workload
from hwsearch.measure.workload import count_connection, input_bits, population_work
from hwsearch.network.integer import Run
from hwsearch.network.integers import IntegerConnection
from hwsearch.network.shrink import Channels, living, slimmer

_MOST_COUNTED = 4096


class Counted:
    """What was counted of the layers of one dense network: candidates are many, the ways to cut one layer are few.

    A layer is known by its mask and by the channels that stay at its ends: one that was counted is not even shrunk
    again. Where there are too many, all are forgotten; and so they are where the dense network is another.

    Attributes:
        connections: By what they hang on, and by the bits of their weights.
        populations: By what they hang on.
    """

    def __init__(self) -> None:
        self.connections: dict[tuple[object, ...], dict[int, ConnectionWork]] = {}
        self.populations: dict[tuple[object, ...], PopulationWork] = {}
        self._runs: dict[int, Run] = {}

    def of(self, dense: Run, timesteps: int) -> Counted:
        """Return this, with nothing that was counted of another run at the same T, and with room for more."""
        if self._runs.setdefault(timesteps, dense) is not dense:
            self._forget()
            self._runs = {timesteps: dense}
        if max(len(self.connections), len(self.populations)) >= _MOST_COUNTED:
            self._forget()
        return self

    def _forget(self) -> None:
        self.connections.clear()
        self.populations.clear()


def predict_workload(
    spec: NetworkSpec,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
    dense: Run,
    counted: Counted | None = None,
) -> Workload:
    """Predict the workload of a candidate.

    Args:
        spec: The architecture.
        masks: Surviving weights, one array a connection.
        bits: Weight bits, one a connection.
        timesteps: T.
        dense: The dense network's run at the same T.
        counted: What need not be counted again, all of this architecture; what is counted now is added.
    """
    known = Counted() if counted is None else counted
    layers = _Layers(spec, masks, timesteps, dense, known.of(dense, timesteps))
    return Workload(
        timesteps,
        input_bits(spec.input, timesteps),
        tuple(layers.connection(place, width) for place, width in enumerate(bits)),
        tuple(layers.population(place) for place in range(len(spec.populations))),
        prod(spec.input.shape),
        spec.input.still,
        spec.readout,
    )


class _Layers:
    """The layers of one candidate, each counted where it was not."""

    def __init__(
        self, spec: NetworkSpec, masks: Sequence[np.ndarray], timesteps: int, dense: Run, known: Counted
    ) -> None:
        self._spec, self._masks, self._known = spec, masks, known
        self._timesteps, self._dense = timesteps, dense
        channels = [population.channels for population in spec.populations]
        self._alive: Channels = living(spec.connections, masks, channels, spec.channel_multiple)
        self._ends = {INPUT: b"", **{place: staying.tobytes() for place, staying in self._alive.items()}}

    def connection(self, place: int, width: int) -> ConnectionWork:
        """Return what is counted of a connection, its weights of so many bits."""
        shape = self._spec.connections[place]
        held = blake2b(np.packbits(self._masks[place]).tobytes(), digest_size=16).digest()
        key = (place, self._timesteps, held, self._ends[shape.source], self._ends[shape.target])
        widths = self._known.connections.setdefault(key, {})
        if width not in widths:
            other = next(iter(widths.values()), None)
            widths[width] = self._count(place, width) if other is None else replace(other, weight_bits=width)
        return widths[width]

    def _count(self, place: int, width: int) -> ConnectionWork:
        shape, events = self._spec.connections[place], self._dense.input_maps[place]
        slim = slimmer(IntegerConnection(shape, self._masks[place].view(np.int8), 0), self._alive)
        if shape.source != INPUT:
            channels = np.flatnonzero(self._alive[shape.source])
            if shape.kind == "fc":
                events = events.reshape(-1, shape.fan_columns)[channels].reshape(-1)
            else:
                events = events[channels]
        analog = shape.source == INPUT and self._spec.input.analog(self._timesteps)
        return count_connection(slim, events, analog=analog, weight_bits=width)

    def population(self, place: int) -> PopulationWork:
        """Return what is counted of a population: before training every channel that stays may fire."""
        key = (place, self._timesteps, self._ends[place])
        found = self._known.populations.get(key)
        if found is None:
            shape, channels = self._spec.populations[place], np.flatnonzero(self._alive[place])
            last = place == len(self._spec.populations) - 1
            spikes = 0.0 if last else float(self._dense.spikes[place][channels].sum())
            found = population_work(replace(shape, channels=len(channels)), spikes)
            self._known.populations[key] = found
        return found
