"""From integers and events to a Workload: the same counting before training (masks, predicted maps) and after.

An operation is one input event meeting one weight. The events are linear in the mean input map, so one map a
connection is enough: no candidate is run again to be counted. Source: NeuroBench's SynapticOperations
(Yik et al. 2025), which this equals on masks and spikes alike; bias additions are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from hwsearch.compress.census import Held, census_of
from hwsearch.graph.graph import INPUT, Connection, Input, Population
from hwsearch.hardware.arrivals import Arrivals
from hwsearch.hardware.workload import (
    BLOCKS,
    NM_GROUPS,
    ConnectionWork,
    OpCounts,
    PopulationWork,
    WeightCensus,
    Workload,
)
from hwsearch.network.integers import IntegerConnection, IntegerNetwork


def count_workload(
    network: IntegerNetwork,
    input_maps: Sequence[np.ndarray],
    spikes: Sequence[np.ndarray],
    arrivals: Sequence[Arrivals] = (),
) -> Workload:
    """Count what one inference costs.

    Args:
        network: The (shrunk) network; only its shapes and which weights are zero matter.
        input_maps: One a connection, [C, H, W] or [n]: mean events of an inference at each value that it reads, pooled.
            For an analog input the values that are not zero: of a still image once, of a sequence in all timesteps.
        spikes: One a spiking population, [C]: mean spikes of each channel in an inference.
        arrivals: One a connection, how its events fall into timesteps and channels; none: not counted.
    """
    connections = []
    falls: Sequence[Arrivals | None] = arrivals or [None] * len(network.connections)
    each = zip(network.connections, network.weight_bits, input_maps, falls, strict=True)
    for connection, bits, events, fallen in each:
        analog = connection.shape.source == INPUT and network.input.analog(network.timesteps)
        connections.append(
            count_connection(connection, events, analog=analog, weight_bits=bits, arrivals=fallen)
        )
    sent = [*(float(events.sum()) for events in spikes), 0.0]
    return Workload(
        network.timesteps,
        input_bits(network.input, network.timesteps),
        tuple(connections),
        tuple(population_work(p.shape, n) for p, n in zip(network.populations, sent, strict=True)),
        prod(network.input.shape),
        network.input.still,
        network.readout,
    )


def count_connection(
    connection: IntegerConnection,
    events: np.ndarray,
    *,
    analog: bool,
    weight_bits: int,
    arrivals: Arrivals | None = None,
) -> ConnectionWork:
    """Count one connection and the events that it reads (`count_workload`)."""
    held = Held(np.asarray(connection.weight != 0), connection.shape.groups)
    return connection_work(
        connection.shape,
        analog=analog,
        weight_bits=weight_bits,
        census=census_of(held),
        inputs=int(events.size),
        ops=_count(connection.shape, held, events),
        spikes_in=float(events.sum()),
        arrivals=arrivals,
    )


def connection_work(
    shape: Connection,
    *,
    analog: bool,
    weight_bits: int,
    census: WeightCensus,
    inputs: int,
    ops: OpCounts,
    spikes_in: float,
    arrivals: Arrivals | None = None,
) -> ConnectionWork:
    """Return what is counted of a connection; what it joins and how it reads is its shape's."""
    return ConnectionWork(
        name=shape.name,
        source=shape.source,
        target=shape.target,
        role="input" if shape.source == INPUT else "readout" if shape.readout else "hidden",
        kind=shape.kind,
        analog=analog,
        weight_bits=weight_bits,
        census=census,
        inputs=inputs,
        ops=ops,
        spikes_in=spikes_in,
        kernel=shape.kernel,
        stride=shape.stride,
        pooling=shape.pooling,
        delay=shape.delay,
        in_size=shape.in_size,
        out_size=shape.out_size,
        fan_columns=shape.fan_columns,
        identity=not shape.prunable,
        arrivals=arrivals,
    )


def population_work(shape: Population, spikes_out: float) -> PopulationWork:
    """Return what is counted of a population."""
    law = shape.law
    return PopulationWork(
        name=shape.name,
        role="readout" if law is None else "hidden",
        channels=shape.channels,
        size=shape.size,
        neurons=shape.neurons,
        spikes_out=spikes_out,
        model=None if law is None else "if" if law.leak_shift is None else "lif",
        reset=None if law is None else law.reset,
        flat=shape.flat,
    )


def input_bits(data: Input, timesteps: int) -> int:
    """Return the bits of one value of a frame; added up frames take more than single ones."""
    if data.still or data.max_at(timesteps) == data.max:
        return data.bits
    return max(data.bits, data.max_at(timesteps).bit_length())


def _count(shape: Connection, held: Held, events: np.ndarray) -> OpCounts:
    """Count a connection's operations by what is worked off."""
    taps = _events_per_tap(shape, events)  # [groups * in * kh * kw]

    def met(outputs: np.ndarray, length: int = 1) -> float:
        """Return the operations of the weights of runs of so many, which so many outputs [groups, runs] have."""
        each = outputs if length == 1 else np.repeat(outputs, length, axis=1)[:, : held.rows.shape[1]]
        return float(each.reshape(-1) @ taps)

    return OpCounts(
        nonzero=met(held.outputs),
        dense=float(len(held.rows) // held.groups * taps.sum()),
        blocks=tuple(met(held.over_outputs(held.runs[length] > 0), length) for length in BLOCKS),
        planes=met(held.over_outputs(held.planes), held.area),
        nm_unused=tuple(
            float(_unused(held.runs[m]) @ taps[::m]) if shape.kind == "fc" else 0.0 for m in NM_GROUPS
        ),
    )


def _events_per_tap(shape: Connection, events: np.ndarray) -> np.ndarray:
    """Return the events that each weight of an output-major row meets in an inference: [groups * in * kh * kw].

    A tap meets the pixels at which its filter stands: every stride-th one, from its own offset on.
    """
    if shape.kind == "fc":
        return events.reshape(-1)
    (down, across), (high, wide) = shape.padding, shape.stride
    height, width = ((n - 1) * step + 1 for n, step in zip(shape.out_size, shape.stride, strict=True))
    maps = events.reshape(-1, *shape.in_size)
    padded = np.pad(maps, ((0, 0), (down, down), (across, across)))
    taps = [
        padded[:, row : row + height : high, column : column + width : wide].sum((1, 2))
        for row in range(shape.kernel[0])
        for column in range(shape.kernel[1])
    ]
    return np.stack(taps, 1).reshape(-1)


def _unused(counts: np.ndarray) -> np.ndarray:
    """Return, for each group of inputs, the slots of n:m that hold no weight, in all rows together.

    Args:
        counts: [out, groups] weights of each.
    """
    return np.asarray((counts.max(initial=0) - counts).sum(0), dtype=float)
