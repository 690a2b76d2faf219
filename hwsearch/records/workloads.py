"""Workloads that were kept as plain values, as they are written now or were while a network was a chain of layers."""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter

from hwsearch.hardware.workload import Workload


def workload_from(values: object) -> Workload:
    """Return the Workload that ``dataclasses.asdict`` and JSON turned into ``values``.

    Raises:
        ValueError: It is none.
    """
    return _schema().validate_python(values)


def of_now(values: object) -> object:
    """Return a workload's values by connection and population; those by layer are of a chain, and become such.

    Then neither neurons nor the kind of pooling was written, since no cost depends on them: the one is left open, the
    other taken for an OR.
    """
    if not isinstance(values, dict) or "layers" not in values:
        return values
    connections, populations = [], []
    window = 1  # pooling stood behind the layer that it pooled
    for place, layer in enumerate(values["layers"]):
        connections.append(_connection(layer, place, window))
        populations.append(_population(layer))
        window = layer.get("pool", 1)
    plain = {name: value for name, value in values.items() if name != "layers"}
    inputs = connections[0]["inputs"] if connections else 0
    return plain | {"connections": connections, "populations": populations, "inputs": inputs}


StoredWorkload = Annotated[Workload, BeforeValidator(of_now)]
"""A field of a record that is read: see `of_now`."""


def _connection(layer: dict[str, Any], place: int, window: int) -> dict[str, Any]:
    """Return the weights of a layer that reads what is pooled by a window."""
    filters, side = layer["kind"] == "conv", math.isqrt(layer["census"]["kernel_area"])
    same = ("name", "role", "kind", "analog", "weight_bits", "census", "inputs", "ops", "spikes_in")
    out_size = layer.get("out_size", [1, 1])
    return {name: layer[name] for name in same} | {
        "source": place - 1,
        "target": place,
        "kernel": [side, side],
        "pooling": {"window": [window, window], "kind": "max"},
        # filters kept the size of the map that they read
        "in_size": out_size if filters else [1, 1],
        "out_size": out_size,
        "fan_columns": layer.get("fan_columns", 1),
    }


def _population(layer: dict[str, Any]) -> dict[str, Any]:
    """Return the neurons of a layer."""
    return {
        "name": layer["name"],
        "role": "readout" if layer["role"] == "readout" else "hidden",
        "channels": layer["census"]["out_channels"],
        "size": layer.get("out_size", [1, 1]),
        "neurons": layer["neurons"],
        "spikes_out": layer["spikes_out"],
        "model": None,
        "reset": None,
        "flat": layer["kind"] == "fc",
    }


@cache
def _schema() -> TypeAdapter[Workload]:
    return TypeAdapter(StoredWorkload)
