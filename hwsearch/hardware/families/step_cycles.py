"""Cores that work through input, hidden and readout neurons in every timestep: exact cycles from the mask.

With T timesteps, p_in and p the shares of input channels and hidden neurons that have an event in a timestep, f the
mean number of non-zero weights of a hidden neuron to hidden neurons::

    cycles / T = N_in * (p_in * N_ien * input_target + input_fixed)
               + N_hid * (f * p * hidden_synop + hidden_fixed + p * hidden_spike)
               + N_oen * p * (readout_event + N_out * readout_synop)
               + N_out * readout_fixed

N_ien are the hidden neurons that any input reaches and N_oen those that are read out, if unused ones are skipped; all
hidden neurons otherwise. Zeros of input and readout weights are worked off, zeros between hidden neurons are not.
Several events of one source in one timestep cost as one; a convolution is unrolled;
an input value that is not zero is an event.

Source: synsense/rockpool, devices/xylo/syns63300/power_cycles_model.py and syns61201/power_cycles_model.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.graph.graph import INPUT
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import (
    Parts,
    as_bytes,
    event_ops,
    events,
    over,
    positions,
    shared_bytes,
    store_dense,
    times,
)
from hwsearch.hardware.models import StepCycles
from hwsearch.hardware.workload import ConnectionWork, Workload


@dataclass(frozen=True)
class StepNetwork:
    """A network as such a core sees it.

    Attributes:
        inputs, hidden, readout: Input channels, hidden neurons of all layers, readout neurons.
        reached: Hidden neurons that any input reaches.
        read: Hidden neurons that the readout reads.
        fan_out: Mean number of non-zero weights of a hidden neuron to hidden neurons.
        input_rate, hidden_rate: Probability of an event of a channel, of a neuron, in a timestep.
    """

    inputs: int
    hidden: int
    readout: int
    reached: int
    read: int
    fan_out: float
    input_rate: float
    hidden_rate: float


def step_cycles(workload: Workload, profile: HardwareProfile, model: StepCycles) -> Parts:
    """Return a network on a core that works in timesteps."""
    network = step_network(workload)
    cycles = workload.timesteps * cycles_per_step(network, model)
    params, state, buffers = shared_bytes(workload, profile)
    connections = workload.connections
    return Parts(
        stored=tuple(store_dense(connection, _slot_bytes(connection, profile)) for connection in connections),
        params=params,
        state=state,
        buffers=buffers,
        charged_ops=sum(event_ops(c, workload, zeros=c.role != "hidden") for c in connections),
        energy_j=times(cycles, model.cycle_j),
        latency_s=over(cycles * (1 + model.margin), model.clock_hz),
        static_w=profile.static_w,
        all_in=False,
    )


def step_network(workload: Workload) -> StepNetwork:
    """Return a workload as input, hidden and readout neurons; recurrent weights are among the hidden ones."""
    first, last = workload.reading(INPUT), workload.entering(len(workload.populations) - 1)
    spiking = [population for population in workload.populations if population.spikes]
    hidden = sum(population.neurons for population in spiking)
    sent = sum(population.spikes_out for population in spiking)
    between = sum(synapses(c) for c in workload.connections if c.role == "hidden")
    unread = sum(rows for c in last for n, rows in c.census.rows if n == 0)
    steps, inputs = workload.timesteps, workload.inputs
    arriving = max((events(c, workload) for c in first), default=0.0)  # each event once, whoever reads it
    return StepNetwork(
        inputs=inputs,
        hidden=hidden,
        readout=workload.populations[-1].neurons,
        reached=_reached(workload),
        read=sum(c.inputs for c in last) - unread,
        fan_out=between / hidden if hidden else 0.0,
        input_rate=min(1.0, arriving / steps / inputs) if inputs else 0.0,
        hidden_rate=min(1.0, sent / steps / hidden) if hidden else 0.0,
    )


def _reached(workload: Workload) -> int:
    """Return the neurons that any input reaches, at most: all of a population whose rows were not counted."""
    reached = 0
    for place, population in enumerate(workload.populations):
        used = [c.census.outputs_used for c in workload.entering(place) if c.source == INPUT]
        counted = [population.neurons if n is None else n for n in used]
        reached += min(population.neurons, sum(counted)) if len(counted) > 1 else sum(counted)
    return reached


def cycles_per_step(network: StepNetwork, model: StepCycles) -> float:
    """Return the cycles of one timestep (the module's formula)."""
    reached = network.reached if model.skips_unused else network.hidden
    read = network.read if model.skips_unused else network.hidden
    p = network.hidden_rate
    return (
        network.inputs * (network.input_rate * reached * model.input_target + model.input_fixed)
        + network.hidden * (network.fan_out * p * model.hidden_synop + model.hidden_fixed)
        + network.hidden * p * model.hidden_spike
        + read * p * (model.readout_event + network.readout * model.readout_synop)
        + network.readout * model.readout_fixed
    )


def synapses(connection: ConnectionWork) -> int:
    """Return a connection's non-zero synapses; weights are not shared, so a filter counts at each of its positions."""
    return connection.census.nonzero * positions(connection)


def _slot_bytes(connection: ConnectionWork, profile: HardwareProfile) -> int:
    """Return the bytes of a connection's synapses: one slot a non-zero between hidden neurons, else every weight."""
    hidden = connection.role == "hidden"
    count = synapses(connection) if hidden else connection.census.size * positions(connection)
    return as_bytes(count, max(profile.weight_bits))
