"""Cores that each hold some neurons and the lists of synapses into them.

Memory of the layout ``words``, for one input axon with m stored synapses in blocks of at most B::

    bits = sum over blocks of k synapses: roundup(k * (weight bits + index bits) + header, word)

with the index bits of the sparse layout, or none of the dense one, which stores zeros too; the smaller is taken.
Convolutions are unrolled: one list an input pixel, as if no filter were cut at the border. With a stride a pixel's list
holds its share of the taps, ceil(m / (stride down * across)). A core holds neurons with all synapses into them, so what
several connections carry into one population lies, and is worked off, in the same cores.

    E = synops * e_synop + updates * e_update + idle updates * e_idle + spikes * (e_spike + hops * e_hop)
An operation's energy may follow the bits of a weight in part, e = e_synop * (f + (1 - f) * bits / reference bits). No
published sweep tells f: unknown counts as 1, and the notes say what f = 0 would give.

    t_step = max over populations of (updates * t_update + synops * t_synop) / cores + t_sync
    t = (T + populations in a row - 1) * t_step

Source: nengo/nengo-loihi, nengo_loihi/block.py and hardware/validate.py (bits, limits); M. Davies et al., Loihi, IEEE
Micro 38(1), 2018, Table 2 (terms).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import (
    Parts,
    StoredLayer,
    Term,
    as_bytes,
    charged,
    event_ops,
    shared_bytes,
    store,
    total,
)
from hwsearch.hardware.models import ManyCore
from hwsearch.hardware.workload import ConnectionWork, PopulationWork, Workload

FIXED_SHARES = (0.0, 1.0)
"""Ends of the sweep over the share of an operation that does not follow the bits of a weight."""

_MOST_PIECES = 4096


@dataclass(frozen=True)
class Piece:
    """Part of a population that one core holds.

    Attributes:
        population: Its name.
        neurons: Neurons in it.
        n_bytes: Bytes of their synapses.
        axons: Axons into it.
    """

    population: str
    neurons: int
    n_bytes: int
    axons: int


def many_core(workload: Workload, profile: HardwareProfile, model: ManyCore) -> Parts:
    """Return a network on cores."""
    stored = tuple(
        core_store(connection, workload.populations[connection.target], profile, model)
        for connection in workload.connections
    )
    params, state, _ = shared_bytes(workload, profile)
    if model.neuron_bytes is not None:  # parameters are inside a neuron's bytes
        params = 0
        state = sum(population.neurons for population in workload.populations) * model.neuron_bytes
    pieces = pieces_of(workload, profile, model, stored)
    used = pack_cores([piece for parts in pieces for piece in parts], model)
    latency_s = _latency(workload, model, stored, [len(parts) for parts in pieces])
    leaks = (model.chip_static_w, model.core_static_w)
    static_w = None if None in leaks else (leaks[0] or 0.0) + used * (leaks[1] or 0.0)
    notes = [f"{used} cores of {profile.id}"]
    if model.price.spike_j is None:
        notes.append(f"energy_j leaves out the routing of spikes, which is unknown on {profile.id}")
    low, high = (_energy(workload, model, stored, share) for share in FIXED_SHARES)
    if low is not None and high is not None and low < high:
        notes.append(
            f"energy_j lies from {low:.3g} J (all of an operation follows the bits of a weight) to {high:.3g} J (none "
            f"does): the share is unknown on {profile.id}"
        )
    return Parts(
        stored=stored,
        params=params,
        state=state,
        buffers=0,
        charged_ops=sum(_ops(connection, workload) for connection in stored),
        energy_j=_energy(workload, model, stored),
        latency_s=latency_s,
        static_w=static_w,
        all_in=False,
        notes=tuple(notes),
    )


def core_store(
    connection: ConnectionWork, target: PopulationWork, profile: HardwareProfile, model: ManyCore
) -> StoredLayer:
    """Return a connection in the core's layout."""
    if model.layout == "packed":
        return store(connection, profile)
    census, width = connection.census, _next(model.synapse_bits, connection.weight_bits)
    lists = connection.inputs // census.input_rows if census.input_rows else 0
    skipped = connection.stride[0] * connection.stride[1]
    neurons = min(target.neurons, model.core_neurons or target.neurons)  # an index points into one core
    index = _next(model.index_bits, max(1, (neurons - 1).bit_length()))
    dense = lists * census.input_rows * axon_bits(-(-census.row_length // skipped), width, 0, model)
    sparse = lists * sum(rows * axon_bits(-(-n // skipped), width, index, model) for n, rows in census.rows)
    offered = [(bits, name) for bits, name in ((dense, "dense"), (sparse, "csr")) if name in profile.formats]
    bits, name = min(offered, key=lambda pair: pair[0])
    return StoredLayer(connection, name, as_bytes(bits, 1), bits)


def axon_bits(synapses: int, weight_bits: int, index_bits: int, model: ManyCore) -> int:
    """Return the bits of one axon's list, each block rounded up to whole words."""
    word, header = model.word_bits or 1, model.header_bits or 0
    block = model.block_synapses or max(1, synapses)
    full, rest = divmod(synapses, block)
    sizes = [block] * full + ([rest] if rest else [])
    return sum(-(-(k * (weight_bits + index_bits) + header) // word) * word for k in sizes)


def pieces_of(
    workload: Workload, profile: HardwareProfile, model: ManyCore, stored: Sequence[StoredLayer] = ()
) -> list[list[Piece]]:
    """Return each population's pieces; ``stored``: its connections, if they are in their layout already."""
    stored = stored or [
        core_store(connection, workload.populations[connection.target], profile, model)
        for connection in workload.connections
    ]
    return [
        split(population, [layer for layer in stored if layer.work.target == place], model)
        for place, population in enumerate(workload.populations)
    ]


def split(population: PopulationWork, incoming: Sequence[StoredLayer], model: ManyCore) -> list[Piece]:
    """Return a population in as few equal pieces as the neurons and bytes of a core allow."""
    need, n_bytes = [1], sum(layer.n_bytes for layer in incoming)
    pixels = [layer.work.inputs for layer in incoming if layer.work.kind == "conv"]
    if model.core_neurons:
        need.append(math.ceil(population.neurons / model.core_neurons))
    if model.core_bytes:
        need.append(math.ceil(n_bytes / model.core_bytes))
    if model.in_axons and pixels:  # a piece of a map reads its share of the inputs
        need.append(math.ceil(sum(pixels) / model.in_axons))
    count = min(max(need), max(population.neurons, _MOST_PIECES))
    axons = sum(math.ceil(n / count) for n in pixels)
    axons += sum(layer.work.inputs for layer in incoming if layer.work.kind != "conv")
    piece = Piece(population.name, math.ceil(population.neurons / count), math.ceil(n_bytes / count), axons)
    return [piece] * count


def pack_cores(pieces: list[Piece], model: ManyCore) -> int:
    """Return the cores that the pieces take, first fit by falling size; pieces may share a core.

    Of more pieces than any chip has cores each takes its own: looking for company would take their number squared.
    """
    if len(pieces) > _MOST_PIECES:
        return len(pieces)
    limits = (model.core_neurons, model.core_bytes, model.in_axons)
    cores: list[tuple[int, int, int]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.n_bytes, piece.neurons), reverse=True):
        sizes = (piece.neurons, piece.n_bytes, piece.axons)
        for index, filled in enumerate(cores):
            together = (filled[0] + sizes[0], filled[1] + sizes[1], filled[2] + sizes[2])
            if all(limit is None or need <= limit for need, limit in zip(together, limits, strict=True)):
                cores[index] = together
                break
        else:
            cores.append(sizes)
    return len(cores)


def _ops(layer: StoredLayer, workload: Workload) -> float:
    """Return the operations of a connection: on lists, whatever is stored is worked off."""
    if layer.work.analog:
        return event_ops(layer.work, workload, zeros=layer.format == "dense")
    return charged(layer, ("weight", "nm", "block", "kernel", "channel"))[0]


def _energy(
    workload: Workload, model: ManyCore, stored: tuple[StoredLayer, ...], share: float | None = None
) -> float | None:
    """Return the sum of the terms; ``share`` stands in for the profile's fixed share of an operation."""
    price = model.price
    routed = (price.spike_j or 0.0) + (price.hops or 0.0) * (price.hop_j or 0.0)
    terms: list[Term] = []
    for place, population in enumerate(workload.populations):
        incoming = [layer for layer in stored if layer.work.target == place]
        ops = [_ops(layer, workload) for layer in incoming]
        updates = population.neurons * workload.timesteps
        reached = min(float(updates), sum(ops))
        terms += [
            *(
                (n * price.scale(layer.work.weight_bits, share), price.synop_j)
                for n, layer in zip(ops, incoming, strict=True)
            ),
            (reached, price.update_j),
            (updates - reached, price.idle_update_j),
            (population.spikes_out, routed),
        ]
    return total(terms)


def _latency(
    workload: Workload, model: ManyCore, stored: tuple[StoredLayer, ...], cores: list[int]
) -> float | None:
    price, steps = model.price, workload.timesteps
    busy: list[float] = []
    for place, population in enumerate(workload.populations):
        ops = sum(_ops(layer, workload) for layer in stored if layer.work.target == place) / steps
        reached = min(float(population.neurons), ops)
        work = total(
            [
                (ops, price.synop_s),
                (reached, price.update_s),
                (population.neurons - reached, price.idle_update_s),
            ]
        )
        if work is None or price.sync_s is None:
            return None
        busy.append(work / cores[place])
    return (steps + workload.depth - 1) * (max(busy) + (price.sync_s or 0.0))


def _next(menu: tuple[int, ...], bits: int) -> int:
    """Return the narrowest width of a menu that holds ``bits``; the widest where none does."""
    return min((width for width in menu if width >= bits), default=max(menu, default=bits))
