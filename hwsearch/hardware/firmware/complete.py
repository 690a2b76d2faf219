"""A library that has every kernel and every scan: what a core's constants must tell of, to price any network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hwsearch.graph.graph import NO_POOLING, Pooling
from hwsearch.hardware.firmware.code import DESCRIPTORS, SHARED, code_parts
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.firmware.instructions import terms
from hwsearch.hardware.firmware.loops import KERNELS, connection_terms
from hwsearch.hardware.firmware.program import (
    PAIRED_BITS,
    PAIRED_TYPES,
    PAIRING_CORES,
    Library,
    LibraryConnection,
    LibraryPopulation,
    PlainLoop,
)
from hwsearch.hardware.storage import Stream
from hwsearch.hardware.workload import ConnectionWork, OpCounts, WeightCensus

_POOLINGS = (NO_POOLING, Pooling((2, 2), "max"), Pooling((2, 2), "sum"))
_CENSUS = WeightCensus(
    out_channels=4, in_channels=4, kernel_area=9, nonzero=72, blocks=(30, 18), nm_most=(2, 4, 8), planes=12,
    delta_entries=(80,) * 7,
)  # fmt: skip
_ALIGNED = 32
"""Inputs of a matrix whose rows of bitmaps are whole bytes."""


def missing(core: Core) -> tuple[list[str], list[str]]:
    """Return the terms without instructions and the parts without bytes, of all that a workload can ask for."""
    library = every_kernel(core)
    parts = code_parts(library).keys() - {DESCRIPTORS} | {f"inlined {name}" for name in SHARED}
    return (
        sorted((terms(library).keys() | _merged_terms(library)) - core.instructions.keys()),
        sorted(parts - core.code_bytes.keys()),
    )


def _merged_terms(library: Library) -> set[str]:
    """Return the terms of connections whose shared functions are a part of their kernels."""
    merged = (replace(c, merged=frozenset(SHARED)) for c in library.connections)
    return {name for c in merged for name, _ in connection_terms(c)}


def every_kernel(core: Core) -> Library:
    """Return a library with every kernel that a core can run."""
    neurons = [
        LibraryPopulation(4, 36, 9.0, 2, readout, "i16", sum=added, constant=not added)
        for readout in (False, True)
        for added in (False, True)
    ]
    return Library(
        timesteps=2,
        connections=tuple(c for c in _connections() if c.kernel != "pairs" or core.name in PAIRING_CORES),
        populations=tuple(neurons),
        loops=tuple(
            PlainLoop(name, 36, 2) for name in ("clear", "copy", "frame_bits", "frame_values", "mean_narrow")
        ),
        statements=9,
        scales=1,
        arrays=9,
    )


def _connections() -> Iterator[LibraryConnection]:
    for name in KERNELS.keys() - {"fc_pairs"}:
        kind, _, kernel = name.partition("_")
        for scan in ("bits", "u8"):
            for pooling in _POOLINGS:
                for stride in (1, 2) if kind == "conv" else (1,):
                    yield _connection(_work(kind, pooling, stride), kernel, 3, scan)
        yield _connection(_work(kind, NO_POOLING, 1, _ALIGNED), kernel, 3, "bits")
    for scan in PAIRED_TYPES:
        for bits in PAIRED_BITS:
            for inputs in (_ALIGNED, _ALIGNED + 5):
                yield _connection(_work("fc", NO_POOLING, 1, inputs), "pairs", bits, scan)


def _connection(work: ConnectionWork, kernel: str, bits: int, scan: str) -> LibraryConnection:
    layout = tuple(Stream(name, 80, bits) for name in ("bitmap", "pointers", "indices", "values"))
    return LibraryConnection(work, kernel, layout, 4, scan, 2, 40.0)


def _work(kind: str, pooling: Pooling, stride: int, inputs: int = 4) -> ConnectionWork:
    conv = kind == "conv"
    return ConnectionWork(
        name=kind, source=0, target=1, role="hidden", kind=kind, analog=False, weight_bits=3,
        census=replace(_CENSUS, in_channels=inputs), inputs=144 if conv else inputs,
        ops=OpCounts(200.0, 400.0, (300.0, 300.0), 300.0), spikes_in=40.0,
        kernel=(3, 3) if conv else (1, 1), stride=(stride, stride), pooling=pooling,
        in_size=(6, 6) if conv else (1, 1), out_size=(6, 6) if conv else (1, 1),
    )  # fmt: skip
