"""Channels that cannot matter go; the readout stays the same, bit for bit."""

import numpy as np
import pytest
from builders.graphs import spec
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.network.shrink import shrink


@given(seed=st.integers(0, 2**32 - 1), density=st.floats(0.05, 0.9), leak_shift=st.sampled_from([None, 1, 3]))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("topology", ["4c3-p2-6c3-fc8", "fc9-fc7"])
def test_shrinking_keeps_the_readout_bit_for_bit(topology, reset, seed, density, leak_shift):
    rng = np.random.default_rng(seed)
    own = spec(topology, reset=reset, leak_shift=leak_shift, input_max=10)
    params, masks = initial_params(own, seed % 1000), []
    for weight in params.weights:
        mask = rng.random(weight.shape) < density
        mask[rng.random(len(mask)) < 0.4] = False
        masks.append(mask)
    net = fold(own, params, masks, (4,) * len(masks), 4, Widths())
    slim, staying = shrink(net)
    assert [len(channels) for channels in staying] == [len(p.bias) for p in slim.populations[:-1]]
    x = rng.integers(0, 11, (20, 1, 6, 6)).astype(np.uint8)
    whole, small = run_integer(net, x), run_integer(slim, x)
    assert np.array_equal(whole.readout, small.readout)
    for spikes, remaining, channels in zip(whole.spikes, small.spikes, staying, strict=True):
        assert np.array_equal(spikes[channels], remaining)


def test_a_removed_channel_takes_its_row_its_state_and_its_readers():
    own = spec("fc3-fc4", (1, 1, 2), 2)
    params = initial_params(own, 0)
    masks = [np.ones(weight.shape, bool) for weight in params.weights]
    masks[0][1], masks[1][:, 1] = False, False
    slim, kept = shrink(fold(own, params, masks, (8, 8, 8), 4, Widths()))
    assert [c.weight.shape for c in slim.connections] == [(2, 2), (4, 2), (2, 4)]
    assert kept[0].tolist() == [0, 2]
