"""A graph that grows population by population: what the next layer reads, and what cannot be joined."""

import pytest

from hwsearch.graph.builder import Builder, Mark, conv_size
from hwsearch.graph.graph import INPUT, NO_POOLING, Input, Pooling
from hwsearch.graph.neuron_law import NeuronLaw


def builder(shape=(2, 5, 4), *, norm=False):
    return Builder(Input(shape, 1, 1), NeuronLaw(1, 1.0, "zero"), norm=norm)


@pytest.mark.parametrize(
    ("size", "stride", "filtered"),
    [((5, 4), (1, 1), (5, 4)), ((5, 4), (2, 2), (3, 2)), ((5, 4), (3, 1), (2, 4)), ((1, 9), (4, 4), (1, 3))],
)
def test_the_size_of_a_filtered_map(size, stride, filtered):
    assert conv_size(size, stride) == filtered


def test_the_next_layer_reads_the_last_population_and_its_pooling():
    growing = builder()
    assert growing.mark() == Mark(INPUT, NO_POOLING)
    growing.conv("conv", 3, (3, 3), (1, 1))
    growing.pool(Pooling((2, 2), "sum"))
    assert growing.mark() == Mark(0, Pooling((2, 2), "sum"))
    growing.depthwise("dw", (1, 3), (2, 2))
    assert growing.mark() == Mark(1, NO_POOLING)
    populations, connections = growing.finished()
    assert [(p.name, p.channels, p.size) for p in populations] == [("conv1", 3, (5, 4)), ("dw2", 3, (1, 1))]
    assert (connections[1].groups, connections[1].in_size, connections[1].padding) == (3, (2, 2), (0, 1))


def test_a_pooling_of_the_whole_map_has_its_size():
    growing = builder()
    growing.pool(None)
    assert growing.mark().pooling == Pooling((5, 4), "sum")


def test_a_window_larger_than_the_map_is_refused():
    with pytest.raises(ValueError, match="pooling by 2 x 5 leaves nothing of a map of 5 x 4"):
        builder().pool(Pooling((2, 5)))


def test_a_join_needs_weights_between_its_ends():
    growing = builder()
    start = growing.mark()
    growing.pool(Pooling((2, 2)))
    with pytest.raises(ValueError, match="a residual block must hold a layer with weights"):
        growing.join(start)


def test_a_join_takes_the_least_stride_that_fits():
    growing = builder((2, 8, 8))
    start = growing.mark()
    growing.conv("conv", 2, (3, 3), (3, 1))
    growing.join(start)
    skip = growing.finished()[1][1]
    # 1 + 7 // s is 3 for s = 3 and for no other
    assert (skip.stride, skip.groups, skip.prunable, skip.kernel) == ((3, 1), 1, True, (1, 1))


def test_norms_stand_before_what_does_not_feed_itself():
    growing = builder(norm=True)
    growing.conv("conv", 3, (3, 3), (1, 1))
    growing.fc("fc", 4)
    growing.fc("rec", 4, recurrent=True)
    growing.fc("readout", 2, readout=True)
    populations, connections = growing.finished()
    assert [p.norm for p in populations] == [True, True, False, False]
    assert [c.readout for c in connections] == [False, False, False, False, True]
    assert connections[3].name == "rec3.back"
