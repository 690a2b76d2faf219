"""Cores that each hold some neurons and the lists of synapses into them.

Memory of the layout ``words``, for one input axon with m stored synapses in blocks of at most B::

    bits = sum over blocks of k synapses: roundup(k * (weight bits + index bits) + header, word)

with the index bits of the sparse layout, or none of the dense one, which stores zeros too; the smaller is taken.
Convolutions are unrolled: one list an input pixel, as if no filter were cut at the border.

    E = synops * e_synop + updates * e_update + idle updates * e_idle + spikes * (e_spike + hops * e_hop)
An operation's energy may follow the bits of a weight in part, e = e_synop * (f + (1 - f) * bits / reference bits). No
published sweep tells f: unknown counts as 1, and the notes say what f = 0 would give.

    t_step = max over layers of (updates * t_update + synops * t_synop) / cores + t_sync
    t = (T + layers - 1) * t_step

Source: nengo/nengo-loihi, nengo_loihi/block.py and hardware/validate.py (bits, limits); M. Davies et al., Loihi, IEEE
Micro 38(1), 2018, Table 2 (terms).
"""

from __future__ import annotations

import math
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
from hwsearch.hardware.workload import LayerWork, Workload

FIXED_SHARES = (0.0, 1.0)
"""Ends of the sweep over the share of an operation that does not follow the bits of a weight."""


@dataclass(frozen=True)
class Piece:
    """Part of a layer that one core holds.

    Attributes:
        layer: Its name.
        neurons: Neurons in it.
        n_bytes: Bytes of their synapses.
        axons: Axons into it.
    """

    layer: str
    neurons: int
    n_bytes: int
    axons: int


def many_core(workload: Workload, profile: HardwareProfile, model: ManyCore) -> Parts:
    """Return a network on cores."""
    stored = tuple(core_store(layer, profile, model) for layer in workload.layers)
    params, state, _ = shared_bytes(workload, profile)
    if model.neuron_bytes is not None:  # parameters are inside a neuron's bytes
        params = 0
        state = sum(layer.neurons for layer in workload.layers) * model.neuron_bytes
    pieces = [split(layer, model) for layer in stored]
    used = pack_cores([piece for layer_pieces in pieces for piece in layer_pieces], model)
    latency_s = _latency(workload, model, stored, [len(layer_pieces) for layer_pieces in pieces])
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
        charged_ops=sum(_ops(layer, workload) for layer in stored),
        energy_j=_energy(workload, model, stored),
        latency_s=latency_s,
        static_w=static_w,
        all_in=False,
        notes=tuple(notes),
    )


def core_store(layer: LayerWork, profile: HardwareProfile, model: ManyCore) -> StoredLayer:
    """Return a layer in the core's layout."""
    if model.layout == "packed":
        return store(layer, profile)
    census, width = layer.census, _next(model.synapse_bits, layer.weight_bits)
    lists = layer.inputs // census.in_channels if census.in_channels else 0
    targets = census.out_channels * census.kernel_area
    neurons = min(layer.neurons, model.core_neurons or layer.neurons)  # an index points into one core
    index = _next(model.index_bits, max(1, (neurons - 1).bit_length()))
    dense = lists * census.in_channels * axon_bits(targets, width, 0, model)
    sparse = lists * sum(rows * axon_bits(n, width, index, model) for n, rows in census.rows)
    offered = [(bits, name) for bits, name in ((dense, "dense"), (sparse, "csr")) if name in profile.formats]
    bits, name = min(offered, key=lambda pair: pair[0])
    return StoredLayer(layer, name, as_bytes(bits, 1), bits)


def axon_bits(synapses: int, weight_bits: int, index_bits: int, model: ManyCore) -> int:
    """Return the bits of one axon's list, each block rounded up to whole words."""
    word, header = model.word_bits or 1, model.header_bits or 0
    block = model.block_synapses or max(1, synapses)
    full, rest = divmod(synapses, block)
    sizes = [block] * full + ([rest] if rest else [])
    return sum(-(-(k * (weight_bits + index_bits) + header) // word) * word for k in sizes)


def split(layer: StoredLayer, model: ManyCore) -> list[Piece]:
    """Return a layer in as few equal pieces as the neurons and bytes of a core allow."""
    work, need = layer.work, [1]
    if model.core_neurons:
        need.append(math.ceil(work.neurons / model.core_neurons))
    if model.core_bytes:
        need.append(math.ceil(layer.n_bytes / model.core_bytes))
    if model.in_axons and work.kind == "conv":  # a piece of a map reads its share of the inputs
        need.append(math.ceil(work.inputs / model.in_axons))
    count = max(need)
    axons = math.ceil(work.inputs / count) if work.kind == "conv" else work.inputs
    piece = Piece(work.name, math.ceil(work.neurons / count), math.ceil(layer.n_bytes / count), axons)
    return [piece] * count


def pack_cores(pieces: list[Piece], model: ManyCore) -> int:
    """Return the cores that the pieces take, first fit by falling size; pieces may share a core."""
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
    """Return the operations of a layer: on lists, whatever is stored is worked off."""
    if layer.work.analog:
        return event_ops(layer.work, workload, zeros=layer.format == "dense")
    return charged(layer, ("weight", "nm", "block", "kernel", "channel"))[0]


def _energy(
    workload: Workload, model: ManyCore, stored: tuple[StoredLayer, ...], share: float | None = None
) -> float | None:
    """Return the sum of the terms; ``share`` stands in for the profile's fixed share of an operation."""
    price = model.price
    terms: list[Term] = []
    for layer in stored:
        updates = layer.work.neurons * workload.timesteps
        reached = min(float(updates), _ops(layer, workload))
        terms += [
            (_ops(layer, workload) * price.scale(layer.work.weight_bits, share), price.synop_j),
            (reached, price.update_j),
            (updates - reached, price.idle_update_j),
            (layer.work.spikes_out, (price.spike_j or 0.0) + (price.hops or 0.0) * (price.hop_j or 0.0)),
        ]
    return total(terms)


def _latency(
    workload: Workload, model: ManyCore, stored: tuple[StoredLayer, ...], cores: list[int]
) -> float | None:
    price, steps = model.price, workload.timesteps
    busy: list[float] = []
    for layer, count in zip(stored, cores, strict=True):
        ops = _ops(layer, workload) / steps
        reached = min(float(layer.work.neurons), ops)
        work = total(
            [
                (ops, price.synop_s),
                (reached, price.update_s),
                (layer.work.neurons - reached, price.idle_update_s),
            ]
        )
        if work is None or price.sync_s is None:
            return None
        busy.append(work / count)
    return (steps + len(stored) - 1) * (max(busy) + (price.sync_s or 0.0))


def _next(menu: tuple[int, ...], bits: int) -> int:
    """Return the narrowest width of a menu that holds ``bits``; the widest where none does."""
    return min((width for width in menu if width >= bits), default=max(menu, default=bits))
