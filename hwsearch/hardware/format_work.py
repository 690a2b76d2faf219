"""What a storage format costs a microcontroller in instructions: how often the loops of its kernel turn.

Made for comparing formats of one connection with each other: what they have in common (finding events, updating
neurons) is left out. Instructions are not cycles.

Used where a profile has no constants of its core. Source: the loops of `hwsearch.export.c` as compiled for a Cortex-M4,
their instructions read off and rounded, not fitted; ``python -m benchmarks.firmware_storage`` says how often the
fastest format is found.
"""

from __future__ import annotations

import math

from hwsearch.hardware.arrivals import LIST_EVENTS
from hwsearch.hardware.storage import Stream, streams
from hwsearch.hardware.workload import ConnectionWork

_WORD = 32
_BYTE, _ALIGNED, _FIELD = 8.0, 12.0, 20.0  # a dense weight: of 8 bits; at the same bits of each row; anywhere
_ENTRY, _ROW = 38.0, 70.0  # of compressed rows: a weight; a row
_BITS, _MET = 20.0, 45.0  # 32 bits of a bitmap; a weight found in them
_GROUP, _SLOT = 18.0, 8.0  # of n:m
_PLANE, _SEEK, _DECODED, _BIT, _TAP, _PASSED = 25.0, 60.0, 16.0, 10.0, 20.0, 4.0  # of filters


def format_instructions(
    work: ConnectionWork, format_name: str, calls: int, pointer_bits: int = 16
) -> float | None:
    """Return the instructions that the kernel of a format takes in an inference; None: the format cannot hold it.

    Args:
        work: The connection.
        format_name: One of `storage.FORMATS`.
        calls: How often it is computed in an inference: once of a still image, else in every timestep.
        pointer_bits: Bits of a row pointer.
    """
    layout = streams(format_name, work.census, work.weight_bits, pointer_bits)
    if layout is None:
        return None
    stored = {stream.name: stream for stream in layout}
    kind, _, length = format_name.partition(":")
    counted = _matrix if work.kind == "fc" else _filters
    return counted(work, kind, int(length or 1), stored, _lists(work, calls))


def _lists(work: ConnectionWork, calls: int) -> float:
    """Return the lists of events that are not empty."""
    return min(work.spikes_in, calls) + work.spikes_in / LIST_EVENTS


def _matrix(work: ConnectionWork, kind: str, unit: int, stored: dict[str, Stream], lists: float) -> float:
    census, events, bits = work.census, work.spikes_in, stored["values"].bits
    outputs, met = census.out_channels, work.ops.nonzero
    match kind:
        case "dense":
            aligned = census.in_channels * bits % 8 == 0 and 8 % bits == 0
            return events * outputs * (_BYTE if bits == 8 else _ALIGNED if aligned else _FIELD)
        case "csr" | "delta":
            entries = stored["indices"].count / max(1, census.nonzero)
            return events * _ROW + met * entries * _ENTRY
        case "nm":
            in_row = -(-census.in_channels // unit)
            slots = stored["indices"].count / max(1, outputs * in_row)
            groups = min(events, lists * in_row)
            return outputs * groups * (_GROUP + slots * _SLOT) + met * _MET
        case _:
            words = math.ceil(math.ceil(census.in_channels / unit) / _WORD)
            found = met if kind == "bitmap" else events * stored["values"].count / max(1, census.in_channels)
            return lists * outputs * words * _BITS + found * _MET


def _filters(work: ConnectionWork, kind: str, unit: int, stored: dict[str, Stream], lists: float) -> float:
    census, events, area = work.census, work.spikes_in, work.census.kernel_area
    per_channel = census.out_channels / census.groups  # planes that an input channel meets
    channels = min(events, lists * census.input_rows)
    planes = channels * per_channel
    taps = census.nonzero / max(1, census.input_rows)
    added = work.ops.nonzero * _TAP + max(0.0, events * taps - work.ops.nonzero) * _PASSED
    match kind:
        case "dense":
            decoded = area * _DECODED
        case "csr" | "delta":
            entries = stored["indices"].count / max(1, census.input_rows)
            return added + channels * (_ROW + entries * _ENTRY) + planes * _PLANE
        case "nm":
            slots = stored["indices"].count * unit / max(1, census.size)
            decoded = _SEEK + (1 + area / unit) * (unit * _PASSED + slots * _ENTRY) + area * _BIT
        case "kernel":
            decoded = _SEEK + census.planes / max(1, census.size / area) * area * _DECODED
        case _:
            decoded = _SEEK + area * _BIT + area * stored["values"].count / max(1, census.size) * _DECODED
    return added + planes * (_PLANE + decoded)
