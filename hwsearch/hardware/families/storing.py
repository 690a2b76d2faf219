"""Which format each connection of a network is stored in: the smallest, the fastest, or the fastest that has room.

The fastest is the one whose kernel takes the fewest instructions; of equals the smaller, then the
plainer. Where a connection may have either (``both``), all begin as the smallest, and those that save the most
instructions for a byte change first, as long as weights stay within the study's budgets, and within the memory that
holds them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import StoredLayer, store, store_as
from hwsearch.hardware.firmware.expected import expected_connection
from hwsearch.hardware.firmware.instructions import connection_instructions
from hwsearch.hardware.format_work import format_instructions
from hwsearch.hardware.storage import stored_bytes
from hwsearch.hardware.workload import ConnectionWork, Workload


def stored_layers(
    workload: Workload, profile: HardwareProfile, others: Mapping[str, int]
) -> tuple[StoredLayer, ...]:
    """Return each connection as the device keeps it.

    Args:
        workload: The network.
        profile: The device, with what its formats are chosen by.
        others: Bytes of all that is not weights: ``params``, ``state``, ``buffers``.
    """
    if profile.kept_formats:
        named = zip(workload.connections, profile.kept_formats, strict=True)
        return tuple(store_as(connection, name, profile) for connection, name in named)
    smallest = tuple(store(connection, profile) for connection in workload.connections)
    if profile.storage == "smallest":
        return smallest
    fastest = tuple(store_as(c, fastest_format(c, workload, profile), profile) for c in workload.connections)
    if profile.storage == "fastest":
        return fastest
    return _within(workload, profile, smallest, fastest, room_for_weights(profile, others))


def room_for_weights(profile: HardwareProfile, others: Mapping[str, int]) -> float:
    """Return the bytes that weights may have: what the tightest budget, or the memory that holds them, leaves."""
    bank = next(bank for bank in profile.banks if "weights" in bank.holds)
    beside = sum(n_bytes for what, n_bytes in others.items() if what in bank.holds)
    taken = {"memory_bytes": sum(others.values()), "weight_bytes": 0, f"{bank.name}_bytes": beside}
    rooms = [limit - taken[name] for name, limit in profile.storage_budgets if name in taken]
    rooms += [] if bank.free_bytes is None else [bank.free_bytes - beside]
    return min(rooms, default=math.inf)


def fastest_format(connection: ConnectionWork, workload: Workload, profile: HardwareProfile) -> str:
    """Return the format of a connection whose kernel takes the fewest instructions."""
    sizes = {
        name: n_bytes
        for name in profile.formats
        if (n_bytes := stored_bytes(name, connection.census, connection.weight_bits, profile.pointer_bits))
        is not None
    }
    taken = instructions_in(connection, list(sizes), workload, profile)
    return min(zip(taken, sizes.values(), range(len(sizes)), sizes, strict=True))[3]


def instructions_in(
    connection: ConnectionWork, formats: Sequence[str], workload: Workload, profile: HardwareProfile
) -> list[float]:
    """Return the instructions of a connection in an inference, in each of formats that hold it.

    By the constants of the profile's core, those of finding events included; where it has none for one of the formats,
    by the counts of `format_work` for all.
    """
    core = None if profile.firmware is None else profile.firmware.core
    if core is not None:
        made = [expected_connection(connection, name, workload, profile.pointer_bits) for name in formats]
        known = [connection_instructions(each.on(core.name), core.instructions) for each in made]
        if None not in known:
            return [taken for taken in known if taken is not None]
    calls = calls_of(connection, workload)
    counted = [format_instructions(connection, name, calls, profile.pointer_bits) for name in formats]
    return [taken for taken in counted if taken is not None]


def calls_of(connection: ConnectionWork, workload: Workload) -> int:
    """Return how often a connection is computed in an inference: once of a still image, else in every timestep."""
    return 1 if connection.analog and workload.still else workload.timesteps


def storage_words(
    workload: Workload, profile: HardwareProfile, stored: Sequence[StoredLayer]
) -> tuple[str, ...]:
    """Return in words what formats cost that are not the smallest, a sentence a connection."""
    said = []
    for layer in stored if profile.storage != "smallest" else ():
        small = store(layer.work, profile)
        if small.format == layer.format:
            continue
        taken = instructions_in(layer.work, [layer.format, small.format], workload, profile)
        said.append(
            f"{layer.work.name} is stored as {layer.format}, {layer.n_bytes:,} bytes and about {taken[0]:,.0f} "
            f"instructions an inference; {small.format}, its smallest format, would take {small.n_bytes:,} bytes and "
            f"about {taken[1]:,.0f} instructions"
        )
    return tuple(said)


def _within(
    workload: Workload,
    profile: HardwareProfile,
    smallest: Sequence[StoredLayer],
    fastest: Sequence[StoredLayer],
    room: float,
) -> tuple[StoredLayer, ...]:
    """Return the smallest formats, of which those become the fastest that save most for a byte and find room."""
    chosen, total = list(smallest), sum(layer.n_bytes for layer in smallest)
    worth = []
    for place, (small, fast) in enumerate(zip(smallest, fastest, strict=True)):
        slow, quick = instructions_in(small.work, [small.format, fast.format], workload, profile)
        more = fast.n_bytes - small.n_bytes
        if quick < slow:
            worth.append(((slow - quick) / more if more else math.inf, -place))
    for _, place in sorted(worth, reverse=True):
        more = fastest[-place].n_bytes - smallest[-place].n_bytes
        if total + more <= room:
            chosen[-place] = fastest[-place]
            total += more
    return tuple(chosen)
