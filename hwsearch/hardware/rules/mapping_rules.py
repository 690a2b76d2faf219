"""Rules of single toolchains, each bound to a limit of the profile or to the family's model.

A rule whose limit the profile does not state says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.crossbar import arrays
from hwsearch.hardware.families.event_cores import assignment, entries, in_channels, kernel_area
from hwsearch.hardware.families.fpga import luts
from hwsearch.hardware.families.many_core import core_store, pack_cores, split
from hwsearch.hardware.families.parts import spikes
from hwsearch.hardware.families.step_cycles import synapses
from hwsearch.hardware.models import Crossbar, EventCores, FpgaDataflow, ManyCore, Npu
from hwsearch.hardware.rules.violation import Violation, over
from hwsearch.hardware.workload import LayerWork, Workload

Rule = Callable[[Workload, HardwareProfile], Iterator[Violation]]


def kept_fan_in_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each neuron's non-zero weights are within the slots that it has."""
    for layer in workload.layers:
        need, limit = layer.census.fan_in_kept, profile.limits.fan_in_kept
        yield from over("kept_fan_in_within_limit", need, limit, layer.name, "non-zero weights into a neuron")


def kept_fan_out_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each hidden neuron's non-zero weights to hidden neurons are within the slots that it has."""
    for layer in _between(workload):
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
    need = sum(synapses(layer) for layer in _between(workload))
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
    for layer in workload.layers:
        side = math.isqrt(layer.census.kernel_area)
        yield from _offered("kernel_offered", side, profile.limits.kernels, layer, "kernel side")


def pool_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each pooling window is one that the device offers."""
    for layer in workload.layers:
        yield from _offered("pool_offered", layer.pool, profile.limits.pools, layer, "pooling window")


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


def axons_within_core(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A fully connected layer's inputs are within the axons into one core."""
    if isinstance(profile.model, ManyCore):
        for layer in workload.layers:
            need = layer.inputs if layer.kind == "fc" else 0
            yield from over(
                "axons_within_core", need, profile.model.in_axons, layer.name, "axons into a core"
            )


def out_axons_within_core(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A core's neurons, each once for every core that reads it, are within the axons out of one core."""
    model = profile.model
    if isinstance(model, ManyCore):
        pieces = [split(core_store(layer, profile, model), model) for layer in workload.layers]
        for layer, own, readers in zip(workload.layers, pieces, pieces[1:], strict=False):
            reached = (
                len(readers) if layer.kind == "fc" else min(2, len(readers))
            )  # a map's piece: neighbours
            need = own[0].neurons * reached
            yield from over("out_axons_within_core", need, model.out_axons, layer.name, "axons out of a core")


def cores_hold_everything(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The cores that all layers take are within the chip's."""
    model = profile.model
    if isinstance(model, ManyCore):
        pieces = [split(core_store(layer, profile, model), model) for layer in workload.layers]
        need = pack_cores([piece for own in pieces for piece in own], model)
        yield from over("cores_hold_everything", need, model.cores, "", "cores")
    if isinstance(model, Crossbar) and model.cores is not None and model.cores > 1:
        need = sum(arrays(layer, model) for layer in workload.layers)
        yield from over("cores_hold_everything", need, model.cores, "", "cores")
    if isinstance(model, Npu):
        yield from over("cores_hold_everything", len(workload.layers), model.nodes, "", "cores, at least")


def array_holds_network(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """On a chip with one array, all inputs of all layers are within its axons, and all neurons within its columns."""
    model = profile.model
    if isinstance(model, Crossbar) and model.cores == 1:
        rows = sum(layer.inputs for layer in workload.layers)
        columns = sum(layer.neurons for layer in workload.layers)
        yield from over("array_holds_network", rows, model.axons, "", "rows of the array")
        yield from over("array_holds_network", columns, model.neurons, "", "columns of the array")


def first_kernel_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A first convolution's kernel is one that the device offers there."""
    for layer, model in _first_convolution(workload, profile):
        side = math.isqrt(layer.census.kernel_area)
        yield from _offered("first_kernel_offered", side, model.first_kernels, layer, "first kernel side")


def first_channels_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A first convolution reads as many channels as the device takes: one, or three."""
    for layer, model in _first_convolution(workload, profile):
        menu = tuple(
            channels
            for channels, filters in ((1, model.first_filters_gray), (3, model.first_filters_color))
            if filters
        )
        yield from _offered(
            "first_channels_offered", in_channels(layer), menu, layer, "channels of the input"
        )


def first_filters_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A first convolution's filters are within the device's, which has fewer for more channels and wider kernels."""
    for layer, model in _first_convolution(workload, profile):
        limits = {1: model.first_filters_gray, 3: model.first_filters_color}.get(in_channels(layer), ())
        most = dict(zip(model.first_kernels, limits, strict=False)).get(math.isqrt(layer.census.kernel_area))
        need, what = layer.census.out_channels, "filters of the first layer"
        yield from over("first_filters_within_limit", need, most, layer.name, what)


def first_map_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The map that a first convolution reads is neither too small nor too large for the device."""
    for layer, model in _first_convolution(workload, profile):
        least, most = model.first_sides or (min(layer.out_size), max(layer.out_size))
        for side in {min(layer.out_size), max(layer.out_size)}:
            if not least <= side <= most:
                message = f"{layer.name}: a side of {side} pixels: the device reads {least} to {most}"
                yield Violation(
                    "first_map_offered", side, most if side > most else least, layer.name, message
                )


def layers_find_cores(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each layer finds a core of its own whose memories hold it."""
    if isinstance(profile.model, EventCores):
        found = assignment(workload, profile.model)
        for layer, core in zip(workload.layers, found, strict=True):
            if core is None:
                need = entries(layer)
                message = (
                    f"{layer.name}: no core is left for {need.kernel:,} kernel, {need.neuron:,} neuron and "
                    f"{need.bias:,} bias entries on {profile.id}"
                )
                yield Violation("layers_find_cores", need.kernel, 0, layer.name, message)


def look_up_tables_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """All units' look-up tables are within the share of the part that a design may fill."""
    model = profile.model
    if isinstance(model, FpgaDataflow) and model.luts is not None:
        units = [luts(model, layer.weight_bits, profile.accumulator_bits) for layer in workload.layers]
        limit = math.floor(model.luts * (model.lut_share or 1.0))
        yield from over("look_up_tables_within_limit", math.ceil(sum(units)), limit, "", "look-up tables")


MAPPING_RULES: tuple[Rule, ...] = (
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
    axons_within_core,
    out_axons_within_core,
    cores_hold_everything,
    array_holds_network,
    first_kernel_offered,
    first_channels_offered,
    first_filters_within_limit,
    first_map_offered,
    layers_find_cores,
    look_up_tables_within_limit,
)
"""Every rule of this module, in the order in which violations are listed."""


def _between(workload: Workload) -> list[LayerWork]:
    return [layer for layer in workload.layers if layer.role == "hidden"]


def _first_convolution(workload: Workload, profile: HardwareProfile) -> Iterator[tuple[LayerWork, Npu]]:
    """Yield the first layer with the model, if it is a convolution on a device that limits first layers."""
    if isinstance(profile.model, Npu) and workload.layers[0].kind == "conv":
        yield workload.layers[0], profile.model


def _convolutions(workload: Workload) -> list[LayerWork]:
    return [layer for layer in workload.layers if layer.kind == "conv"]


def _offered(rule: str, need: int, menu: tuple[int, ...], layer: LayerWork, what: str) -> Iterator[Violation]:
    if layer.kind == "conv" and menu and need not in menu:
        message = f"{layer.name}: {what} {need}: the device has {', '.join(map(str, menu))}"
        yield Violation(rule, need, 0, layer.name, message)
