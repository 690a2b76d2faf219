"""A neuron at rest does not fire, however small its threshold is in the study."""

import numpy as np

from hwsearch.network.fold import fold
from hwsearch.network.integers import Widths
from hwsearch.network.stack import initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes


def test_a_study_with_a_tiny_threshold_has_integer_thresholds_of_at_least_one():
    shapes = layer_shapes("fc4", (1, 4, 4), 3)
    spec = NetworkSpec(shapes, 1, 1e-16, "zero", False, "max", (1, 4, 4), 16, 5, 3)
    params = initial_params(spec, 0)
    masks = [np.ones(layer.weight.shape, bool) for layer in params]
    for state, accumulator in ((16, 32), (8, 8), (16, 16), (32, 32)):
        widths = Widths(state, accumulator, 16, 16)
        for bits in (1, 2, 4, 8):
            net = fold(spec, params, masks, (bits, bits), 4, widths)
            assert net.layers[0].threshold.min() >= 1, (widths, bits)
