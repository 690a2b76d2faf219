"""What of a network's place in memory firmware knows: one network may follow another there if it is the same.

Of each connection the storage format, its bytes and, to the bit, its index (bitmap, pointers, indices); where the
network can be said in C also the types of biases and thresholds, and each array of the state. Values of weights,
biases, thresholds and shifts may differ: they are what an update brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwsearch.compress.packing import pack
from hwsearch.errors import InputError
from hwsearch.export.c.model import c_model
from hwsearch.network.integers import IntegerNetwork


@dataclass(frozen=True)
class MemoryMap:
    """A network's place in memory.

    Attributes:
        weights: Of each connection its name, storage format, bits of a weight, bytes in all, and its index.
        params: Types of each population's biases and thresholds in C; none where C cannot say the network.
        state: Name, type and length of each array of the state in C; likewise.
        timesteps, state_bits, accumulator_bits: As in the network.
    """

    weights: tuple[tuple[str, str, int, int, bytes], ...]
    params: tuple[str, ...]
    state: tuple[tuple[str, str, int], ...]
    timesteps: int
    state_bits: int
    accumulator_bits: int


def memory_map(network: IntegerNetwork, formats: Sequence[str], pointer_bits: int) -> MemoryMap:
    """Return a network's place in memory.

    Args:
        network: The integers.
        formats: Storage format of each connection's weights.
        pointer_bits: Bits of a row pointer.
    """
    weights = []
    for c, bits, name in zip(network.connections, network.weight_bits, formats, strict=True):
        packed = pack(c.weight, bits, name, pointer_bits, c.shape.groups)
        index = packed.data[: len(packed.data) - packed.streams[-1].n_bytes]
        weights.append((c.shape.name, name, bits, len(packed.data), index.tobytes()))
    params: tuple[str, ...] = ()
    state: tuple[tuple[str, str, int], ...] = ()
    try:
        program = c_model(network, formats, pointer_bits).program
    except InputError:
        pass  # C cannot say it: there is no library to keep
    else:
        params = program.params
        state = tuple((member.name, member.kind, member.count) for member in program.members)
    return MemoryMap(
        tuple(weights), params, state, network.timesteps, network.state_bits, network.accumulator_bits
    )


def moved(before: MemoryMap, after: MemoryMap) -> str:
    """Say what of a network cannot stay where another one was; empty: all of it can."""
    for old, new in zip(before.weights, after.weights, strict=True):
        if old != new:
            return f"the weights of {old[0]} would be stored otherwise"
    if before.params and before.params != after.params:
        return "biases or thresholds would take other types in C"
    if before.state and before.state != after.state:
        return "the state would take other arrays in C"
    widths = ("timesteps", "state_bits", "accumulator_bits")
    return next((f"{name} differ" for name in widths if getattr(before, name) != getattr(after, name)), "")
