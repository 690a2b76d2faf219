"""Networks as they were written while each was a chain of layers, as settings of populations and connections.

Until format 2 of an export a network was a list of layers: square filters of stride 1 or fully connected weights, each
with its neurons and the pooling behind it, and one neuron law for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def graph_settings(chain: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Return a chain's settings as those of populations and connections (`store.network_settings`).

    Args:
        chain: The settings of then.
        shapes: Of the weights, by the name of their layer.
    """
    law = {"leak_shift": chain["leak_shift"], "threshold": 1.0, "reset": chain["reset"]}
    size: list[int] = chain["input_shape"][1:]
    window, populations, connections = 1, [], []
    for place, layer in enumerate(chain["layers"]):
        shape, convolutional = shapes[layer["name"]], layer["kind"] == "conv"
        readout, out_size = layer["name"] == "readout", list(layer["out_size"])
        in_size = [side // window for side in size] if convolutional else [1, 1]
        connections.append(
            {
                "name": layer["name"], "source": place - 1, "target": place, "kind": layer["kind"],
                "in_channels": shape[1], "out_channels": shape[0], "kernel": list(shape[2:]) or [1, 1],
                "stride": [1, 1], "groups": 1,
                "pooling": {"window": [window, window], "kind": chain["pool"]},
                "delay": 0, "in_size": in_size, "out_size": out_size,
                "fan_columns": layer["fan_columns"], "prunable": True, "readout": readout,
                "fraction_bits": layer["fraction_bits"],
            }
        )  # fmt: skip
        populations.append(
            {
                "name": layer["name"], "channels": shape[0], "size": out_size, "law": None if readout else law,
                "norm": False, "flat": not convolutional,
            }
        )  # fmt: skip
        size, window = out_size, layer["pool"]
    return {
        "populations": populations,
        "connections": connections,
        "weight_bits": chain["weight_bits"],
        "timesteps": chain["timesteps"],
        "input": {"shape": chain["input_shape"], "max": chain["input_max"], "bits": chain["input_bits"]},
        "readout": {},
        "state_bits": chain["state_bits"],
        "accumulator_bits": chain.get("accumulator_bits", 32),
    }
