"""A network of integers as C sees it, or why C cannot say it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hwsearch.errors import Fault, InputError
from hwsearch.export.c.bounds import bound_faults
from hwsearch.export.c.names import Names, names_of
from hwsearch.export.c.parts import Program
from hwsearch.export.c.program import program
from hwsearch.export.c.stored import Stored, storage_faults, stored
from hwsearch.export.c.types import SIZES
from hwsearch.network.integers import IntegerNetwork

_MOST_SIDE = 65_535  # descriptors count in 16 bits


@dataclass(frozen=True)
class CModel:
    """A network as C.

    Attributes:
        network: The integers.
        weights: Of each connection.
        names: Identifiers.
        program: What a timestep does.
    """

    network: IntegerNetwork
    weights: tuple[Stored, ...]
    names: Names
    program: Program

    @property
    def weight_bytes(self) -> int:
        """Bytes of all stored weights."""
        return sum(len(weights.data) for weights in self.weights)

    @property
    def param_bytes(self) -> int:
        """Bytes of biases and thresholds."""
        return sum(
            SIZES[kind] * (len(p.bias) + (0 if p.threshold is None else len(p.threshold)))
            for kind, p in zip(self.program.params, self.network.populations, strict=True)
        )


def c_model(
    network: IntegerNetwork, formats: Sequence[str], pointer_bits: int, prefix: str = "snn"
) -> CModel:
    """Return a network as C.

    Args:
        network: The integers.
        formats: Storage format of each connection's weights.
        pointer_bits: Bits of a row pointer.
        prefix: Of all names that others see.

    Raises:
        InputError: Something of it cannot be said with the kernels; all that cannot.
    """
    zipped = zip(network.connections, network.weight_bits, formats, strict=True)
    weights = tuple(stored(c, bits, name, pointer_bits) for c, bits, name in zipped)
    faults = bound_faults(network) + _size_faults(network)
    for c, each in zip(network.connections, weights, strict=True):
        faults += storage_faults(each, c.shape.name, pointer_bits)
    if faults:
        raise InputError(faults)
    names = names_of(network, prefix)
    return CModel(network, weights, names, program(network, weights, names))


def _size_faults(network: IntegerNetwork) -> list[Fault]:
    law, faults = f"no side, and no number of channels or inputs, may exceed {_MOST_SIDE:,}", []
    for c in network.connections:
        most = max(*c.weight.shape, c.shape.area, math.prod(c.shape.out_size), *network.input.shape)
        if most > _MOST_SIDE:
            faults.append(Fault(f"--format c: {c.shape.name}", law, f"{most:,}", "export a smaller network"))
    if network.input.max >= 2**31:
        law = "inputs must be below 2**31"
        faults.append(Fault("--format c: input", law, f"{network.input.max:,}", "scale the inputs"))
    return faults
