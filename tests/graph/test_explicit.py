"""From a list of connections to a graph: the same as from a string, and what no string says; laws of shapes."""

from dataclasses import replace

import pytest
from builders.graphs import spec
from builders.spellings import spellings
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.graph.entry_laws import Entry
from hwsearch.graph.explicit import ListError, read_list
from hwsearch.graph.graph import INPUT, Input, Pooling
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.order import components

LAW = NeuronLaw(1, 1.0, "zero")
DATA = Input((2, 9, 7), 16, 5)


def conv(source, target, channels=None, kernel=(3, 3), **more):
    return Entry(source, target, "conv", kernel, channels, **more)


def fc(source, target, units=None, **more):
    return Entry(source, target, "fc", channels=units, **more)


def depthwise(source, target, kernel=(3, 3), **more):
    return Entry(source, target, "depthwise", kernel, **more)


def identity(source, target, **more):
    return Entry(source, target, "identity", **more)


def graph(*entries, **more):
    return read_list(entries, DATA, 3, LAW, **more)


def nameless(populations, connections):
    return [replace(p, name="") for p in populations], [replace(c, name="") for c in connections]


PAIRS = {
    "16c3s2-p2x1-8c3x1-fc5": [
        conv("input", "a", 16, stride=(2, 2)),
        conv("a", "b", 8, (3, 1), window=(2, 1)),
        fc("b", "c", 5),
        fc("c", "readout"),
    ],
    "4c3-dw5s2-gap-fc5": [
        conv("input", "a", 4),
        depthwise("a", "b", (5, 5), stride=(2, 2)),
        fc("b", "c", 5, window=None),
        fc("c", "readout"),
    ],
    "4c3-res(6c3-4c3)-p2": [
        conv("input", "a", 4),
        conv("a", "b", 6),
        conv("b", "c", 4),
        identity("a", "c"),
        fc("c", "readout", window=(2, 2)),
    ],
    "res(4c3s2-dw3)": [
        conv("input", "a", 4, stride=(2, 2)),
        depthwise("a", "b"),
        conv("input", "b", 4, (1, 1), stride=(2, 2)),
        fc("b", "readout"),
    ],
    "r6-res(fc6)-fc2": [
        fc("input", "a", 6),
        fc("a", "a", delay=1),
        fc("a", "b", 6),
        identity("a", "b"),
        fc("b", "c", 2),
        fc("c", "readout"),
    ],
}


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("pool", ["max", "sum"])
@pytest.mark.parametrize("spelling", PAIRS)
def test_a_string_and_a_list_give_equal_graphs(spelling, pool, norm):
    listed = graph(*PAIRS[spelling], norm=norm, pool=pool)
    spelled = spec(spelling, (2, 9, 7), norm=norm, pool=pool)
    assert nameless(*listed) == nameless(spelled.populations, spelled.connections)


@pytest.mark.parametrize("spelling", PAIRS)
def test_the_order_of_the_entries_makes_no_other_network(spelling):
    populations, connections = graph(*PAIRS[spelling])
    backwards = graph(*reversed(PAIRS[spelling]))
    assert backwards[0] == populations
    assert {(c.source, c.target, c.weight_shape) for c in backwards[1]} == {
        (c.source, c.target, c.weight_shape) for c in connections
    }


def entries_of(network):
    """The network as a list."""
    names = ["input", *(p.name for p in network.populations)]
    entries, said = [], set()
    for c in network.connections:
        source, target = names[c.source + 1], names[c.target + 1]
        kind = c.kind if c.prunable and c.groups == 1 else "depthwise" if c.prunable else "identity"
        channels = None if target in said or target == "readout" or kind == "identity" else c.out_channels
        window = None if c.pooling.kind == "sum" else c.pooling.window
        entries.append(Entry(source, target, kind, c.kernel, channels, c.stride, window, c.delay))
        said.add(target)
    return entries


@given(spellings(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_string_is_a_list(spelling, norm):
    network = spec(spelling, (2, 12, 2048), norm=norm)
    listed = read_list(entries_of(network), network.input, 3, LAW, norm=norm)
    assert nameless(*listed) == nameless(network.populations, network.connections)


def test_connections_are_called_by_what_they_enter_and_then_by_what_they_read():
    entries = [
        conv("input", "a", 4),
        conv("a", "b", 4),
        identity("a", "b"),
        conv("a", "b", kernel=(1, 1)),
        conv("b", "b", delay=1),
        fc("b", "readout"),
    ]
    _, connections = graph(*entries)
    assert [c.name for c in connections] == ["a", "b", "b.a", "b.a.2", "b.b", "readout"]


def test_a_circle_over_two_populations_by_hand():
    entries = [
        fc("input", "a", 4),
        fc("b", "a", delay=1),
        fc("a", "b", 5),
        fc("a", "readout"),
        fc("b", "readout"),
    ]
    populations, connections = graph(*entries, norm=True)
    assert [(p.name, p.channels, p.norm) for p in populations] == [
        ("a", 4, False), ("b", 5, False), ("readout", 3, False),
    ]  # fmt: skip
    assert [(c.source, c.target, c.delay, c.weight_shape) for c in connections] == [
        (INPUT, 0, 0, (4, 126)), (1, 0, 1, (4, 5)), (0, 1, 0, (5, 4)), (0, 2, 0, (3, 4)), (1, 2, 0, (3, 5)),
    ]  # fmt: skip
    assert components(3, connections) == [(0, 1), (2,)]
    assert [c.readout for c in connections] == [False, False, False, True, True]


def test_what_is_read_in_the_same_timestep_comes_first():
    # listed from the end; c is read by a only one timestep later, and stands behind what it reads itself
    entries = [
        fc("b", "readout"),
        fc("a", "b", 4),
        fc("c", "a", 4, delay=1),
        fc("input", "a"),
        fc("b", "c", 2),
    ]
    populations, _ = graph(*entries)
    assert [p.name for p in populations] == ["a", "b", "c", "readout"]


def test_channels_and_maps_follow_over_depthwise_connections_and_identities():
    entries = [
        depthwise("input", "a", stride=(2, 1)),
        conv("b", "b", kernel=(1, 3), delay=1),
        identity("a", "b", window=(1, 7)),
        depthwise("a", "b", window=(1, 7)),
        fc("b", "readout"),
    ]
    populations, connections = graph(*entries)
    assert [(p.channels, p.size) for p in populations] == [(2, (5, 7)), (2, (5, 1)), (3, (1, 1))]
    assert [(c.groups, c.prunable, c.pooling) for c in connections[1:4]] == [
        (1, True, Pooling()), (2, False, Pooling((1, 7))), (2, True, Pooling((1, 7))),
    ]  # fmt: skip


def test_a_global_pooling_is_a_mean_of_what_it_reads():
    _, connections = graph(conv("input", "a", 4, stride=(2, 2)), fc("a", "readout", window=None), pool="max")
    assert connections[1].pooling == Pooling((5, 4), "sum")


UNSHAPED = {
    "a window that is too large, and behind it one that is so too": (
        [conv("input", "a", 4, window=(9, 9)), conv("a", "b", 4, window=(5, 5)),
         fc("b", "readout", window=(9, 1))],
        [
            (0, "input -> a: pooling by 9 x 9 leaves nothing of a map of 9 x 7; got pool 9x9 (use a smaller window)"),
            (2, "b -> readout: pooling by 9 x 1 leaves nothing of a map of 1 x 1; got pool 9x1 (use a smaller window)"),
        ],
    ),
    "maps of two sizes into one population": (
        [conv("input", "a", 4), conv("a", "b", 4, stride=(2, 2)), identity("a", "b"), fc("b", "readout")],
        [(2, "a -> b: all that enters 'b' must give maps of one size; got 9 x 7, and 5 x 4 of a -> b (change stride or "
             "pool, or enter it by fc alone)")],
    ),
    "a map into a flat population": (
        [fc("input", "a", 4), conv("input", "a"), fc("a", "readout")],
        [(1, "input -> a: all that enters 'a' must give maps of one size; got 9 x 7, and 1 x 1 of input -> a (change "
             "stride or pool, or enter it by fc alone)")],
    ),
    "channels that differ over an identity": (
        [conv("input", "a", 4), identity("input", "a"), fc("a", "readout")],
        [(1, "input -> a: identity gives as many channels as it reads, 2; got 4 of 'a' (use conv: 1)")],
    ),
    "channels that differ over a depthwise connection": (
        [depthwise("input", "a"), Entry("a", "b", "depthwise", (3, 3), channels=6), fc("b", "readout")],
        [(1, "a -> b: depthwise gives as many channels as it reads, 2; got 6 of 'b' (use conv: 1)")],
    ),
    "another number of classes": (
        [fc("input", "a", 4), fc("a", "readout", 5)],
        [(1, "a -> readout: the readout has a channel for each of the 3 classes; got 5 (leave the number out)")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSHAPED)
def test_what_does_not_go_together_with_the_data(name):
    entries, faults = UNSHAPED[name]
    with pytest.raises(ListError) as refused:
        graph(*entries)
    assert [(fault.place, str(fault)) for fault in refused.value.faults] == faults


def test_laws_between_entries_are_refused_before_shapes():
    with pytest.raises(ListError, match="may form no circle; got a -> a"):
        graph(fc("input", "a", 4), fc("a", "a"), fc("a", "readout", 99))
