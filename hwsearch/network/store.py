"""Integer networks and float parameters on disk: safetensors files, read without pickle.

Not for exports: those pack the weights as the device stores them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from hwsearch.errors import RecordError
from hwsearch.graph.graph import Connection, Input, Pooling, Population, Readout, Size
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.chain_settings import graph_settings
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation
from hwsearch.network.params import Params
from hwsearch.network.stored_laws import network_fault
from hwsearch.whole_files import whole_file


def save_tensors(path: Path, tensors: dict[str, np.ndarray], values: dict[str, object]) -> None:
    """Write tensors and JSON values in one step (a reader sees the whole file or none)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    with whole_file(path) as unfinished:
        # not save_file, whose files nobody but their owner may read
        unfinished.write_bytes(
            _ordered(save(contiguous, {n: json.dumps(value) for n, value in values.items()}))
        )


def _ordered(data: bytes) -> bytes:
    """Return a safetensors file whose metadata stand by name: the library writes them in another order each time."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    if "__metadata__" in header:
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + data[end:]


def load_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Read what ``save_tensors`` wrote.

    Raises:
        RecordError: The file is missing or damaged.
    """
    if path.exists() and not path.is_file():  # a FIFO would never end
        raise RecordError(f"{path}: a whole safetensors file is needed; got: no regular file")
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 no dict
            values = {name: json.loads(value) for name, value in (file.metadata() or {}).items()}
    # damage shows as what it happens to hit: a type that NumPy has not, a number of too many digits, JSON too deep
    except (OSError, SafetensorError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"{path}: a whole safetensors file is needed; got: {error}") from None
    return tensors, values


def network_settings(network: IntegerNetwork) -> dict[str, object]:
    """Return all of a network but its arrays, as plain JSON values."""
    return {
        "populations": [population_settings(p.shape) for p in network.populations],
        "connections": [
            connection_settings(c.shape) | {"fraction_bits": c.fraction_bits} for c in network.connections
        ],
        "weight_bits": list(network.weight_bits),
        "timesteps": network.timesteps,
        "input": input_settings(network.input),
        "readout": dataclasses.asdict(network.readout),
        "state_bits": network.state_bits,
        "accumulator_bits": network.accumulator_bits,
    }


def input_settings(data: Input) -> dict[str, Any]:
    """Return what a network reads as plain JSON values."""
    return dataclasses.asdict(data) | {"shape": list(data.shape)}


def population_settings(shape: Population) -> dict[str, Any]:
    """Return a population as plain JSON values."""
    return dataclasses.asdict(shape) | {"size": list(shape.size)}


def connection_settings(shape: Connection) -> dict[str, Any]:
    """Return a connection as plain JSON values."""
    values = dataclasses.asdict(shape)
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return plain | {"pooling": {"window": list(shape.pooling.window), "kind": shape.pooling.kind}}


def network_from(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> IntegerNetwork:
    """Return the network of ``network_settings`` and arrays by name: ``network_arrays``.

    Raises:
        RecordError: They describe no network (`stored_laws`).
    """
    try:
        if "layers" in settings:
            names = (layer["name"] for layer in settings["layers"])
            settings = graph_settings(settings, {name: arrays[f"{name}.weight"].shape for name in names})
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, ZeroDivisionError) as error:
        raise RecordError(f"settings must describe a chain of layers; got: {error!r}") from None
    if fault := network_fault(settings, arrays):
        raise RecordError(fault)
    populations = tuple(
        IntegerPopulation(_population(each), arrays[f"{name}.bias"], arrays.get(f"{name}.threshold"))
        for each in settings["populations"]
        for name in [each["name"]]
    )
    connections = []
    for each in settings["connections"]:
        shape = {name: value for name, value in each.items() if name != "fraction_bits"}
        weight = arrays[f"{each['name']}.weight"]
        connections.append(IntegerConnection(_connection(shape), weight, each["fraction_bits"]))
    return IntegerNetwork(
        populations=populations,
        connections=tuple(connections),
        weight_bits=tuple(settings["weight_bits"]),
        timesteps=settings["timesteps"],
        input=Input(**_tuples(settings["input"])),
        readout=Readout(**settings["readout"]),
        state_bits=settings["state_bits"],
        accumulator_bits=settings["accumulator_bits"],
    )


def _population(settings: Mapping[str, Any]) -> Population:
    law = settings["law"]
    return Population(**_tuples(settings) | {"law": None if law is None else NeuronLaw(**law)})


def _connection(settings: Mapping[str, Any]) -> Connection:
    pooling = settings["pooling"]
    return Connection(**_tuples(settings) | {"pooling": Pooling(_size(pooling["window"]), pooling["kind"])})


def _tuples(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with tuples in the place of JSON's lists."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}


def _size(values: Sequence[int]) -> Size:
    height, width = values
    return height, width


def network_arrays(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return a network's arrays: ``<connection>.weight``, ``<population>.bias`` and ``<population>.threshold``."""
    arrays = {f"{c.shape.name}.weight": c.weight for c in network.connections}
    for population in network.populations:
        arrays[f"{population.shape.name}.bias"] = population.bias
        if population.threshold is not None:
            arrays[f"{population.shape.name}.threshold"] = population.threshold
    return arrays


def network_digest(network: IntegerNetwork) -> str:
    """Return 16 hex digits over all of a network: two of one digest compute the same, bit for bit."""
    return digest_of(network_settings(network), network_arrays(network))


def digest_of(settings: Mapping[str, object], arrays: Mapping[str, np.ndarray]) -> str:
    """Return the digest of a network by its settings, as they were written, and its arrays."""
    content = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        content.update(f"{name}{array.shape}".encode())
        content.update(np.ascontiguousarray(array, np.int64).tobytes())
    return content.hexdigest()[:16]


def save_params(path: Path, params: Params) -> None:
    """Write float parameters, by place: ``<connection>.weight``, ``<population>.bias`` and ``<population>.norm``."""
    save_tensors(path, params_arrays(params), {})


def params_arrays(params: Params) -> dict[str, np.ndarray]:
    """Return float parameters by name: ``<connection>.weight``, ``<population>.bias`` and ``<population>.norm``."""
    arrays = {f"{i}.weight": weight for i, weight in enumerate(params.weights)}
    arrays |= {f"{p}.bias": bias for p, bias in enumerate(params.biases)}
    return arrays | {f"{p}.norm": norm for p, norm in enumerate(params.norms) if norm is not None}


def load_params(path: Path) -> Params:
    """Read what ``save_params`` wrote.

    Raises:
        RecordError: The file is missing or damaged.
    """
    return params_from(load_tensors(path)[0])


def params_from(arrays: Mapping[str, np.ndarray]) -> Params:
    """Return the parameters of ``params_arrays``."""
    n_connections, n_populations = (
        sum(name.endswith(end) for name in arrays) for end in (".weight", ".bias")
    )
    return Params(
        tuple(arrays[f"{i}.weight"] for i in range(n_connections)),
        tuple(arrays[f"{p}.bias"] for p in range(n_populations)),
        tuple(arrays.get(f"{p}.norm") for p in range(n_populations)),
    )
