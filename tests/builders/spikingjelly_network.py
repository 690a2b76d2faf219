"""An integer network as spikingjelly modules, for tools that expect torch (NeuroBench): what counts are held against.

The weights are baked: quantised, masked, batch normalisation folded in. Not for training.
"""

from __future__ import annotations

import torch
from hwsearch.network.neuron_law import NeuronLaw
from spikingjelly.activation_based import layer as sj_layer

from hwsearch.network.integers import IntegerLayer, IntegerNetwork
from hwsearch.network.neuron import spikingjelly_node


def spikingjelly_network(network: IntegerNetwork) -> torch.nn.Sequential:
    """Return the integer network as multi-step spikingjelly modules, input [T, N, C, H, W] of integers.

    Each channel is divided by its threshold, so that every neuron has the threshold 1; the readout keeps its integers.

    Raises:
        ValueError: A channel has no positive threshold.
    """
    modules: list[torch.nn.Module] = []
    flat = False
    law = NeuronLaw(network.leak_shift, 1.0, network.reset)
    for layer in network.layers:
        if layer.kind == "fc" and not flat:
            modules.append(sj_layer.Flatten(step_mode="m"))
            flat = True
        modules.append(_weights(layer))
        if layer.threshold is not None:
            modules.append(spikingjelly_node(law))
        if layer.pool > 1:
            pool = sj_layer.MaxPool2d if network.pool == "max" else sj_layer.AvgPool2d
            modules.append(pool(layer.pool, step_mode="m"))
    return torch.nn.Sequential(*modules)


def _weights(layer: IntegerLayer) -> torch.nn.Module:
    """Return a layer's module with its integers over its thresholds."""
    if layer.threshold is not None and (layer.threshold <= 0).any():
        raise ValueError(f"{layer.name}: a threshold must be positive")
    if layer.kind == "conv":
        kernel = layer.weight.shape[2]
        module: torch.nn.Module = sj_layer.Conv2d(
            layer.weight.shape[1], len(layer.weight), kernel, padding=kernel // 2, step_mode="m"
        )
    else:
        module = sj_layer.Linear(layer.weight.shape[1], len(layer.weight), step_mode="m")
    weight = torch.from_numpy(layer.weight).double() * 2**layer.fraction_bits
    bias = torch.from_numpy(layer.bias).double()
    if layer.threshold is not None:
        threshold = torch.from_numpy(layer.threshold).double()
        weight = weight / threshold.view(-1, *[1] * (weight.dim() - 1))
        bias = bias / threshold
    module.weight = torch.nn.Parameter(weight)
    module.bias = torch.nn.Parameter(bias)
    return module
