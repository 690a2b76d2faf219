"""A candidate as a spikingjelly network, for tools that expect torch modules (NeuroBench here, NIR later).

The weights are baked: quantised, masked, batch normalisation folded in. Not for training.
"""

from __future__ import annotations

import torch
from spikingjelly.activation_based import layer as sj_layer
from spikingjelly.activation_based import neuron as sj_neuron
from spikingjelly.activation_based.surrogate import ATan

from hwsearch.network.integers import IntegerLayer, IntegerNetwork
from hwsearch.network.neuron import NeuronLaw, spikingjelly_node


def spikingjelly_network(network: IntegerNetwork) -> torch.nn.Sequential:
    """Return the integer network as multi-step spikingjelly modules, input [T, N, C, H, W] of integers.

    Each channel is divided by its threshold, so that every neuron has the threshold 1; the readout keeps its integers.

    Raises:
        ValueError: A channel has no positive threshold.
    """
    modules: list[torch.nn.Module] = []
    flat = False
    law = NeuronLaw(network.leak_shift, 1.0, network.reset)
    for own in network.layers:
        if own.kind == "fc" and not flat:
            modules.append(sj_layer.Flatten(step_mode="m"))
            flat = True
        modules.append(_weights(own))
        if own.threshold is not None:
            reset = 0.0 if network.reset == "zero" else None
            modules.append(spikingjelly_node(law, sj_neuron, ATan(alpha=2.0), reset))
        if own.pool > 1:
            pool = sj_layer.MaxPool2d if network.pool == "max" else sj_layer.AvgPool2d
            modules.append(pool(own.pool, step_mode="m"))
    return torch.nn.Sequential(*modules)


def _weights(own: IntegerLayer) -> torch.nn.Module:
    """Return a layer's module with its integers over its thresholds."""
    if own.threshold is not None and (own.threshold <= 0).any():
        raise ValueError(f"{own.name}: a threshold must be positive")
    if own.kind == "conv":
        kernel = own.weight.shape[2]
        module: torch.nn.Module = sj_layer.Conv2d(
            own.weight.shape[1], len(own.weight), kernel, padding=kernel // 2, step_mode="m"
        )
    else:
        module = sj_layer.Linear(own.weight.shape[1], len(own.weight), step_mode="m")
    weight = torch.from_numpy(own.weight).double() * 2**own.fraction_bits
    bias = torch.from_numpy(own.bias).double()
    if own.threshold is not None:
        threshold = torch.from_numpy(own.threshold).double()
        weight = weight / threshold.view(-1, *[1] * (weight.dim() - 1))
        bias = bias / threshold
    module.weight = torch.nn.Parameter(weight)
    module.bias = torch.nn.Parameter(bias)
    return module
