"""Channels that populations share: who decides, what goes with them, and what they are worth, by hand."""

import numpy as np
import pytest
from builders.graphs import spec

from hwsearch.compress.channels import channel_scores, removable, remove
from hwsearch.compress.masks import prune, prune_layers
from hwsearch.network.params import initial_params

# connections: 0 conv1, 1 dw2, 2 conv3, 3 conv4, 4 its identity from dw2, 5 fc5, 6 the readout
RESIDUAL = spec("4c3s2-dw3-res(6c3-4c3)-fc8", (2, 6, 6))
# 0 rec1, 1 its way back, 2 fc2, 3 the readout
RECURRENT = spec("r6-fc4", (1, 1, 5), frames=6)


def ones(network):
    return [np.ones(c.weight_shape) for c in network.connections]


def whole(network):
    return [np.ones(c.weight_shape, bool) for c in network.connections]


def test_a_join_and_a_depthwise_layer_share_their_channels():
    assert [c.name for c in RESIDUAL.connections] == [
        "conv1", "dw2", "conv3", "conv4", "conv4.skip", "fc5", "readout",
    ]  # fmt: skip
    shared, inner, hidden = removable(RESIDUAL.connections)
    assert (shared.channels, shared.first, shared.entering, shared.reading) == (
        4,
        0,
        (0, 1, 3, 4),
        (1, 2, 4, 5),
    )
    assert (inner.channels, inner.first, inner.entering, inner.reading) == (6, 2, (2,), (3,))
    assert (hidden.channels, hidden.first, hidden.reading) == (8, 5, (6,))


def test_channels_of_the_input_and_of_the_readout_stay_and_so_do_those_that_share_them():
    groups = removable(spec("dw3-fc4", (2, 6, 6)).connections)
    assert [(group.first, group.channels) for group in groups] == [(1, 4)]


def test_a_channel_takes_its_rows_and_what_reads_it_everywhere():
    shared, _, _ = removable(RESIDUAL.connections)
    masks, staying = whole(RESIDUAL), np.array([True, False, True, True])
    remove(RESIDUAL.connections, shared, masks, staying)
    conv1, dw2, conv3, conv4, skip, fc5, readout = masks
    for entering in (conv1, dw2, conv4, skip):
        assert not entering[1].any()
        assert entering[[0, 2, 3]].all()
    assert not conv3[:, 1].any()
    assert conv3[:, [0, 2, 3]].all()
    # 3 x 3 pixels a channel
    assert not fc5[:, 9:18].any()
    assert fc5.sum() == 8 * 27
    assert readout.all()


def test_a_recurrent_neuron_takes_its_row_and_its_column():
    recurrent, _ = removable(RECURRENT.connections)
    masks = whole(RECURRENT)
    remove(RECURRENT.connections, recurrent, masks, np.arange(6) != 2)
    there, back, after, _ = masks
    assert (
        there.any(1).tolist() == back.any(1).tolist() == back.any(0).tolist() == (np.arange(6) != 2).tolist()
    )
    assert after.any(0).tolist() == (np.arange(6) != 2).tolist()


def test_a_score_is_the_mean_over_all_that_enters_times_that_over_all_that_reads():
    weights = ones(RESIDUAL)
    shared, _, _ = removable(RESIDUAL.connections)
    assert channel_scores(RESIDUAL.connections, shared, weights).tolist() == [1.0] * 4
    # channel 2: 18 + 9 + 54 weights enter and 9 + 54 + 72 read it (those of the identity do not count)
    weights[0][2], weights[1][2], weights[4][2] = 2.0, 3.0, 100.0
    weights[5][:, 18:27] = 0.0
    entering, reading = (2 * 18 + 3 * 9 + 54) / 81, (3 * 9 + 54) / 135
    scores = channel_scores(RESIDUAL.connections, shared, weights)
    assert scores == pytest.approx([1, 1, np.sqrt(entering * reading), 1])


def test_a_channel_of_a_group_counts_once_and_ties_go_in_order():
    # 4 + 6 + 8 channels, of equal scores the first of the first groups; each group's best is protected
    masks = prune(RESIDUAL.connections, ones(RESIDUAL), "channel", 4 / 18, gentle=1.0)
    assert masks[0].any((1, 2, 3)).tolist() == [False, False, False, True]
    assert masks[4].any((1, 2, 3)).tolist() == [False, False, False, True]
    assert masks[2].any((1, 2, 3)).tolist() == [False, *[True] * 5]
    assert masks[5].any(1).all()


def test_a_group_has_the_sparsity_of_the_first_connection_that_enters_it():
    weights = initial_params(RESIDUAL, 0).weights
    # one value a prunable connection: conv1, dw2, conv3, conv4, fc5, readout
    masks = prune_layers(RESIDUAL.connections, weights, "channel", [0.5, 0.9, 0.0, 0.9, 0.25, 0.9])
    alive = [mask.reshape(len(mask), -1).any(1) for mask in masks]
    assert [int(rows.sum()) for rows in alive] == [2, 2, 6, 2, 2, 6, 3]
    assert np.array_equal(alive[0], alive[1])
    assert np.array_equal(alive[0], alive[3])
    assert np.array_equal(alive[0], alive[4])
