"""A dense network of ReLUs quantised after training, for `hwsearch.rival.integers`, which computes it."""

from __future__ import annotations

import numpy as np

from benchmarks.rivals.train import Trained
from hwsearch.rival.integers import Int8Layer, int8_layers


def quantised(net: Trained, x: np.ndarray, most: int) -> list[Int8Layer]:
    """Return a network's integers: symmetric int8 weights, one scale a layer.

    Args:
        net: The network, of inputs of 0 .. 1.
        x: Samples, [N, in] integers of 0 .. ``most``: what each layer gives for them sets its range.
        most: The largest input.
    """
    scales = [float(np.abs(weight).max()) / 127 for weight in net.weights]
    integers = [np.rint(weight / scale) for weight, scale in zip(net.weights, scales, strict=True)]
    largest = [float(np.abs(values).max()) for values in net.scores(x / most)]
    return int8_layers(integers, scales, net.biases, largest, most)
