"""Networks of integers whose traces are worked out by hand."""

from typing import NamedTuple

import numpy as np

from hwsearch.graph.builder import conv_size
from hwsearch.graph.graph import NO_POOLING, Connection, Input, Pooling, Population, Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation

EVERY = Readout()


class Layer(NamedTuple):
    """One layer of a chain: weights, the neurons that they enter, and the pooling behind these."""

    name: str
    kind: str
    weight: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray | None
    fraction_bits: int = 0
    pool: int = 1
    out_size: tuple[int, int] = (1, 1)
    fan_columns: int = 1


def fc(weight, bias, threshold=None, f=0, name="fc1", fan_columns=1):
    weight, bias = np.array(weight, np.int32), np.array(bias, np.int32)
    threshold = None if threshold is None else np.array(threshold, np.int32)
    return Layer(name, "fc", weight, bias, threshold, f, fan_columns=fan_columns)


def network(
    layers, *, timesteps, leak_shift=1, reset="zero", state_bits=32, input_max=255, pool="max", shape=(1, 1, 1),
    weight_bits=8, input_bits=8, accumulator_bits=32, readout=EVERY, frames=None,
):  # fmt: skip
    """Return a chain of layers."""
    law, window, size = NeuronLaw(leak_shift, 1.0, reset), 1, shape[1:]
    populations, connections = [], []
    for place, layer in enumerate(layers):
        last, convolutional = layer.threshold is None, layer.kind == "conv"
        connections.append(
            IntegerConnection(
                Connection(
                    layer.name, place - 1, place, layer.kind, layer.weight.shape[1], len(layer.bias),
                    layer.weight.shape[2:] or (1, 1), (1, 1), 1, Pooling((window, window), pool), 0,
                    (size[0] // window, size[1] // window) if convolutional else (1, 1), layer.out_size,
                    layer.fan_columns, readout=last,
                ),
                layer.weight,
                layer.fraction_bits,
            )
        )  # fmt: skip
        population = Population(
            layer.name, len(layer.bias), layer.out_size, None if last else law, flat=not convolutional
        )
        populations.append(IntegerPopulation(population, layer.bias, layer.threshold))
        window, size = layer.pool, layer.out_size
    return IntegerNetwork(
        tuple(populations), tuple(connections), (weight_bits,) * len(layers), timesteps,
        Input(shape, input_max, input_bits, frames), readout, state_bits, accumulator_bits,
    )  # fmt: skip


def one_neuron(**settings):
    """A neuron that receives w x + c = 3 * 2 + 1 = 7 every step, threshold 10, read out with weight 1."""
    return network([fc([[3]], [1], [10]), fc([[1]], [0], name="readout")], **settings)


def population(name, bias, threshold=None, *, leak_shift=None, reset="zero", size=None):
    """Return neurons, flat without a size; without a threshold the readout."""
    law = None if threshold is None else NeuronLaw(leak_shift, 1.0, reset)
    shape = Population(name, len(bias), size or (1, 1), law, flat=size is None)
    threshold = None if threshold is None else np.array(threshold, np.int32)
    return IntegerPopulation(shape, np.array(bias, np.int32), threshold)


def dense(name, source, target, weight, *, f=0, delay=0, pooling=NO_POOLING, fan_columns=1, readout=False):
    """Return fully connected weights [out, in]."""
    weight = np.array(weight, np.int32)
    shape = Connection(
        name, source, target, "fc", weight.shape[1], len(weight), (1, 1), (1, 1), 1, pooling, delay, (1, 1), (1, 1),
        fan_columns, readout=readout,
    )  # fmt: skip
    return IntegerConnection(shape, weight, f)


def filters(name, source, target, weight, size, *, f=0, stride=(1, 1), groups=1, pooling=NO_POOLING, delay=0):
    """Return convolutional weights [out, in / groups, kh, kw] that read a (pooled) map of a size."""
    weight = np.array(weight, np.int32)
    shape = Connection(
        name, source, target, "conv", weight.shape[1] * groups, len(weight), weight.shape[2:], stride, groups, pooling,
        delay, size, conv_size(size, stride), 1,
    )  # fmt: skip
    return IntegerConnection(shape, weight, f)


def graph(
    populations, connections, *, timesteps, shape=(1, 1, 1), input_max=9, frames=None, binning="sum",
    readout=EVERY, state_bits=32, accumulator_bits=32,
):  # fmt: skip
    """Return a network of populations and connections."""
    data = Input(shape, input_max, input_max.bit_length(), frames, binning)
    return IntegerNetwork(
        tuple(populations), tuple(connections), (8,) * len(connections), timesteps, data, readout, state_bits,
        accumulator_bits,
    )  # fmt: skip
