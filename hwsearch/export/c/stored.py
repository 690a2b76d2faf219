"""Weights as a C kernel reads them: which kernel, and its descriptor over the packed bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwsearch.compress.packing import Packed, pack
from hwsearch.errors import Fault
from hwsearch.network.integers import IntegerConnection

_POINTER_BYTES = {16: 2, 32: 4}
_MOST_PLACE_BITS, _MOST_VALUE_BITS = 24, 16  # what the kernels' reader of bits holds, and what a tap does


@dataclass(frozen=True, eq=False)
class Stored:
    """One connection's weights.

    Attributes:
        kernel: Name of the kernel's format: ``bytes`` (dense weights of 8 bits into a matrix), ``dense``, ``bitmap``,
            ``csr``, ``delta``, ``nm``, ``block`` or ``kernel``.
        format: The storage format.
        data: The packed bytes: all of the connection's weights and their index.
        starts: Where each stream starts in them, by its name.
        fields: Members of ``snnk_weights`` that are numbers.
    """

    kernel: str
    format: str
    data: npt.NDArray[np.uint8]
    starts: Mapping[str, int]
    fields: Mapping[str, int]


def stored(connection: IntegerConnection, weight_bits: int, format_name: str, pointer_bits: int) -> Stored:
    """Return a connection's weights as they are packed, with what a kernel must know of them."""
    shape = connection.shape
    packed = pack(connection.weight, weight_bits, format_name, pointer_bits, shape.groups)
    kind, _, length = format_name.partition(":")
    ends = np.cumsum([stream.n_bytes for stream in packed.streams]).tolist()
    starts = dict(zip([stream.name for stream in packed.streams], [0, *ends], strict=False))
    plain = kind == "dense" and shape.kind == "fc" and _bits_of(packed, "values") == 8
    return Stored(
        "bytes" if plain else kind, format_name, packed.data, starts, _fields(packed, int(length or 0))
    )


def _fields(packed: Packed, unit: int) -> dict[str, int]:
    value_bits = _bits_of(packed, "values")
    sign = value_bits == 1
    return {
        "sign": 0 if sign else 1 << (value_bits - 1),
        "offset": 1 if sign else 1 << (value_bits - 1),
        "outputs": packed.shape[0],
        "inputs": packed.shape[1],
        "value_bits": value_bits,
        # of a block or group: its length is 2**place_bits; a bit of a bitmap stands for a weight
        "place_bits": _bits_of(packed, "indices") or max(unit - 1, 0).bit_length(),
        "pointer_bytes": _POINTER_BYTES.get(_bits_of(packed, "pointers"), 0),
        "twice": int(sign),
        "unit": max(unit, 1),
        "slots": packed.slots,
    }


def _bits_of(packed: Packed, name: str) -> int:
    return next((stream.bits for stream in packed.streams if stream.name == name), 0)


def storage_faults(weights: Stored, name: str, pointer_bits: int) -> list[Fault]:
    """Return what of a connection's format the kernels do not read."""
    place, faults = f"--format c: {name}", []
    fields = weights.fields
    if "pointers" in weights.starts and not fields["pointer_bytes"]:
        law = "row pointers must have 16 or 32 bits"
        faults.append(Fault(place, law, f"{pointer_bits}", "export for a device with such pointers"))
    if fields["place_bits"] > _MOST_PLACE_BITS:
        law = f"an index may have {_MOST_PLACE_BITS} bits at most"
        faults.append(Fault(place, law, str(fields["place_bits"]), "export a smaller network"))
    if fields["value_bits"] > _MOST_VALUE_BITS:
        law = f"a weight may have {_MOST_VALUE_BITS} bits at most"
        faults.append(Fault(place, law, str(fields["value_bits"]), "export a coarser network"))
    return faults
