"""What snnTorch, Norse and SpikingJelly make of a NIR graph. Importing this module imports the frameworks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import nir
import numpy as np
import torch

from builders.nir_frameworks import functional, nir_exchange, norse, quiet, snn_utils, snntorch_from_nir
from hwsearch.network.integers import IntegerNetwork


def read_by(framework: str, graph: nir.NIRGraph) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from frames [T, N, ...] to the outputs [T, N, classes] of a framework that reads the graph.

    snnTorch and Norse take a Flatten from the first axis, so they are given one sample at a time.
    """
    if framework == "snntorch":
        net = quiet(lambda: snntorch_from_nir(graph))
        return lambda x: _one_by_one(net, x, snn_utils.reset)
    if framework == "norse":
        net = quiet(lambda: norse.from_nir(graph, dt=1e-4, ignore_warnings=True))
        return lambda x: _one_by_one(net, x, lambda _: None)
    net = quiet(lambda: nir_exchange.import_from_nir(graph, dt=1e-4, step_mode="s"))
    return lambda x: _run(net, torch.from_numpy(x), functional.reset_net)


def _one_by_one(net: Any, x: np.ndarray, reset: Callable[[Any], Any]) -> np.ndarray:
    return np.stack([_run(net, torch.from_numpy(x[:, i]), reset) for i in range(x.shape[1])], 1)


def _run(net: Any, x: torch.Tensor, reset: Callable[[Any], Any]) -> np.ndarray:
    def run() -> np.ndarray:
        reset(net)
        state, outputs = None, []
        with torch.no_grad():
            for frame in x:
                output, state = net(frame, state) if state is not None else net(frame)
                outputs.append(output.clone())
        found: np.ndarray = torch.stack(outputs).numpy()
        return found

    return quiet(run)


def spikes_read_out(network: IntegerNetwork) -> IntegerNetwork:
    """Return a network whose readout is the spikes of the population before it, one a class."""
    *hidden, last = network.connections
    neurons = last.shape.in_channels
    shape = replace(last.shape, out_channels=neurons)
    readout = network.populations[-1]
    ends = replace(readout, shape=replace(readout.shape, channels=neurons), bias=np.zeros(neurons, np.int32))
    connection = replace(last, shape=shape, weight=np.eye(neurons, dtype=np.int32), fraction_bits=0)
    return replace(network, populations=(*network.populations[:-1], ends), connections=(*hidden, connection))
