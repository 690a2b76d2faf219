"""An integer network as spikingjelly modules, for tools that expect torch (NeuroBench): what counts are held against.

The weights are baked: quantised, masked, batch normalisation folded in. Not for training.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from spikingjelly.activation_based import layer as sj_layer

from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation
from hwsearch.network.neuron import spikingjelly_node


def spikingjelly_network(network: IntegerNetwork) -> torch.nn.Sequential:
    """Return a chain of integers as multi-step spikingjelly modules, input [T, N, C, H, W] of integers.

    Each channel is divided by its threshold, so that every neuron has the threshold 1; the readout keeps its integers.

    Raises:
        ValueError: A channel has no positive threshold.
    """
    modules: list[torch.nn.Module] = []
    flat = False
    for connection, population in zip(network.connections, network.populations, strict=True):
        pooling = connection.shape.pooling
        if pooling.area > 1:
            pool = sj_layer.MaxPool2d if pooling.kind == "max" else sj_layer.AvgPool2d
            modules.append(pool(pooling.window, step_mode="m"))
        if connection.shape.kind == "fc" and not flat:
            modules.append(sj_layer.Flatten(step_mode="m"))
            flat = True
        modules.append(_weights(connection, population))
        if population.shape.law is not None:
            modules.append(spikingjelly_node(replace(population.shape.law, threshold=1.0)))
    return torch.nn.Sequential(*modules)


def _weights(connection: IntegerConnection, population: IntegerPopulation) -> torch.nn.Module:
    """Return a connection's module with its integers over its population's thresholds."""
    if population.threshold is not None and (population.threshold <= 0).any():
        raise ValueError(f"{population.shape.name}: a threshold must be positive")
    out, inputs = connection.weight.shape[:2]
    if connection.shape.kind == "conv":
        module: torch.nn.Module = sj_layer.Conv2d(
            inputs, out, connection.shape.kernel, padding=connection.shape.padding, step_mode="m"
        )
    else:
        module = sj_layer.Linear(inputs, out, step_mode="m")
    weight = torch.from_numpy(connection.weight).double() * 2**connection.fraction_bits
    bias = torch.from_numpy(population.bias).double()
    if population.threshold is not None:
        threshold = torch.from_numpy(population.threshold).double()
        weight = weight / threshold.view(-1, *[1] * (weight.dim() - 1))
        bias = bias / threshold
    module.weight = torch.nn.Parameter(weight)
    module.bias = torch.nn.Parameter(bias)
    return module
