"""What a workload costs on a device: memory by bank, operations, energy and latency of one inference.

Predicted and measured costs both come from `price`; they differ in the workload only. An unknown constant gives
an unknown cost (None), never 0. Not for what a device refuses: `rules` says that.

How work is charged. Each layer is stored in the smallest format that the device reads. Where the device skips
the zeros that this format leaves out (its list for cycles, and another for energy), only what is stored is worked
off; elsewhere every weight of the layer is::

    charged = ops.nonzero          csr, delta, bitmap, nm
              ops.blocks[B]        block:B
              ops.planes           kernel
              ops.dense            dense, or the device does not skip these zeros

Removed channels are gone from the workload's shapes already, so they always pay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile, PerCycle, PerTerm, format_granularity
from hwsearch.hardware.storage import smallest, streams
from hwsearch.hardware.workload import BLOCKS, LayerWork, Workload

Term = tuple[float, float | None]


@dataclass(frozen=True)
class Cost:
    """The price of one inference, and of keeping the network.

    Attributes:
        memory_bytes: Everything below together.
        banks: (bank, bytes in it).
        weight_bytes: Packed weights, with index and padding.
        bias_bytes: Biases, and the thresholds of spiking layers, one an output channel.
        state_bytes: Membranes, and the accumulators of the readout.
        buffer_bytes: Input, its kept current, and one bit a neuron for spikes.
        formats: Storage format of each layer.
        synaptic_ops: Accumulates at non-zero weights.
        macs: Multiply-accumulates at non-zero weights.
        neuron_updates: Membrane updates.
        charged_ops: Operations that the device works off (cycles where it has them, else energy).
        energy_j: Dynamic energy, or all-in where the device is priced by the cycle; None: unknown.
        static_energy_j: Static power times latency; None: unknown, or inside ``energy_j``.
        latency_s: Time of one inference; None: unknown.
        energy_grade: Weakest grade among the constants behind ``energy_j``; None: unknown.
        latency_grade: Likewise for ``latency_s``.
        notes: What a reader of these numbers should know.
    """

    memory_bytes: int
    banks: tuple[tuple[str, int], ...]
    weight_bytes: int
    bias_bytes: int
    state_bytes: int
    buffer_bytes: int
    formats: tuple[str, ...]
    synaptic_ops: float
    macs: float
    neuron_updates: int
    charged_ops: float
    energy_j: float | None
    static_energy_j: float | None
    latency_s: float | None
    energy_grade: str | None
    latency_grade: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Stored:
    """A layer as the device keeps it: format, bytes, and the bits of all its streams without padding."""

    layer: LayerWork
    format: str
    n_bytes: int
    bits: int


def price(workload: Workload, profile: HardwareProfile) -> Cost:
    """Return what a workload costs on a device.

    Raises:
        ValueError: If no format of the profile can hold a layer.

    """
    stored = tuple(_store(layer, profile) for layer in workload.layers)
    held = {
        "weights": sum(one.n_bytes for one in stored),
        "params": sum(_param_bytes(layer, profile) for layer in workload.layers),
        "state": sum(_state_bytes(layer, profile) for layer in workload.layers),
        "buffers": _buffer_bytes(workload, profile),
    }
    cycles = _cycles(workload, profile, stored)
    latency_s = None if cycles is None or profile.clock_hz is None else cycles / profile.clock_hz
    energy_j = _energy(workload, profile, stored, held, cycles)
    static_j = None if latency_s is None or profile.static_w is None else profile.static_w * latency_s
    skips = profile.skips_energy if isinstance(profile.energy, PerTerm) else profile.skips_cycles
    return Cost(
        memory_bytes=sum(held.values()),
        banks=tuple((bank.name, sum(held[what] for what in bank.holds)) for bank in profile.banks),
        weight_bytes=held["weights"],
        bias_bytes=held["params"],
        state_bytes=held["state"],
        buffer_bytes=held["buffers"],
        formats=tuple(one.format for one in stored),
        synaptic_ops=workload.synaptic_ops,
        macs=workload.macs,
        neuron_updates=workload.neuron_updates,
        charged_ops=sum(_charged(one, skips)[0] for one in stored),
        energy_j=energy_j,
        static_energy_j=None if isinstance(profile.energy, PerCycle) else static_j,
        latency_s=latency_s,
        energy_grade=None if energy_j is None else profile.labels.get("energy_j"),
        latency_grade=None if latency_s is None else profile.labels.get("latency_s"),
        notes=_notes(profile, stored, skips, energy_j, latency_s),
    )


def cost_fields(cost: Cost) -> dict[str, float | int | None]:
    """Return the costs that reports and budgets name, and ``<bank>_bytes`` of each bank."""
    return {
        "memory_bytes": cost.memory_bytes,
        "weight_bytes": cost.weight_bytes,
        "bias_bytes": cost.bias_bytes,
        "state_bytes": cost.state_bytes,
        "buffer_bytes": cost.buffer_bytes,
        "synaptic_ops": cost.synaptic_ops,
        "macs": cost.macs,
        "energy_j": cost.energy_j,
        "latency_s": cost.latency_s,
        **{f"{name}_bytes": n_bytes for name, n_bytes in cost.banks},
    }


def _store(layer: LayerWork, profile: HardwareProfile) -> _Stored:
    bits, pointer_bits = layer.weight_bits, profile.pointer_bits
    name, n_bytes = smallest(profile.formats, layer.census, bits, pointer_bits)
    layout = streams(name, layer.census, bits, pointer_bits) or ()
    return _Stored(layer, name, n_bytes, sum(stream.count * stream.bits for stream in layout))


def _param_bytes(layer: LayerWork, profile: HardwareProfile) -> int:
    channels = layer.census.out_channels
    thresholds = _bytes(channels, profile.threshold_bits) if _spikes(layer) else 0
    return _bytes(channels, profile.bias_bits) + thresholds


def _state_bytes(layer: LayerWork, profile: HardwareProfile) -> int:
    return _bytes(layer.neurons, _kept_bits(layer, profile))


def _buffer_bytes(workload: Workload, profile: HardwareProfile) -> int:
    first = workload.layers[0]
    inputs = first.inputs * _bytes(1, workload.input_bits) if first.analog else _bytes(first.inputs, 1)
    kept = _bytes(first.neurons, profile.accumulator_bits) if first.analog else 0
    return inputs + kept + sum(_bytes(layer.neurons, 1) for layer in workload.layers if _spikes(layer))


def _kept_bits(layer: LayerWork, profile: HardwareProfile) -> int:
    """Return the width of what a neuron keeps: a membrane, or the readout's accumulator."""
    return profile.state_bits if _spikes(layer) else profile.accumulator_bits


def _spikes(layer: LayerWork) -> bool:
    return layer.role != "readout"


def _bytes(count: int, bits: int) -> int:
    return -(-count * bits // 8)


def _charged(stored: _Stored, skips: tuple[str, ...]) -> tuple[float, int]:
    """Return the operations that are worked off, and of how many weights of the layer they are."""
    ops, census = stored.layer.ops, stored.layer.census
    zeros = format_granularity(stored.format)
    if zeros not in skips:
        return ops.dense, census.size
    if zeros == "block":
        length = int(stored.format.partition(":")[2])
        index = BLOCKS.index(length)
        return ops.blocks[index], census.blocks[index] * length
    if zeros == "kernel":
        return ops.planes, census.planes * census.kernel_area
    return ops.nonzero, census.nonzero


def _cycles(workload: Workload, profile: HardwareProfile, stored: tuple[_Stored, ...]) -> float | None:
    """Return the cycles of one inference; None where a constant that is needed is unknown."""
    cost = profile.cycles
    terms: list[Term] = [
        (workload.neuron_updates, cost.neuron_update),
        (workload.timesteps * len(workload.layers), cost.layer_step),
    ]
    for one in stored:
        ops, _ = _charged(one, profile.skips_cycles)
        terms += [
            (ops, cost.mac if one.layer.analog else cost.synop),
            (ops if one.layer.weight_bits < 8 else 0, cost.unpack),
            (ops if one.format != "dense" else 0, cost.indexed_synop),
        ]
    return _sum(terms)


def _sum(terms: list[Term]) -> float | None:
    """Return the sum of count * cost; None where a cost that is needed is unknown."""
    total = 0.0
    for count, cost in terms:
        if count and cost is None:
            return None
        total += count * (cost or 0.0)
    return total


def _energy(
    workload: Workload,
    profile: HardwareProfile,
    stored: tuple[_Stored, ...],
    held: dict[str, int],
    cycles: float | None,
) -> float | None:
    match profile.energy:
        case None:
            return None
        case PerCycle(cycle_j):
            return None if cycles is None else cycles * cycle_j
        case PerTerm() as terms:
            return _energy_by_terms(workload, profile, terms, stored, held)


def _energy_by_terms(
    workload: Workload,
    profile: HardwareProfile,
    terms: PerTerm,
    stored: tuple[_Stored, ...],
    held: dict[str, int],
) -> float:
    """Return the sum over layers of operations, weight fetches, neuron updates and spikes, in joules.

    E_synop = E_add(acc) + gate * E_add(w), E_mac = E_mul(sqrt(x * w)) + E_add(acc); either fetches its weight and
    its share of the index: in charging every weight of the layer once, all stored bits are read once.
    """
    weight_bit_j, state_bit_j, buffer_bit_j = (
        terms.sram_j(held[what]) for what in ("weights", "state", "buffers")
    )
    total = 0.0
    for one in stored:
        layer = one.layer
        ops, weights = _charged(one, profile.skips_energy)
        if layer.analog:
            logic = terms.mul_j(math.sqrt(workload.input_bits * layer.weight_bits))
        else:
            logic = terms.gate_share * terms.add_j(layer.weight_bits)
        fetch = one.bits / weights * weight_bit_j if weights else 0.0
        total += ops * (logic + terms.add_j(profile.accumulator_bits) + fetch)
        kept = _kept_bits(layer, profile)
        update = 2 * kept * state_bit_j + 2 * terms.add_j(kept)  # read and write; leak and compare
        total += layer.neurons * workload.timesteps * update
        total += layer.spikes_out * 2 * buffer_bit_j  # one bit written, one read
    return total


def _notes(
    profile: HardwareProfile,
    stored: tuple[_Stored, ...],
    skips: tuple[str, ...],
    energy_j: float | None,
    latency_s: float | None,
) -> tuple[str, ...]:
    notes = [
        f"{one.layer.name} is stored as {one.format}, but {profile.id} works its zeros off all the same"
        for one in stored
        if one.format != "dense" and format_granularity(one.format) not in skips
    ]
    for name, value in (("energy_j", energy_j), ("latency_s", latency_s)):
        if value is None:
            notes.append(f"{name} is unknown on {profile.id}")
        elif profile.labels.get(name) == "estimated":
            notes.append(f"{name} is an estimate: a constant behind it is graded so")
    if isinstance(profile.energy, PerCycle) and energy_j is not None:
        notes.append("energy_j is all-in: static power is inside, nothing is added")
    return tuple(notes)
