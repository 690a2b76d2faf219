"""The ``weights`` export: one safetensors file of integers, packed as the device stores them.

For each connection: ``<name>.packed`` (uint8: the bytes that the price counted), ``<name>.weight`` (the same integers
in the clear, [out, in] or [out, in / groups, kh, kw]) and ``<name>.mask`` (where they are not zero); for each
population ``<name>.bias`` and ``<name>.threshold``. Populations and connections, with their shifts, the formats, and
which model it is are JSON in the file's metadata. Read without pickle.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.compress.packing import Packed, pack, unpack
from hwsearch.errors import RecordError
from hwsearch.hardware.storage import Stream
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.store import (
    digest_of,
    load_tensors,
    network_arrays,
    network_from,
    network_settings,
    save_tensors,
)

FILE = "weights.safetensors"


def write_weights(
    path: Path,
    network: IntegerNetwork,
    formats: Sequence[str],
    pointer_bits: int,
    identity: Mapping[str, Any] | None = None,
) -> int:
    """Write the file; return the bytes of the packed weights.

    Args:
        path: The file.
        network: The integers.
        formats: Storage format of each connection's weights, as priced.
        pointer_bits: Bits of a row pointer on the device.
        identity: Which model it is, as plain values.
    """
    arrays: dict[str, np.ndarray] = {}
    layouts = {}
    for connection, bits, name in zip(network.connections, network.weight_bits, formats, strict=True):
        weight, groups = connection.weight, connection.shape.groups
        packed = pack(weight, bits, name, pointer_bits, groups)
        arrays[f"{connection.shape.name}.packed"] = packed.data
        arrays[f"{connection.shape.name}.weight"] = weight.astype(np.int8 if bits <= 8 else np.int16)
        arrays[f"{connection.shape.name}.mask"] = weight != 0
        fields = {f.name: getattr(packed, f.name) for f in dataclasses.fields(packed) if f.name != "data"}
        streams = [dataclasses.asdict(stream) for stream in packed.streams]
        layouts[connection.shape.name] = fields | {"streams": streams}
    for population in network.populations:
        arrays[f"{population.shape.name}.bias"] = population.bias.astype(np.int32)
        if population.threshold is not None:
            arrays[f"{population.shape.name}.threshold"] = population.threshold.astype(np.int32)
    facts = {"network": network_settings(network), "packing": layouts, "identity": dict(identity or {})}
    save_tensors(path, arrays, facts)
    return packed_bytes(arrays)


def read_weights(path: Path) -> tuple[IntegerNetwork, dict[str, np.ndarray]]:
    """Return the network, its weights unpacked from the packed bytes, and all arrays of the file.

    Raises:
        RecordError: The file is missing or damaged.
    """
    arrays, values = load_tensors(path)
    try:
        settings: Any = values["network"]
        layouts: Any = values["packing"]
        unpacked = dict(arrays)
        for name, layout in layouts.items():
            unpacked[f"{name}.weight"] = unpack(_packed(arrays[f"{name}.packed"], layout))
        network = network_from(settings, unpacked)
        if layouts.keys() != {connection.shape.name for connection in network.connections}:
            raise ValueError("packing must tell of each connection, and of no other")
        return network, arrays
    except RecordError as error:
        raise RecordError(f"{path}: the file must describe a whole network; got: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise RecordError(f"{path}: the file must describe a whole network; got: {error!r}") from None


def weights_digest(path: Path) -> str:
    """Return the digest of the network that a file holds, unpacked from the packed bytes, as it was written.

    Raises:
        RecordError: The file is missing or damaged.
    """
    network, _ = read_weights(path)
    settings: Any = weights_facts(path)["network"]
    return digest_of(settings, network_arrays(network))


def weights_facts(path: Path) -> dict[str, object]:
    """Return what the file says beside its arrays: ``network``, ``packing``, ``identity``.

    Raises:
        RecordError: The file is missing or damaged.
    """
    return load_tensors(path)[1]


def packing_of(path: Path) -> tuple[tuple[str, ...], int]:
    """Return the storage format of each connection, and the bits of a row pointer (of the narrowest, or 16).

    Raises:
        RecordError: The file is missing or damaged.
    """
    facts: Any = weights_facts(path)
    try:
        layouts = [facts["packing"][each["name"]] for each in facts["network"]["connections"]]
        pointers = [s["bits"] for layout in layouts for s in layout["streams"] if s["name"] == "pointers"]
        return tuple(layout["format"] for layout in layouts), min(pointers, default=16)
    except (KeyError, TypeError) as error:
        raise RecordError(f"{path}: the file must say how weights are packed; got: {error!r}") from None


def packed_bytes(arrays: Mapping[str, np.ndarray]) -> int:
    """Return the bytes of all packed weights."""
    return sum(array.nbytes for name, array in arrays.items() if name.endswith(".packed"))


def _packed(data: np.ndarray, layout: Mapping[str, Any]) -> Packed:
    """Return packed weights as a file says them.

    Raises:
        TypeError: A value is of another type.
        ValueError: A field is wider than a weight's place can be.
    """
    fields = dict(layout)
    fields["streams"] = tuple(Stream(**stream) for stream in fields["streams"])
    fields["shape"] = tuple(fields["shape"])
    numbers = [fields[name] for name in ("weight_bits", "slots", "groups") if name in fields]
    numbers += [*fields["shape"], *(n for stream in fields["streams"] for n in (stream.count, stream.bits))]
    if not all(type(number) is int and 0 <= number < 2**32 for number in numbers):
        raise ValueError("counts, widths and shapes of packed weights must be whole numbers below 2**32")
    return Packed(data=data, **fields)
