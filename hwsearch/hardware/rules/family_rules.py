"""Rules that follow from how a family stores and works off: cores, arrays, first layers, look-up tables.

Each is bound to the family's model and says nothing on the devices of others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hwsearch.graph.graph import INPUT
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.crossbar import arrays, swept_once
from hwsearch.hardware.families.event_cores import assignment, entries, in_channels
from hwsearch.hardware.families.fpga import luts
from hwsearch.hardware.families.many_core import pack_cores, pieces_of
from hwsearch.hardware.models import Crossbar, EventCores, FpgaDataflow, ManyCore, Npu
from hwsearch.hardware.rules.violation import Rule, Violation, offered, over
from hwsearch.hardware.workload import ConnectionWork, Workload


def axons_within_core(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A population's fully connected inputs are within the axons into one core."""
    if isinstance(profile.model, ManyCore):
        for population, incoming in workload.joined():
            need, limit = sum(c.inputs for c in incoming if c.kind == "fc"), profile.model.in_axons
            yield from over("axons_within_core", need, limit, population.name, "axons into a core")


def out_axons_within_core(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A core's neurons, each once for every core that reads it, are within the axons out of one core."""
    model = profile.model
    if isinstance(model, ManyCore):
        pieces = pieces_of(workload, profile, model)
        for place, population in enumerate(workload.populations):
            readers = [len(pieces[c.target]) for c in workload.reading(place)]
            # a piece of a map is read by its neighbours only
            reached = sum(n if population.flat else min(2, n) for n in readers)
            need, what = pieces[place][0].neurons * reached, "axons out of a core"
            yield from over("out_axons_within_core", need, model.out_axons, population.name, what)


def cores_hold_everything(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The cores that all layers take are within the chip's."""
    model = profile.model
    if isinstance(model, ManyCore):
        pieces = pieces_of(workload, profile, model)
        need = pack_cores([piece for parts in pieces for piece in parts], model)
        yield from over("cores_hold_everything", need, model.cores, "", "cores")
    if isinstance(model, Crossbar) and model.cores is not None and model.cores > 1:
        need = sum(arrays(population, model) for population in workload.populations)
        yield from over("cores_hold_everything", need, model.cores, "", "cores")
    if isinstance(model, Npu):
        yield from over(
            "cores_hold_everything", len(workload.populations), model.nodes, "", "cores, at least"
        )


def array_holds_network(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """On a chip with one array, all inputs of all layers are within its axons, and all neurons within its columns."""
    model = profile.model
    if isinstance(model, Crossbar) and model.cores == 1:
        rows = sum(connection.inputs for connection in swept_once(workload, model))
        columns = sum(population.neurons for population in workload.populations)
        yield from over("array_holds_network", rows, model.axons, "", "rows of the array")
        yield from over("array_holds_network", columns, model.neurons, "", "columns of the array")


def first_kernel_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A first convolution's kernel is one that the device offers there."""
    for layer, model in _first_convolution(workload, profile):
        for side in dict.fromkeys(layer.kernel):
            yield from offered(
                "first_kernel_offered", side, model.first_kernels, layer.name, "first kernel side"
            )


def first_channels_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A first convolution reads as many channels as the device takes: one, or three."""
    for layer, model in _first_convolution(workload, profile):
        menu = tuple(
            channels
            for channels, filters in ((1, model.first_filters_gray), (3, model.first_filters_color))
            if filters
        )
        yield from offered(
            "first_channels_offered", in_channels(layer), menu, layer.name, "channels of the input"
        )


def first_filters_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """A first convolution's filters are within the device's, which has fewer for more channels and wider kernels."""
    for layer, model in _first_convolution(workload, profile):
        limits = {1: model.first_filters_gray, 3: model.first_filters_color}.get(in_channels(layer), ())
        most = dict(zip(model.first_kernels, limits, strict=False)).get(max(layer.kernel))
        need, what = layer.census.out_channels, "filters of the first layer"
        yield from over("first_filters_within_limit", need, most, layer.name, what)


def first_map_offered(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """The map that a first convolution reads is neither too small nor too large for the device."""
    for layer, model in _first_convolution(workload, profile):
        least, most = model.first_sides or (min(layer.in_size), max(layer.in_size))
        for side in {min(layer.in_size), max(layer.in_size)}:
            if not least <= side <= most:
                message = f"{layer.name}: a side of {side} pixels: the device reads {least} to {most}"
                yield Violation(
                    "first_map_offered", side, most if side > most else least, layer.name, message
                )


def layers_find_cores(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """Each population finds a core whose memories hold it, and no two share one."""
    if isinstance(profile.model, EventCores):
        cores = assignment(workload, profile.model)
        for (population, incoming), core in zip(workload.joined(), cores, strict=True):
            if core is None:
                need = entries(population, incoming)
                message = (
                    f"{population.name}: no core is left for {need.kernel:,} kernel, {need.neuron:,} neuron and "
                    f"{need.bias:,} bias entries on {profile.id}"
                )
                yield Violation("layers_find_cores", need.kernel, 0, population.name, message)


def look_up_tables_within_limit(workload: Workload, profile: HardwareProfile) -> Iterator[Violation]:
    """All units' look-up tables are within the share of the part that a design may fill."""
    model = profile.model
    if isinstance(model, FpgaDataflow) and model.luts is not None:
        units = [luts(model, c.weight_bits, profile.accumulator_bits) for c in workload.connections]
        limit = math.floor(model.luts * (model.lut_share or 1.0))
        yield from over("look_up_tables_within_limit", math.ceil(sum(units)), limit, "", "look-up tables")


FAMILY_RULES: tuple[Rule, ...] = (
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


def _first_convolution(workload: Workload, profile: HardwareProfile) -> Iterator[tuple[ConnectionWork, Npu]]:
    """Yield the convolutions that read the input, with the model, on a device that limits first layers."""
    if isinstance(profile.model, Npu):
        for connection in workload.reading(INPUT):
            if connection.kind == "conv":
                yield connection, profile.model
