"""Layer sensitivity: which weights each entry is measured on, and what pruning one layer leaves of the others."""

import numpy as np
import pytest
from builders.finders import of_chain, params_of

from hwsearch.predict.layer_sensitivity import LEVELS, EstimatorScope, layer_sensitivity, masks_of_one_layer

DENSE = params_of(np.arange(1, 25).reshape(4, 6) / 8, np.arange(1, 13).reshape(3, 4) / 8)
NETWORK = of_chain(DENSE)


def moved(index, changed):
    """Return the squared change of a layer's weights."""
    return np.array(((changed - DENSE.weights[index]) ** 2).sum())


def tables(granularities=("weight", "channel"), bits=(2, 8)):
    return layer_sensitivity(NETWORK, DENSE, EstimatorScope(granularities, bits, 8, 2), moved)


def test_levels_and_bits_rise_and_nothing_pruned_changes_nothing():
    found = tables(bits=(8, 2, 8))
    assert found.levels.tolist() == [0.0, *LEVELS]
    assert found.bits.tolist() == [2, 8]
    for name in ("weight", "channel"):
        assert [changes[0] for changes in found.pruned[name]] == [0.0, 0.0]
        assert all((np.diff(changes) >= 0).all() for changes in found.pruned[name])


def test_half_of_a_layers_weights_by_hand():
    # the 12 smallest of 24 go: (1 + 4 + ... + 144) / 64
    place = 1 + LEVELS.index(0.5)
    assert tables().pruned["weight"][0][place] == pytest.approx(sum(k * k for k in range(1, 13)) / 64)
    # the readout has no channels that could go
    assert tables(("channel",)).pruned["channel"][1].tolist() == [0.0] * (1 + len(LEVELS))


def test_the_reference_bits_change_nothing_and_few_change_most():
    for changes in tables(bits=(2, 4, 8)).quantised:
        assert changes[2] == 0.0  # 8 bits are the reference
        assert changes[0] > changes[1] > 0


def test_the_masks_of_one_layer():
    first, readout = masks_of_one_layer(NETWORK, DENSE, "weight", 0, 0.5)
    assert (int(first.sum()), bool(readout.all())) == (12, True)
    channels, columns = masks_of_one_layer(NETWORK, DENSE, "channel", 0, 0.5)
    assert channels.any(1).tolist() == [False, False, True, True]
    assert np.array_equal(columns.any(0), channels.any(1))  # what reads a channel that went goes with it
