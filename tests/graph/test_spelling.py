"""From a string to a graph: each token's shapes by hand, and every fault of a malformed one."""

import pytest
from builders.graphs import spec
from builders.spellings import spellings
from hypothesis import given, settings

from hwsearch.graph.graph import INPUT, NO_POOLING, Pooling
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import MOST_LAYERS, faults_of, has_conv


def shapes(spelling, shape=(2, 9, 7), **settings):
    """Name, weight shape and [C, H, W] of the target, of each connection but the readout's."""
    network = spec(spelling, shape, **settings)
    joined = [(c.name, c.weight_shape, network.shape_of(c.target)) for c in network.connections]
    return joined[:-1]


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("16c3", [("conv1", (16, 2, 3, 3), (16, 9, 7))]),
        ("16c3s2", [("conv1", (16, 2, 3, 3), (16, 5, 4))]),  # places 0 2 4 6 8 and 0 2 4 6
        ("16c1s3", [("conv1", (16, 2, 1, 1), (16, 3, 3))]),
        ("16c3x1", [("conv1", (16, 2, 3, 1), (16, 9, 7))]),
        ("16c1x5s2", [("conv1", (16, 2, 1, 5), (16, 5, 4))]),
        ("dw3", [("dw1", (2, 1, 3, 3), (2, 9, 7))]),
        ("dw5x1s4", [("dw1", (2, 1, 5, 1), (2, 3, 2))]),
        ("p2-4c3", [("conv1", (4, 2, 3, 3), (4, 4, 3))]),  # the last row and column fill no window
        ("p2x1-4c3", [("conv1", (4, 2, 3, 3), (4, 4, 7))]),
        ("p1x7-4c3", [("conv1", (4, 2, 3, 3), (4, 9, 1))]),
        ("gap-4c3", [("conv1", (4, 2, 3, 3), (4, 1, 1))]),
        ("gap-fc5", [("fc1", (5, 2), (5, 1, 1))]),
        ("fc5", [("fc1", (5, 126), (5, 1, 1))]),
        ("p3-fc5", [("fc1", (5, 12), (5, 1, 1))]),
        ("r5", [("rec1", (5, 126), (5, 1, 1)), ("rec1.back", (5, 5), (5, 1, 1))]),
        # identity: a weight a channel; 1 x 1 where channels, or the map, differ
        ("res(2c3)", [("conv1", (2, 2, 3, 3), (2, 9, 7)), ("conv1.skip", (2, 1, 1, 1), (2, 9, 7))]),
        ("res(4c3)", [("conv1", (4, 2, 3, 3), (4, 9, 7)), ("conv1.skip", (4, 2, 1, 1), (4, 9, 7))]),
        (
            "res(2c3s2-dw3)",
            [
                ("conv1", (2, 2, 3, 3), (2, 5, 4)),
                ("dw2", (2, 1, 3, 3), (2, 5, 4)),
                ("dw2.skip", (2, 2, 1, 1), (2, 5, 4)),
            ],
        ),
        ("res(126c9-fc3)", [
            ("conv1", (126, 2, 9, 9), (126, 9, 7)), ("fc2", (3, 7938), (3, 1, 1)), ("fc2.skip", (3, 126), (3, 1, 1)),
        ]),
        ("fc4-res(fc6-fc4)", [
            ("fc1", (4, 126), (4, 1, 1)), ("fc2", (6, 4), (6, 1, 1)), ("fc3", (4, 6), (4, 1, 1)),
            ("fc3.skip", (4, 1, 1, 1), (4, 1, 1)),
        ]),
        ("fc4-res(fc6)", [
            ("fc1", (4, 126), (4, 1, 1)), ("fc2", (6, 4), (6, 1, 1)), ("fc2.skip", (6, 4), (6, 1, 1)),
        ]),
        ("fc4-res(r4)", [
            ("fc1", (4, 126), (4, 1, 1)), ("rec2", (4, 4), (4, 1, 1)), ("rec2.back", (4, 4), (4, 1, 1)),
            ("rec2.skip", (4, 1, 1, 1), (4, 1, 1)),
        ]),
    ],
)  # fmt: skip
def test_shapes_of_each_token_by_hand(spelling, expected):
    assert faults_of(spelling) == []
    assert shapes(spelling) == expected


def test_a_conv_net_by_hand():
    network = spec("16c3-p2-32c3-p2-fc128", (1, 28, 28), 10)
    assert [p.name for p in network.populations] == ["conv1", "conv2", "fc3", "readout"]
    assert [c.weight_shape for c in network.connections] == [
        (16, 1, 3, 3), (32, 16, 3, 3), (128, 32 * 49), (10, 128),
    ]  # fmt: skip
    assert [p.neurons for p in network.populations] == [16 * 784, 32 * 196, 128, 10]
    assert [c.pooling.window for c in network.connections] == [(1, 1), (2, 2), (2, 2), (1, 1)]
    assert [c.in_size for c in network.connections] == [(28, 28), (14, 14), (1, 1), (1, 1)]
    assert [c.fan_columns for c in network.connections] == [1, 1, 49, 1]
    assert [p.flat for p in network.populations] == [False, False, True, True]


def test_pooling_behind_the_last_layer_is_what_the_readout_reads():
    last = spec("4c3-gap").connections[-1]
    assert (last.pooling, last.weight_shape, last.fan_columns) == (Pooling((6, 6), "sum"), (3, 4), 1)
    assert spec("4c3-p2").connections[-1].fan_columns == 9


def test_the_kind_of_pooling_is_the_studys_but_a_gap_is_a_mean():
    assert spec("4c3-p2-4c3", pool="max").connections[1].pooling == Pooling((2, 2), "max")
    assert spec("4c3-p2-4c3", pool="sum").connections[1].pooling == Pooling((2, 2), "sum")
    assert spec("4c3-gap-fc3", pool="max").connections[1].pooling == Pooling((6, 6), "sum")


def test_a_block_reads_what_its_first_layer_reads():
    # the pooling stands before the block, so both ways read the pooled map
    first, main, skip = spec("4c3-p2-res(4c3)").connections[:3]
    assert (main.pooling, skip.pooling) == (Pooling((2, 2)), Pooling((2, 2)))
    assert (skip.source, skip.target, skip.in_size, skip.groups) == (first.target, main.target, (3, 3), 4)
    assert not skip.prunable
    # the pooling stands in the block: the other way takes it by a stride
    _, main, skip = spec("4c3-res(p2-4c3)").connections[:3]
    assert (main.pooling, skip.pooling, skip.stride) == (Pooling((2, 2)), NO_POOLING, (2, 2))
    assert skip.prunable


def test_recurrence_arrives_one_timestep_later_and_leaves_out_the_normalisation():
    network = spec("fc4-r5", norm=True)
    back = network.connections[2]
    assert (back.source, back.target, back.delay) == (1, 1, 1)
    assert [c.delay for c in network.connections] == [0, 0, 1, 0]
    assert [p.norm for p in network.populations] == [True, False, False]


def test_what_a_graph_says_of_its_neurons():
    network = spec("4c3-fc2", leak_shift=None, threshold=2.0, reset="subtract")
    assert network.laws == (NeuronLaw(None, 2.0, "subtract"),)
    assert [p.law is None for p in network.populations] == [False, False, True]
    assert network.connections[0].source == INPUT


NO_MAP = "must stand before the first fc or r layer: behind it is no map to"
MALFORMED = {
    "": ["'' (token 1) is no layer"],
    "fc0": ["'fc0' (token 1) is no layer"],
    "16c3-": ["'' (token 2) is no layer"],
    "16C3": ["'16C3' (token 1) is no layer"],
    "16c3 -fc8": ["'16c3 ' (token 1) is no layer"],
    "c3": ["'c3' (token 1) is no layer"],
    "16c3s0": ["'16c3s0' (token 1) is no layer"],
    "16c3x": ["'16c3x' (token 1) is no layer"],
    "fc8s2": ["'fc8s2' (token 1) is no layer"],
    "dw": ["'dw' (token 1) is no layer"],
    "gap2": ["'gap2' (token 1) is no layer"],
    "res": ["'res' (token 1) is no layer"],
    "res()": ["'' (token 2) is no layer"],
    "res(16c3": ["each '(' needs its ')'"],
    "16c3)-fc8": ["each '(' needs its ')'"],
    "res(16c3)x2": ["'res(16c3)x2' (token 1) is no layer"],
    "res(res(fc3))": ["'res(fc3)' (token 2): a block may not stand in a block"],
    "res(8c3-p2)": ["'p2' (token 3): a block ends in a layer with weights, a pooling stands behind it"],
    "8c4": ["'8c4' (token 1): the sides of a filter must be odd"],
    "8c3x2": ["'8c3x2' (token 1): the sides of a filter must be odd"],
    "dw2": ["'dw2' (token 1): the sides of a filter must be odd"],
    "8c3-p1": ["'p1' (token 2): a window must be larger than 1 x 1"],
    "8c3-p2-p2": ["'p2' (token 3) must not follow another pooling"],
    "8c3-p2-res(gap-8c3)": ["'gap' (token 4) must not follow another pooling"],
    "99999c3": ["'99999c3' (token 1): a number may be 65536 at most"],
    "fc" + "9" * 5000: [f"'fc{'9' * 35}...' (token 1): a number may be 65536 at most"],
    "fc8-8c3": [f"'8c3' (token 2) {NO_MAP} filter"],
    "r8-p2-dw3": [f"'p2' (token 2) {NO_MAP} pool", f"'dw3' (token 3) {NO_MAP} filter"],
    "res(fc3)-gap": [f"'gap' (token 3) {NO_MAP} pool"],
    "8c4-res(x-fc0)-p2-gap": [
        "'8c4' (token 1): the sides of a filter must be odd",
        "'x' (token 3) is no layer",
        "'fc0' (token 4) is no layer",
        "'gap' (token 6) must not follow another pooling",
    ],
    "-".join(["fc8"] * 257): [f"a network may have {MOST_LAYERS} layers at most, these are 257"],
    "res(" * 9000 + "fc8" + ")" * 9000: [
        "'res(res(res(res(res(res(res(res(res(r...' (token 2): a block may not stand in a block"
    ],
}  # fmt: skip
UNSHAPED = {
    "p9-4c3": ["'p9' (token 1): pooling by 9 x 9 leaves nothing of a map of 8 x 8"],
    "4c3s2-p1x5-4c3-p2-p3x1-fc2": ["'p3x1' (token 5) must not follow another pooling"],
    "p9-4c3-p4-4c3-p3": [
        "'p9' (token 1): pooling by 9 x 9 leaves nothing of a map of 8 x 8",
        "'p3' (token 5): pooling by 3 x 3 leaves nothing of a map of 2 x 2",
    ],
    "4c3s5-res(p3-4c3)": ["'p3' (token 3): pooling by 3 x 3 leaves nothing of a map of 2 x 2"],
    "res(p3x1-4c3-p4-2c3)": ["'p4' (token 4): pooling by 4 x 4 leaves nothing of a map of 2 x 8"],
    "p1x2-res(4c3-p1x3-4c3)-gap-p2": ["'p2' (token 7) must not follow another pooling"],
}  # fmt: skip


@pytest.mark.parametrize(("spelling", "faults"), list(MALFORMED.items()), ids=lambda v: str(v)[:20])
def test_every_fault_of_a_malformed_spelling_with_its_token(spelling, faults):
    assert faults_of(spelling) == faults
    with pytest.raises(ValueError, match=r".") as refused:
        spec(spelling)
    assert str(refused.value) == "; ".join(faults)


@pytest.mark.parametrize(("spelling", "faults"), list(UNSHAPED.items()))
def test_every_fault_of_shapes_with_its_token(spelling, faults):
    with pytest.raises(ValueError, match=r".") as refused:
        spec(spelling, (1, 8, 8))
    assert str(refused.value) == "; ".join(faults)


def test_a_block_whose_ends_no_stride_joins():
    # of 13 rows pooled by 2 there are 6, and a stride leaves 1 + 12 // s of them: 13, 7, 5, 4, 3, 2 or 1
    with pytest.raises(ValueError, match=r"\(token 1\): no stride .* \(13 x 4\) to .* \(6 x 4\)$"):
        spec("res(p2x1-4c3)", (1, 13, 4))


def test_has_conv():
    assert not has_conv("fc8-r8-res(fc8)")
    assert all(has_conv(text) for text in ("dw3", "8c3", "gap-res(8c1)"))


@given(spellings())
@settings(max_examples=60, deadline=None)
def test_shapes_follow_from_one_another(text):
    assert faults_of(text) == []
    network = spec(text, (2, 12, 2048))
    assert [c.target for c in network.connections] == sorted(c.target for c in network.connections)
    assert len({c.name for c in network.connections}) == len(network.connections)
    for c in network.connections:
        channels, *size = network.shape_of(c.source)
        pooled = c.pooling.pooled(tuple(size))
        assert c.out_channels == network.populations[c.target].channels
        if c.kind == "fc":
            assert c.in_channels == channels * c.fan_columns == channels * pooled[0] * pooled[1]
        else:
            assert (c.in_channels, c.in_size) == (channels, pooled)
            sides = zip(pooled, c.padding, c.kernel, c.stride, strict=True)
            assert tuple((n + 2 * p - k) // s + 1 for n, p, k, s in sides) == c.out_size
            assert c.out_size == network.populations[c.target].size
        assert c.delay or c.source < c.target
