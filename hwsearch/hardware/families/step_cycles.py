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

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import (
    Parts,
    as_bytes,
    event_ops,
    events,
    over,
    positions,
    shared_bytes,
    spikes,
    store_dense,
    times,
)
from hwsearch.hardware.models import StepCycles
from hwsearch.hardware.workload import LayerWork, Workload


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
    layers = workload.layers
    return Parts(
        stored=tuple(store_dense(layer, _slot_bytes(layer, profile)) for layer in layers),
        params=params,
        state=state,
        buffers=buffers,
        charged_ops=sum(event_ops(layer, workload, zeros=layer.role != "hidden") for layer in layers),
        energy_j=times(cycles, model.cycle_j),
        latency_s=over(cycles * (1 + model.margin), model.clock_hz),
        static_w=profile.static_w,
        all_in=False,
    )


def step_network(workload: Workload) -> StepNetwork:
    """Return a workload as input, hidden and readout neurons."""
    first, last = workload.layers[0], workload.layers[-1]
    spiking = [layer for layer in workload.layers if spikes(layer)]
    hidden = sum(layer.neurons for layer in spiking)
    sent = sum(layer.spikes_out for layer in spiking)
    between = sum(synapses(layer) for layer in workload.layers if layer.role == "hidden")
    unread = sum(rows for n, rows in last.census.rows if n == 0)
    used = first.census.outputs_used
    steps = workload.timesteps
    return StepNetwork(
        inputs=first.inputs,
        hidden=hidden,
        readout=last.neurons,
        reached=first.neurons if used is None else used,
        read=last.inputs - unread,
        fan_out=between / hidden if hidden else 0.0,
        input_rate=min(1.0, events(first, workload) / steps / first.inputs) if first.inputs else 0.0,
        hidden_rate=min(1.0, sent / steps / hidden) if hidden else 0.0,
    )


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


def synapses(layer: LayerWork) -> int:
    """Return a layer's non-zero synapses; weights are not shared, so a filter counts at each of its positions."""
    return layer.census.nonzero * positions(layer)


def _slot_bytes(layer: LayerWork, profile: HardwareProfile) -> int:
    """Return the bytes of a layer's synapses: one slot a non-zero between hidden neurons, else every weight."""
    count = synapses(layer) if layer.role == "hidden" else layer.census.size * positions(layer)
    return as_bytes(count, max(profile.weight_bits))
