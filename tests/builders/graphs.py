"""Networks by their spelling, and by their weights."""

import math

from hwsearch.graph.builder import Builder
from hwsearch.graph.graph import Input, NetworkSpec, Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import read_spelling


def spec(
    spelling="fc12-fc8", shape=(1, 6, 6), classes=3, *, leak_shift=1, threshold=1.0, reset="zero", norm=False,
    pool="max", input_max=16, frames=None, binning="sum", readout=Readout(), quantise_first=True,  # noqa: B008 frozen
):  # fmt: skip
    """Return a network; its input has 6 by 6 pixels of 0 .. 16 unless said otherwise."""
    data = Input(shape, input_max, input_max.bit_length(), frames, binning)
    law = NeuronLaw(leak_shift, threshold, reset)
    populations, connections = read_spelling(spelling, data, classes, law, norm=norm, pool=pool)
    return NetworkSpec(populations, connections, data, classes, readout, quantise_first)


def chain(weights):
    """Return the connections of the chain whose weights these are: one array a layer, the last is the readout's."""
    flat = next(w for w in weights if w.ndim == 2)
    before = weights[: sum(w.ndim == 4 for w in weights)]
    side = math.isqrt(flat.shape[1] // len(before[-1])) if before else 1
    shape = (before[0].shape[1], side, side) if before else (1, 1, flat.shape[1])
    builder = Builder(Input(shape, 16, 5), NeuronLaw(1, 1.0, "zero"))
    for i, w in enumerate(weights):
        if w.ndim == 4:
            builder.conv("conv", len(w), w.shape[2:], (1, 1))
        else:
            builder.fc("readout" if i + 1 == len(weights) else "fc", len(w), readout=i + 1 == len(weights))
    return builder.finished()[1]
