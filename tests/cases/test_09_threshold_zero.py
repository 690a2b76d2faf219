"""A neuron at rest does not fire, however small its threshold is in the study."""

from builders.graphs import spec

from hwsearch.network.fold import fold
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.tickets.fit import dense_masks


def test_a_study_with_a_tiny_threshold_has_integer_thresholds_of_at_least_one():
    network = spec("fc4", (1, 4, 4), threshold=1e-16)
    params = initial_params(network, 0)
    for state, accumulator in ((16, 32), (8, 8), (16, 16), (32, 32)):
        widths = Widths(state, accumulator, 16, 16)
        for bits in (1, 2, 4, 8):
            folded = fold(network, params, dense_masks(params), (bits, bits), 4, widths)
            assert folded.populations[0].threshold.min() >= 1, (widths, bits)
