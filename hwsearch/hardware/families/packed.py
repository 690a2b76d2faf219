"""Processors and ideal accelerators: packed formats, work by the cycle or by the term.

Each connection is stored in a format that the device reads, the smallest unless the study says otherwise (`storing`); a
note says where dense would take fewer cycles.
Where the device skips the zeros that this format leaves out (its list for cycles, and another for energy), only what is
stored is worked off; elsewhere every weight of it is::

    charged = ops.nonzero          csr, delta, bitmap, nm
              ops.blocks[B]        block:B
              ops.planes           kernel
              ops.dense            dense, or the device does not skip these zeros

Where the profile says that its core's firmware is priced, the cycles are the instructions of the exported C library
(`firmware`), one a cycle: latency = instructions / clock, energy = instructions * energy of a cycle.
"""

from __future__ import annotations

import math
from typing import Literal

from hwsearch.hardware.device import HardwareProfile, PerCycle, PerTerm, format_granularity
from hwsearch.hardware.families.parts import (
    Parts,
    StoredLayer,
    Term,
    charged,
    shared_bytes,
    state_bits_of,
    total,
)
from hwsearch.hardware.families.storing import stored_layers
from hwsearch.hardware.firmware.code import code_bytes
from hwsearch.hardware.firmware.expected import expected_library
from hwsearch.hardware.firmware.instructions import instructions
from hwsearch.hardware.firmware.program import Library
from hwsearch.hardware.workload import ConnectionWork, Workload


def packed(workload: Workload, profile: HardwareProfile) -> Parts:
    """Return a network on a device without a model of its own: formats, cycles and terms say all."""
    params, state, buffers = shared_bytes(workload, profile)
    stored = stored_layers(workload, profile, {"params": params, "state": state, "buffers": buffers})
    core, code = profile.priced_core, 0
    if core is None:
        cycles = _cycles(workload, profile, stored)
    else:
        library = _library(workload, profile, stored).on(core.name)
        cycles, code = instructions(library, core.instructions), code_bytes(library, core.code_bytes)
    energy_j: float | None = None
    match profile.energy:
        case PerCycle(cycle_j):
            energy_j = None if cycles is None else cycles * cycle_j
        case PerTerm() as terms:
            sizes = (sum(layer.n_bytes for layer in stored), state, buffers)
            energy_j = _energy(workload, profile, terms, stored, sizes)
    what: Literal["energy", "cycles"] = "energy" if isinstance(profile.energy, PerTerm) else "cycles"
    skips = [profile.skipped(what, layer.work.role) for layer in stored]
    return Parts(
        stored=stored,
        params=params,
        state=state,
        buffers=buffers,
        charged_ops=sum(charged(layer, skipped)[0] for layer, skipped in zip(stored, skips, strict=True)),
        energy_j=energy_j,
        latency_s=None if cycles is None or profile.clock_hz is None else cycles / profile.clock_hz,
        static_w=profile.static_w,
        all_in=isinstance(profile.energy, PerCycle),
        notes=_notes(stored, skips, profile, code),
        code=code,
    )


def _library(workload: Workload, profile: HardwareProfile, stored: tuple[StoredLayer, ...]) -> Library:
    formats = [layer.format for layer in stored]
    return expected_library(workload, formats, profile.state_bits, profile.pointer_bits)


def _notes(
    stored: tuple[StoredLayer, ...], skips: list[tuple[str, ...]], profile: HardwareProfile, code: int
) -> tuple[str, ...]:
    if profile.priced_core is None:
        return *_worked_off(stored, skips, profile.id), *_slower_than_dense(stored, profile)
    return (
        f"memory_bytes counts {code:,} bytes of program code, as linked for {profile.priced_core.name}",
        "latency and energy are of emulated instructions, one a cycle: waits for memory and instructions of several "
        "cycles are not in them",
    )


def _worked_off(stored: tuple[StoredLayer, ...], skips: list[tuple[str, ...]], ident: str) -> list[str]:
    return [
        f"{layer.work.name} is stored as {layer.format}, but {ident} works its zeros off all the same"
        for layer, skipped in zip(stored, skips, strict=True)
        if layer.format != "dense" and format_granularity(layer.format) not in skipped
    ]


def _slower_than_dense(stored: tuple[StoredLayer, ...], profile: HardwareProfile) -> list[str]:
    """Return a note for each layer whose smallest format takes more cycles than the dense one would."""
    notes = []
    for layer in stored:
        ops, _ = charged(layer, profile.skipped("cycles", layer.work.role))
        per_op, indexed = _per_op(layer.work, profile), profile.cycles.indexed_synop
        unpack = profile.cycles.unpack if layer.work.weight_bits < 8 else 0.0
        if layer.format == "dense" or per_op is None or indexed is None or unpack is None:
            continue
        more = ops * (per_op + unpack + indexed) - layer.work.ops.dense * (per_op + unpack)
        if more > 0:
            notes.append(
                f"{layer.work.name} is stored as {layer.format}, its smallest format; dense would take "
                f"{more:,.0f} cycles fewer"
            )
    return notes


def _per_op(layer: ConnectionWork, profile: HardwareProfile) -> float | None:
    """Return the cycles of one operation over a dense 8-bit connection."""
    cost = profile.cycles
    if not layer.analog:
        return cost.synop
    return cost.mac if layer.kind == "fc" or profile.conv_mac_cycles is None else profile.conv_mac_cycles


def _cycles(workload: Workload, profile: HardwareProfile, stored: tuple[StoredLayer, ...]) -> float | None:
    """Return the cycles of one inference; None where a constant that is needed is unknown."""
    cost = profile.cycles
    terms: list[Term] = [
        (workload.neuron_updates, cost.neuron_update),
        (workload.timesteps * len(workload.connections), cost.layer_step),
    ]
    for layer in stored:
        ops, _ = charged(layer, profile.skipped("cycles", layer.work.role))
        terms += [
            (ops, _per_op(layer.work, profile)),
            (ops if layer.work.weight_bits < 8 else 0, cost.unpack),
            (ops if layer.format != "dense" else 0, cost.indexed_synop),
        ]
    return total(terms)


def _energy(
    workload: Workload,
    profile: HardwareProfile,
    terms: PerTerm,
    stored: tuple[StoredLayer, ...],
    sizes: tuple[int, int, int],
) -> float:
    """Return the sum of connections' operations and weight fetches, and of neuron updates and spikes, in joules.

    E_synop = E_add(acc) + gate * E_add(w), E_mac = E_mul(sqrt(x * w)) + E_add(acc); either fetches its weight and
    its share of the index: in charging every weight of it once, all stored bits are read once.
    """
    weight_bit_j, state_bit_j, buffer_bit_j = (terms.sram_j(n_bytes) for n_bytes in sizes)
    ends = {layer.work.target: place for place, layer in enumerate(stored)}
    result = 0.0
    for place, layer in enumerate(stored):
        work = layer.work
        ops, weights = charged(layer, profile.skipped("energy", work.role))
        if work.analog:
            logic = terms.mul_j(math.sqrt(workload.input_bits * work.weight_bits))
        else:
            logic = terms.gate_share * terms.add_j(work.weight_bits)
        fetch = layer.bits / weights * weight_bit_j if weights else 0.0
        result += ops * (logic + terms.add_j(profile.accumulator_bits) + fetch)
        if place != ends[work.target]:
            continue  # another connection enters the same population: its neurons are updated once
        population = workload.populations[work.target]
        state_bits = state_bits_of(population, profile)
        update = 2 * state_bits * state_bit_j + 2 * terms.add_j(
            state_bits
        )  # read and write; leak and compare
        result += population.neurons * workload.timesteps * update
        result += population.spikes_out * 2 * buffer_bit_j  # one bit written, one read
    return result
