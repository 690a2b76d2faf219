"""Networks by their spelling."""

from hwsearch.graph.graph import Input, NetworkSpec, Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import read_spelling


def spec(
    spelling="fc12-fc8", shape=(1, 6, 6), classes=3, *, leak_shift=1, threshold=1.0, reset="zero", norm=False,
    pool="max", input_max=16, frames=None, binning="sum", readout=Readout(), quantise_first=True,
):  # fmt: skip
    """Return a network; its input has 6 by 6 pixels of 0 .. 16 unless said otherwise."""
    data = Input(shape, input_max, input_max.bit_length(), frames, binning)
    law = NeuronLaw(leak_shift, threshold, reset)
    populations, connections = read_spelling(spelling, data, classes, law, norm=norm, pool=pool)
    return NetworkSpec(populations, connections, data, classes, readout, quantise_first)
