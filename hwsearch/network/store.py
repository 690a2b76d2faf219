"""Integer networks and float parameters on disk: safetensors files, read without pickle.

Not for exports: those pack the weights as the device stores them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from hwsearch.errors import RecordError
from hwsearch.network.integers import IntegerLayer, IntegerNetwork
from hwsearch.network.stack import LayerParams, Params


def save_tensors(path: Path, tensors: dict[str, np.ndarray], values: dict[str, object]) -> None:
    """Write tensors and JSON values in one step (a reader sees the whole file or none)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")  # another process may write the same file
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    # not save_file, whose files nobody but their owner may read
    unfinished.write_bytes(save(contiguous, {name: json.dumps(value) for name, value in values.items()}))
    unfinished.replace(path)


def load_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Read what ``save_tensors`` wrote.

    Raises:
        RecordError: The file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 no dict
            values = {name: json.loads(value) for name, value in (file.metadata() or {}).items()}
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise RecordError(f"{path}: a whole safetensors file is needed; got: {error}") from None
    return tensors, values


def network_settings(network: IntegerNetwork) -> dict[str, object]:
    """Return all of a network but its arrays, as plain JSON values."""
    settings: dict[str, object] = {
        field.name: getattr(network, field.name)
        for field in dataclasses.fields(network)
        if field.name != "layers"
    }
    arrays = {"weight", "bias", "threshold"}
    settings["layers"] = [
        {
            field.name: getattr(layer, field.name)
            for field in dataclasses.fields(layer)
            if field.name not in arrays
        }
        for layer in network.layers
    ]
    return settings


def network_from(settings: dict[str, object], arrays: dict[str, np.ndarray]) -> IntegerNetwork:
    """Return the network of ``network_settings`` and arrays named ``<layer>.weight``, ``.bias``, ``.threshold``."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
    layers = []
    for layer in values.pop("layers"):
        name = layer["name"]
        plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in layer.items()}
        layers.append(
            IntegerLayer(
                weight=arrays[f"{name}.weight"],
                bias=arrays[f"{name}.bias"],
                threshold=arrays.get(f"{name}.threshold"),
                **plain,
            )
        )
    return IntegerNetwork(layers=tuple(layers), **values)


def network_arrays(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return a network's arrays by name."""
    arrays = {}
    for layer in network.layers:
        arrays[f"{layer.name}.weight"] = layer.weight
        arrays[f"{layer.name}.bias"] = layer.bias
        if layer.threshold is not None:
            arrays[f"{layer.name}.threshold"] = layer.threshold
    return arrays


def network_digest(network: IntegerNetwork) -> str:
    """Return 16 hex digits over all of a network: two of one digest compute the same, bit for bit."""
    content = hashlib.sha256(json.dumps(network_settings(network), sort_keys=True).encode())
    for name, array in sorted(network_arrays(network).items()):
        content.update(f"{name}{array.shape}".encode())
        content.update(np.ascontiguousarray(array, np.int64).tobytes())
    return content.hexdigest()[:16]


def save_params(path: Path, params: Params) -> None:
    """Write float parameters, by name: ``<layer>.weight``, ``.bias``, ``.norm``."""
    arrays = {}
    for index, layer in enumerate(params):
        arrays[f"{index}.weight"], arrays[f"{index}.bias"] = layer.weight, layer.bias
        if layer.norm is not None:
            arrays[f"{index}.norm"] = layer.norm
    save_tensors(path, arrays, {})


def load_params(path: Path) -> Params:
    """Read what ``save_params`` wrote.

    Raises:
        RecordError: The file is missing or damaged.
    """
    arrays, _ = load_tensors(path)
    n_layers = sum(name.endswith(".weight") for name in arrays)
    return tuple(
        LayerParams(arrays[f"{i}.weight"], arrays[f"{i}.bias"], arrays.get(f"{i}.norm"))
        for i in range(n_layers)
    )
