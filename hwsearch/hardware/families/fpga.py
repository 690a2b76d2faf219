"""Circuits on an FPGA: block memories of 18 kbit, cycles from the shape, zeros stored and worked off.

Clock-driven: a layer's neurons work in parallel and read one input after the other, in every timestep; layers follow
each other in a pipeline, so the longest sets the pace::

    cycles = T * max over populations of (inputs * input_cycles + layer_cycles)
    E = neurons * power of a neuron * cycles / clock

What several connections carry into a population is read one after the other: a recurrent layer reads its own neurons
after its inputs. The circuit skips a timestep in which no input has an event;
that is left out, so times are bounds from above for sparse input.

Dataflow: one matrix-vector unit a connection, folded to PE rows and SIMD columns::

    cycles = T * max over connections of (rows / PE) * (columns / SIMD) * positions

Where the profile says that it skips single zero weights, the PE lanes of a unit work in lock step on the non-zeros of
PE consecutive rows, and each group takes as long as its fullest row (load imbalance, counted from the mask)::

    cycles = T * max over connections of reads(PE) / SIMD * positions

Its memory then holds those reads, each with the place of its input in the row.

Source: A. Carpegna et al., Spiker+, arXiv 2401.01141, and smilies-polito/Spiker, spiker/spikerplus/vhdl (rom.py: one
memory a layer, one word an input; multi_input_cu.py: one input a cycle) (clock-driven); Xilinx/finn,
custom_op/fpgadataflow, matrixvectoractivation.py (block memories, look-up tables, cycles).
"""

from __future__ import annotations

import math

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import Parts, over, positions, shared_bytes, store_dense, times
from hwsearch.hardware.models import FpgaClock, FpgaDataflow
from hwsearch.hardware.workload import ConnectionWork, Workload

BRAM18_BYTES = 18 * 1024 // 8
"""Bytes of one block memory of 18 kbit, parity bits included."""

BRAM18_SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
"""Words, and bits of a word, of its shapes: the first that is wide enough is taken, the last if it is deep enough."""


def bram18(depth: int, width: int) -> int:
    """Return the 18-kbit block memories of a simple dual-port memory.

    Args:
        depth: Words (omega = inputs * outputs / (SIMD * PE)).
        width: Bits of a word (SIMD * PE * weight bits).

    Source: Xilinx/finn, matrixvectoractivation.py, bram_estimation.
    """
    if depth * width == 0:
        return 0
    *narrow, deep, wide = BRAM18_SHAPES
    fits = [shape for shape in narrow if width <= shape[1]]
    if fits:
        words, bits = fits[0]
    else:
        words, bits = deep if width <= deep[1] or depth > wide[0] else wide
    return math.ceil(depth / words) * math.ceil(width / bits)


def memory_bytes(depth: int, width: int, block_words: int | None, block_width: int | None) -> int:
    """Return the bytes of the blocks that a memory takes.

    Args:
        depth: Words.
        width: Bits of a word.
        block_words: Words of a block that has only one shape; None: blocks of 18 kbit, as `bram18`.
        block_width: Bits of a word of such a block.
    """
    if block_words is None or block_width is None:
        return bram18(depth, width) * BRAM18_BYTES
    blocks = math.ceil(depth / block_words) * math.ceil(width / block_width)
    return blocks * block_words * block_width // 8


def luts(model: FpgaDataflow, weight_bits: int, accumulator_bits: int) -> float:
    """Return the look-up tables of one unit for 1-bit inputs.

    LUT = 300 + 1.1 * PE * (AND gates, one a weight bit, + adder tree (w + 1) * (2 * SIMD - 1) + accumulator)
    """
    gates = model.simd * weight_bits
    tree = (weight_bits + 1) * (2 * model.simd - 1)
    return 300 + 1.1 * model.pe * (gates + tree + accumulator_bits)


def fpga_clock(workload: Workload, profile: HardwareProfile, model: FpgaClock) -> Parts:
    """Return a network as a clock-driven circuit."""
    cycles: float | None = None
    if model.input_cycles is not None and model.layer_cycles is not None:
        reads = [sum(_reads(connection) for connection in incoming) for _, incoming in workload.joined()]
        longest = max(n * model.input_cycles for n in reads)
        cycles = workload.timesteps * (longest + model.layer_cycles)
    shapes = [(_fan_in(c), c.census.out_channels * c.weight_bits) for c in workload.connections]
    neurons = sum(population.neurons for population in workload.populations)
    latency_s = over(cycles, model.clock_hz)
    return _parts(workload, profile, shapes, latency_s, times(float(neurons), model.neuron_w))


def fpga_dataflow(workload: Workload, profile: HardwareProfile, model: FpgaDataflow) -> Parts:
    """Return a network as a pipeline of matrix-vector units."""
    depths, widths, reads, notes = [], [], [], []
    for layer in workload.connections:
        rows = math.ceil(layer.census.out_channels / model.pe)
        whole = rows * math.ceil(_fan_in(layer) / model.simd)
        packed = math.ceil(layer.census.reads(model.pe) / model.simd)
        packs = "weight" in profile.skipped("storage", layer.role)
        skips = packs or "weight" in profile.skipped("cycles", layer.role)
        index_bits = max(1, (_fan_in(layer) - 1).bit_length()) if packs else 0
        depths.append(packed if packs else whole)
        widths.append(model.pe * model.simd * (layer.weight_bits + index_bits))
        reads.append((packed if skips else whole) * positions(layer))
        if skips and layer.census.nonzero:
            waits = layer.census.reads(model.pe) * model.pe / layer.census.nonzero
            notes.append(f"{layer.name}: lanes in lock step take {waits:.2f} times the mean of their rows")
    latency_s = over(float(workload.timesteps * max(reads)), model.clock_hz)
    shapes = list(zip(depths, widths, strict=True))
    return _parts(workload, profile, shapes, latency_s, model.power_w, tuple(notes))


def _fan_in(layer: ConnectionWork) -> int:
    return layer.census.in_channels * layer.census.kernel_area


def _reads(layer: ConnectionWork) -> int:
    """Return the words that are read over a connection in one timestep: one an input of each position."""
    return _fan_in(layer) * positions(layer)


def _parts(
    workload: Workload,
    profile: HardwareProfile,
    shapes: list[tuple[int, int]],
    latency_s: float | None,
    power_w: float | None,
    notes: tuple[str, ...] = (),
) -> Parts:
    """Return the parts of a circuit whose memories have these depths and widths."""
    model = profile.model
    assert isinstance(model, FpgaClock | FpgaDataflow)
    params, state, buffers = shared_bytes(workload, profile)
    sizes = [memory_bytes(depth, width, model.block_words, model.block_width) for depth, width in shapes]
    return Parts(
        stored=tuple(
            store_dense(layer, n_bytes) for layer, n_bytes in zip(workload.connections, sizes, strict=True)
        ),
        params=params,
        state=state,
        buffers=buffers,
        charged_ops=float(
            workload.timesteps * sum(layer.census.size * positions(layer) for layer in workload.connections)
        ),
        energy_j=times(latency_s, power_w),
        latency_s=latency_s,
        static_w=None,
        all_in=True,
        notes=notes,
    )
