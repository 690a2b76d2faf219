"""Reads an export of this project back from NIR: its metadata hold the integers, to which its floats must agree."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.graph.graph import INPUT, NetworkSpec
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.nir.file import RawGraph
from hwsearch.network.nir.units import SETTINGS, first_of, float_bias, float_weight, node_name, unit
from hwsearch.network.params import Params
from hwsearch.network.store import network_arrays, network_from

_TODO = (
    "export the network again, or remove the metadata 'hwsearch' to import its floats as another framework's"
)


def exported_network(graph: RawGraph) -> IntegerNetwork | None:
    """Return the network of integers that a graph is an export of; None where it is another framework's.

    Raises:
        InputError: The metadata are damaged, or the floats of a node are not those of its integers.
    """
    if SETTINGS not in graph.metadata:
        return None
    arrays = {
        name: np.asarray(value)
        for node in graph.nodes.values()
        for name, value in node.metadata.items()
        if name.rpartition(".")[2] in ("weight", "bias", "threshold")
    }
    try:
        network = network_from(json.loads(graph.metadata[SETTINGS]), arrays)
        faults = _wrong_shapes(network, graph) or _disagreeing(network, graph)
    except (
        RecordError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,
    ) as error:
        law = "the metadata 'hwsearch' must describe a whole network"
        got = str(error) if isinstance(error, RecordError) else repr(error)[:80]
        faults = [Fault("metadata hwsearch", law, got, _TODO, graph.path)]
    if faults:
        raise InputError(faults)
    return _in_32_bits(network)


def _in_32_bits(network: IntegerNetwork) -> IntegerNetwork:
    """Return a network with the integers of this project's width; a file holds the narrowest."""
    return replace(
        network,
        connections=tuple(replace(c, weight=c.weight.astype(np.int32)) for c in network.connections),
    )


def _wrong_shapes(network: IntegerNetwork, graph: RawGraph) -> list[Fault]:
    arrays = network_arrays(network)
    expected: dict[str, tuple[int, ...]] = {
        f"{c.shape.name}.weight": c.shape.weight_shape for c in network.connections
    }
    for p in network.populations:
        expected |= {
            f"{p.shape.name}.bias": (p.shape.channels,),
            f"{p.shape.name}.threshold": (p.shape.channels,),
        }
    faults = []
    for name, array in arrays.items():
        if array.shape != expected[name] or not np.issubdtype(array.dtype, np.integer):
            law = f"integers must be of the shape {list(expected[name])}"
            faults.append(
                Fault(f"metadata {name}", law, f"{array.dtype} {list(array.shape)}", _TODO, graph.path)
            )
    return faults


def _disagreeing(network: IntegerNetwork, graph: RawGraph) -> list[Fault]:
    """Return which nodes hold other floats than their integers say."""
    faults = []
    for place, connection in enumerate(network.connections):
        name = node_name(connection.shape.name, "weights")
        values: dict[str, Any] = dict(graph.nodes[name].values) if name in graph.nodes else {}
        pairs = {"weight": float_weight(network, place)}
        if first_of(network, place):
            pairs["bias"] = float_bias(network, connection.shape.target)
        for key, wanted in pairs.items():
            found = np.asarray(values.get(key, np.zeros(0)), np.float64)
            if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=1e-5, atol=0.0):
                law, got = f"{key} must be what the integers in the metadata say", "other numbers, or none"
                faults.append(Fault(f"node {name!r}", law, got, _TODO, graph.path))
    return faults


def as_floats(network: IntegerNetwork, *, quantise_first: bool) -> tuple[NetworkSpec, Params]:
    """Return a network of integers as one of floats, each threshold 1 (its unit: `nir.units`).

    Args:
        network: The integers.
        quantise_first: See ``NetworkSpec``.
    """
    populations = tuple(
        replace(p.shape, norm=False, law=None if p.shape.law is None else replace(p.shape.law, threshold=1.0))
        for p in network.populations
    )
    connections = tuple(c.shape for c in network.connections)
    spec = NetworkSpec(
        populations, connections, network.input, populations[-1].channels, network.readout, quantise_first
    )
    units = [unit(p) for p in network.populations]
    weights = []
    for c in network.connections:
        count = network.input.max if c.shape.source == INPUT else 1  # what one is in floats, in integers
        scale = 2.0**c.fraction_bits * count * c.shape.pooling.divisor / units[c.shape.target]
        weights.append((c.weight * scale.reshape(-1, *[1] * (c.weight.ndim - 1))).astype(np.float32))
    biases = tuple((p.bias / u).astype(np.float32) for p, u in zip(network.populations, units, strict=True))
    return spec, Params(tuple(weights), biases, (None,) * len(biases))
