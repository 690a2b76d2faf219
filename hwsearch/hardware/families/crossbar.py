"""Arrays of axons times neurons: an event sweeps every neuron of its array, zero weights included.

    cycles = sum over layers of cores * (events * (event_cycles + neurons * target_cycles)) + T * neurons * step_cycles

Weights between layers are not shared, so a convolution is unrolled. A device with a fixed timestep takes T of them.
Source: ChFrenkel/ODIN, README and doc (cycles); F. Akopyan et al., TrueNorth, IEEE TCAD 34(10), 2015 (arrays).
"""

from __future__ import annotations

import math

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import (
    Parts,
    as_bytes,
    event_ops,
    events,
    over,
    shared_bytes,
    store_dense,
    times,
)
from hwsearch.hardware.models import Crossbar
from hwsearch.hardware.workload import ConnectionWork, PopulationWork, Workload


def crossbar(workload: Workload, profile: HardwareProfile, model: Crossbar) -> Parts:
    """Return a network on crossbars; each population takes whole arrays unless the chip has only one."""
    params, state, buffers = shared_bytes(workload, profile)
    ops = sum(event_ops(layer, workload, zeros=model.charges_zeros) for layer in workload.connections)
    array = as_bytes(model.axons * model.neurons, max(profile.weight_bits))
    shares = [0] * len(workload.connections)
    if model.cores == 1:
        shares[0] = array
    else:  # arrays are a population's; what enters it first stands for all
        firsts = {c.target: place for place, c in reversed(list(enumerate(workload.connections)))}
        for target, place in firsts.items():
            shares[place] = arrays(workload.populations[target], model) * array
    return Parts(
        stored=tuple(store_dense(layer, n) for layer, n in zip(workload.connections, shares, strict=True)),
        params=params,
        state=state,
        buffers=buffers,
        charged_ops=ops,
        energy_j=times(ops, model.synop_j),
        latency_s=_latency(workload, model),
        static_w=None,
        all_in=True,
    )


def arrays(population: PopulationWork, model: Crossbar) -> int:
    """Return the arrays that one population takes: its neurons over the columns of one, at least."""
    return math.ceil(population.neurons / model.neurons)


def swept_once(workload: Workload, model: Crossbar) -> list[ConnectionWork]:
    """Return the connections whose events are swept: in one array, what several read is swept once for all."""
    if model.cores != 1:
        return list(workload.connections)
    return list({c.read: c for c in reversed(workload.connections)}.values())[::-1]


def _latency(workload: Workload, model: Crossbar) -> float | None:
    if model.step_s is not None:
        return workload.timesteps * model.step_s
    if model.event_cycles is None or model.target_cycles is None or model.step_cycles is None:
        return None
    swept = sum(events(connection, workload) for connection in swept_once(workload, model))
    cycles = swept * (model.event_cycles + model.neurons * model.target_cycles)
    return over(cycles + workload.timesteps * model.neurons * model.step_cycles, model.clock_hz)
