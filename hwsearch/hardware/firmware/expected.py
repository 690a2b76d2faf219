"""The library that a network will be exported as, told from its workload: before anything is trained or compiled.

What a workload does not say is taken as in ordinary networks: sums need no clipping, a readout's sums are scaled, and
arithmetic has 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hwsearch.graph.graph import INPUT
from hwsearch.hardware.firmware.events import listed
from hwsearch.hardware.firmware.program import (
    Library,
    LibraryConnection,
    LibraryPopulation,
    PlainLoop,
)
from hwsearch.hardware.storage import streams
from hwsearch.hardware.workload import ConnectionWork, PopulationWork, Workload


def expected_library(
    workload: Workload, formats: Sequence[str], state_bits: int, pointer_bits: int
) -> Library:
    """Return a network's library.

    Args:
        workload: Its events, predicted or counted.
        formats: Storage format of each connection.
        state_bits: Width of a membrane.
        pointer_bits: Width of a row pointer.
    """
    connections = tuple(
        expected_connection(c, name, workload, pointer_bits)
        for c, name in zip(workload.connections, formats, strict=True)
    )
    populations = tuple(
        _population(p, workload, place, state_bits) for place, p in enumerate(workload.populations)
    )
    loops = tuple(_loops(workload))
    delayed = sum(_delayed(workload, place) for place in range(len(workload.populations)))
    return Library(
        timesteps=workload.timesteps,
        connections=connections,
        populations=populations,
        loops=loops,
        statements=len(connections) + len(populations) + len(loops),
        scales=sum(p.sum for p in populations),
        arrays=1 + 2 * len(populations) + sum(p.constant for p in populations) + delayed,
    )


def expected_connection(
    c: ConnectionWork, format_name: str, workload: Workload, pointer_bits: int
) -> LibraryConnection:
    """Return a connection's part of a library, stored in a format that holds it."""
    kind, _, length = format_name.partition(":")
    layout = streams(format_name, c.census, c.weight_bits, pointer_bits) or ()
    plain = kind == "dense" and c.kind == "fc" and layout[0].bits == 8
    calls = 1 if _kept(c, workload) else _calls(workload, c.target)
    return LibraryConnection(
        work=c,
        kernel="bytes" if plain else kind,
        streams=layout,
        unit=int(length or 1),
        scan=_scan(c, workload),
        calls=calls,
        events=listed(c, workload, calls),
        paired=_paired(c, workload, layout[0].bits) if kind == "dense" else False,
    )


def _paired(c: ConnectionWork, workload: Workload, bits: int) -> bool:
    """Return whether it reads small values through rows of whole bytes (`hwsearch.export.c.program`)."""
    reads = c.kind == "fc" and _scan(c, workload) in ("u8", "u16") and c.pooling.area == 1
    return reads and bits in (2, 4, 8) and c.inputs * bits % 8 == 0 and workload.input_bits <= 10


def _scan(c: ConnectionWork, workload: Workload) -> str:
    if c.source != INPUT or not c.analog:
        return "bits"
    return next((f"u{bits}" for bits in (8, 16) if workload.input_bits <= bits), "u32")


def _kept(c: ConnectionWork, workload: Workload) -> bool:
    """Return whether it carries a still image, whose current is computed once."""
    return c.analog and workload.still


def _calls(workload: Workload, place: int) -> int:
    """Return the timesteps in which a population is computed."""
    readout = place == len(workload.populations) - 1
    return workload.timesteps - (workload.readout.first(workload.timesteps) if readout else 0)


def _population(p: PopulationWork, workload: Workload, place: int, state_bits: int) -> LibraryPopulation:
    incoming = workload.entering(place)
    return LibraryPopulation(
        channels=p.channels,
        neurons=p.neurons,
        spikes=p.spikes_out,
        calls=_calls(workload, place),
        readout=not p.spikes,
        state=next((f"i{bits}" for bits in (8, 16) if p.spikes and state_bits <= bits), "i32"),
        sum=not all(_kept(c, workload) for c in incoming),
        constant=any(_kept(c, workload) for c in incoming),
    )


def _loops(workload: Workload) -> Iterator[PlainLoop]:
    """Yield what clears sums (once for a still image's, else in each timestep) and keeps what a delay reads."""
    for place, p in enumerate(workload.populations):
        kept = [_kept(c, workload) for c in workload.entering(place)]
        if any(kept):
            yield PlainLoop("clear", p.neurons, 1)
        if not all(kept):
            yield PlainLoop("clear", p.neurons, _calls(workload, place))
        if _delayed(workload, place):
            yield PlainLoop("copy", -(-p.neurons // 8), workload.timesteps)


def _delayed(workload: Workload, place: int) -> bool:
    return any(c.delay for c in workload.reading(place))
