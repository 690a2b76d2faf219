"""Rules of single toolchains that are one number, or one menu, of the profile's `Limits`.

A rule whose limit the profile does not state says nothing. Not for what follows from a family's formula:
`family_rules`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hwsearch.graph.graph import INPUT
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.event_cores import in_channels, kernel_area
from hwsearch.hardware.families.step_cycles import synapses
from hwsearch.hardware.rules.violation import Rule, Violation, offered, over
from hwsearch.hardware.workload import ConnectionWork, Workload


def kept_fan_in_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each neuron's non-zero weights are within the slots that it has; the most of each connection counts."""
    for population, incoming in workload.joined():
        need, limit = sum(c.census.fan_in_kept for c in incoming), profile.limits.fan_in_kept
        what = "non-zero weights into a neuron"
        yield from over("kept_fan_in_within_limit", need, limit, population.name, what)


def kept_fan_out_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each hidden neuron's non-zero weights to hidden neurons are within the slots that it has."""
    hidden, limit = _between_hidden(workload), profile.limits.fan_out_kept
    for source in dict.fromkeys(c.source for c in hidden):
        outgoing = [c for c in hidden if c.source == source]
        need, names = sum(c.census.fan_out_most for c in outgoing), " and ".join(c.name for c in outgoing)
        inputs = "an input of this layer" if len(outgoing) == 1 else "an input of these"
        what = f"non-zero weights out of {inputs}"
        yield from over("kept_fan_out_within_limit", need, limit, names, what)


def inputs_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The network's inputs are within the device's channels."""
    first = workload.connections[0]
    yield from over("inputs_within_limit", workload.inputs, profile.limits.inputs, first.name, "inputs")


def input_events_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A value of a sequence, which comes as so many events in its timestep, is within the device's events."""
    if workload.analog and not workload.still:
        need, name = 2**workload.input_bits - 1, workload.connections[0].name
        limit, what = profile.limits.input_events, "events of an input in a timestep, at most"
        yield from over("input_events_within_limit", need, limit, name, what)


def hidden_neurons_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """All spiking neurons are within the device's hidden neurons."""
    need = sum(population.neurons for population in workload.populations if population.spikes)
    yield from over("hidden_neurons_within_limit", need, profile.limits.hidden, "", "spiking neurons")


def outputs_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The readout's neurons are within the device's."""
    last = workload.populations[-1]
    yield from over("outputs_within_limit", last.neurons, profile.limits.outputs, last.name, "outputs")


def hidden_synapses_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The non-zero weights between spiking neurons, convolutions unrolled, are within the device's synapses."""
    need = sum(synapses(layer) for layer in _between_hidden(workload))
    limit = profile.limits.hidden_synapses
    yield from over("hidden_synapses_within_limit", need, limit, "", "synapses between spiking neurons")


def input_targets_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The neurons that inputs reach are within the device's."""
    first, limit = workload.reading(INPUT), profile.limits.input_targets
    need = sum(workload.populations[place].neurons for place in {c.target for c in first})
    what = "neurons that inputs reach"
    yield from over("input_targets_within_limit", need, limit, workload.connections[0].name, what)


def readout_sources_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The neurons that the readout reads are within the device's."""
    last, limit = workload.entering(len(workload.populations) - 1), profile.limits.readout_sources
    need, name = sum(c.inputs for c in last), workload.populations[-1].name
    yield from over("readout_sources_within_limit", need, limit, name, "neurons that are read out")


def layers_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The layers, populations with the weights into them, are within the device's."""
    yield from over("layers_within_limit", len(workload.populations), profile.limits.layers, "", "layers")


def channels_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each map's channels are within the device's limit."""
    for layer in workload.connections:
        need = max(in_channels(layer), layer.census.out_channels)
        yield from over("channels_within_limit", need, profile.limits.channels, layer.name, "channels")


def channels_in_multiples(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each spiking population's channels are a multiple of what the device works off together."""
    multiple = profile.limits.channel_multiple
    for population in workload.populations:
        if multiple and population.spikes and population.channels % multiple:
            message = f"{population.name}: {population.channels} channels: must be a multiple of {multiple}"
            yield Violation("channels_in_multiples", population.channels, 0, population.name, message)


def kernel_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each filter's sides are within the device's limit; a fully connected layer's filter is its whole map."""
    for layer in workload.connections:
        side = math.isqrt(max(0, kernel_area(layer) - 1)) + 1 if layer.kind == "fc" else max(layer.kernel)
        yield from over(
            "kernel_within_limit", side, profile.limits.kernel, layer.name, "pixels of kernel side"
        )


def kernel_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each convolution's kernel is one that the device offers."""
    for layer in _convolutions(workload):
        for side in dict.fromkeys(layer.kernel):
            yield from offered("kernel_offered", side, profile.limits.kernels, layer.name, "kernel side")


def pool_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each window by which a map of neurons is pooled is one that the device offers."""
    for connection in workload.connections:
        if connection.source == INPUT or workload.populations[connection.source].flat:
            continue  # what is presented to a device is pooled by whoever presents it
        name, menu = workload.populations[connection.source].name, profile.limits.pools
        for side in dict.fromkeys(connection.pooling.window):
            yield from offered("pool_offered", side, menu, name, "pooling window")


def input_map_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each map that a convolution reads is within the device's side."""
    for layer in _convolutions(workload):
        need, limit = max(layer.in_size), profile.limits.map_in
        yield from over("input_map_within_limit", need, limit, layer.name, "pixels of input side")


def output_map_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each map that a convolution makes is within the device's side."""
    for layer in _convolutions(workload):
        need, limit = max(layer.out_size), profile.limits.map_out
        yield from over("output_map_within_limit", need, limit, layer.name, "pixels of output side")


def timesteps_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The timesteps of an inference are within the device's."""
    yield from over("timesteps_within_limit", workload.timesteps, profile.limits.timesteps, "", "timesteps")


LIMIT_RULES: tuple[Rule, ...] = (
    kept_fan_in_within_limit,
    kept_fan_out_within_limit,
    inputs_within_limit,
    input_events_within_limit,
    hidden_neurons_within_limit,
    outputs_within_limit,
    hidden_synapses_within_limit,
    input_targets_within_limit,
    readout_sources_within_limit,
    layers_within_limit,
    channels_within_limit,
    channels_in_multiples,
    kernel_within_limit,
    kernel_offered,
    pool_offered,
    input_map_within_limit,
    output_map_within_limit,
    timesteps_within_limit,
)
"""Every rule of this module, in the order in which violations are listed."""


def _between_hidden(workload: Workload) -> list[ConnectionWork]:
    return [connection for connection in workload.connections if connection.role == "hidden"]


def _convolutions(workload: Workload) -> list[ConnectionWork]:
    """Return the convolutions; the identity of a residual block is none, though it is written as one."""
    return [c for c in workload.connections if c.kind == "conv" and not c.identity]
