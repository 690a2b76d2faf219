"""Rules of single toolchains that are one number, or one menu, of the profile's `Limits`.

A rule whose limit the profile does not state says nothing. Not for what follows from a family's formula:
`family_rules`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.event_cores import in_channels, kernel_area
from hwsearch.hardware.families.parts import spikes
from hwsearch.hardware.families.step_cycles import synapses
from hwsearch.hardware.rules.violation import Rule, Violation, offered, over
from hwsearch.hardware.workload import LayerWork, Workload


def kept_fan_in_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each neuron's non-zero weights are within the slots that it has."""
    for layer in workload.layers:
        need, limit = layer.census.fan_in_kept, profile.limits.fan_in_kept
        yield from over("kept_fan_in_within_limit", need, limit, layer.name, "non-zero weights into a neuron")


def kept_fan_out_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each hidden neuron's non-zero weights to hidden neurons are within the slots that it has."""
    for layer in _between_hidden(workload):
        need, limit = layer.census.fan_out_most, profile.limits.fan_out_kept
        what = "non-zero weights out of an input of this layer"
        yield from over("kept_fan_out_within_limit", need, limit, layer.name, what)


def inputs_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The network's inputs are within the device's channels."""
    first = workload.layers[0]
    yield from over("inputs_within_limit", first.inputs, profile.limits.inputs, first.name, "inputs")


def hidden_neurons_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """All spiking neurons are within the device's hidden neurons."""
    need = sum(layer.neurons for layer in workload.layers if spikes(layer))
    yield from over("hidden_neurons_within_limit", need, profile.limits.hidden, "", "spiking neurons")


def outputs_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The readout's neurons are within the device's."""
    last = workload.layers[-1]
    yield from over("outputs_within_limit", last.neurons, profile.limits.outputs, last.name, "outputs")


def hidden_synapses_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The non-zero weights between spiking neurons, convolutions unrolled, are within the device's synapses."""
    need = sum(synapses(layer) for layer in _between_hidden(workload))
    limit = profile.limits.hidden_synapses
    yield from over("hidden_synapses_within_limit", need, limit, "", "synapses between spiking neurons")


def input_targets_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The neurons that inputs reach are within the device's."""
    first = workload.layers[0]
    limit = profile.limits.input_targets
    yield from over(
        "input_targets_within_limit", first.neurons, limit, first.name, "neurons that inputs reach"
    )


def readout_sources_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The neurons that the readout reads are within the device's."""
    last, limit = workload.layers[-1], profile.limits.readout_sources
    yield from over(
        "readout_sources_within_limit", last.inputs, limit, last.name, "neurons that are read out"
    )


def layers_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The layers with weights are within the device's."""
    yield from over("layers_within_limit", len(workload.layers), profile.limits.layers, "", "layers")


def channels_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each map's channels are within the device's limit."""
    for layer in workload.layers:
        need = max(in_channels(layer), layer.census.out_channels)
        yield from over("channels_within_limit", need, profile.limits.channels, layer.name, "channels")


def kernel_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each filter's side is within the device's limit; a fully connected layer's filter is its whole map."""
    for layer in workload.layers:
        side = math.isqrt(max(0, kernel_area(layer) - 1)) + 1
        yield from over(
            "kernel_within_limit", side, profile.limits.kernel, layer.name, "pixels of kernel side"
        )


def kernel_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each convolution's kernel is one that the device offers."""
    for layer in _convolutions(workload):
        side = math.isqrt(layer.census.kernel_area)
        yield from offered("kernel_offered", side, profile.limits.kernels, layer.name, "kernel side")


def pool_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each pooling window is one that the device offers."""
    for layer in _convolutions(workload):
        yield from offered("pool_offered", layer.pool, profile.limits.pools, layer.name, "pooling window")


def input_map_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each map that a convolution reads is within the device's side."""
    for layer in _convolutions(workload):  # same padding, stride 1: it reads a map as large as its own
        need, limit = max(layer.out_size), profile.limits.map_in
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
    hidden_neurons_within_limit,
    outputs_within_limit,
    hidden_synapses_within_limit,
    input_targets_within_limit,
    readout_sources_within_limit,
    layers_within_limit,
    channels_within_limit,
    kernel_within_limit,
    kernel_offered,
    pool_offered,
    input_map_within_limit,
    output_map_within_limit,
    timesteps_within_limit,
)
"""Every rule of this module, in the order in which violations are listed."""


def _between_hidden(workload: Workload) -> list[LayerWork]:
    return [layer for layer in workload.layers if layer.role == "hidden"]


def _convolutions(workload: Workload) -> list[LayerWork]:
    return [layer for layer in workload.layers if layer.kind == "conv"]
