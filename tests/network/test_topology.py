import pytest

from hwsearch.network.topology import layer_shapes


def test_a_conv_net_by_hand():
    shapes = layer_shapes("16c3-p2-32c3-p2-fc128", (1, 28, 28), 10)
    assert [s.name for s in shapes] == ["conv1", "conv2", "fc3", "readout"]
    assert [s.weight_shape for s in shapes] == [(16, 1, 3, 3), (32, 16, 3, 3), (128, 32 * 49), (10, 128)]
    assert [s.neurons for s in shapes] == [16 * 784, 32 * 196, 128, 10]
    assert [s.pool for s in shapes] == [2, 2, 1, 1]
    assert [s.fan_columns for s in shapes] == [1, 1, 49, 1]


def test_an_mlp_by_hand():
    shapes = layer_shapes("fc128-fc64", (1, 8, 8), 10)
    assert [s.weight_shape for s in shapes] == [(128, 64), (64, 128), (10, 64)]
    assert [s.fan_columns for s in shapes] == [64, 1, 1]


@pytest.mark.parametrize(
    ("topology", "law"),
    [
        ("fc8-4c3", "cannot stand behind"),
        ("p2-4c3", "must follow a conv"),
        ("4c3-p2-p2", "must follow a conv"),
        ("4c4", "must be odd"),
        ("4c3-p16", "leaves no pixel"),
        ("4d3", "must be <n>c<k>"),
    ],
)
def test_refuses_what_is_no_network(topology, law):
    with pytest.raises(ValueError, match=law):
        layer_shapes(topology, (1, 8, 8), 10)
