"""Networks of integers whose traces are worked out by hand."""

import numpy as np

from hwsearch.network.integers import IntegerLayer, IntegerNetwork


def fc(weight, bias, threshold, f=0, name="fc1"):
    return IntegerLayer(
        name, "fc", np.array(weight, np.int32), np.array(bias, np.int32),
        None if threshold is None else np.array(threshold, np.int32), f, 1, (1, 1), 1,
    )  # fmt: skip


def network(
    layers,
    *,
    timesteps,
    leak_shift=1,
    reset="zero",
    state_bits=32,
    input_max=255,
    pool="max",
    shape=(1, 1, 1),
):
    bits = (8,) * len(layers)
    return IntegerNetwork(
        tuple(layers), bits, timesteps, leak_shift, reset, pool, shape, input_max, 8, state_bits
    )


def one_neuron(**settings):
    """A neuron that receives w x + c = 3 * 2 + 1 = 7 every step, threshold 10, read out with weight 1."""
    return network([fc([[3]], [1], [10]), fc([[1]], [0], None, name="readout")], **settings)
