"""The order in which populations are computed, what feeds itself, and which share their channels."""

import itertools

from builders.graphs import spec
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.graph.graph import INPUT, Connection, Pooling
from hwsearch.graph.order import channel_groups, components, entering, reading, steps_in_time


def wire(source, target, delay=0, groups=1):
    """Some connection; only what it joins counts."""
    return Connection(
        "", source, target, "conv", 4, 4, (1, 1), (1, 1), groups, Pooling(), delay, (1, 1), (1, 1), 1
    )  # fmt: skip


def chain(*more, n):
    return [*(wire(p - 1, p) for p in range(n)), *more]


def test_what_enters_and_what_reads_a_population():
    connections = spec("4c3-res(4c3-4c3)-fc2").connections
    assert [c.name for c in connections] == ["conv1", "conv2", "conv3", "conv3.skip", "fc4", "readout"]
    assert entering(connections, 2) == [2, 3]
    assert reading(connections, 0) == [1, 3]
    assert (reading(connections, INPUT), entering(connections, 4)) == ([0], [5])


def test_a_network_without_delays_is_computed_population_by_population():
    assert components(4, chain(wire(0, 2), n=4)) == [(0,), (1,), (2,), (3,)]
    assert not any(steps_in_time(group, chain(n=4)) for group in components(4, chain(n=4)))


def test_what_feeds_itself_is_taken_through_time():
    itself = chain(wire(1, 1, 1), n=3)
    assert components(3, itself) == [(0,), (1,), (2,)]
    assert [steps_in_time((p,), itself) for p in range(3)] == [False, True, False]
    circle = chain(wire(2, 1, 1), n=4)
    assert components(4, circle) == [(0,), (1, 2), (3,)]
    assert steps_in_time((1, 2), circle)
    # two circles that share a population are one, and one inside the other is too
    assert components(5, chain(wire(2, 0, 1), wire(3, 2, 1), n=5)) == [(0, 1, 2, 3), (4,)]


def test_a_delay_may_carry_to_an_earlier_population_without_a_circle():
    # 2 reads the input and feeds 0 one timestep later: over all timesteps, 2 comes first
    connections = [wire(INPUT, 0), wire(2, 0, 1), wire(0, 1), wire(INPUT, 2), wire(1, 3)]
    assert components(4, connections) == [(2,), (0,), (1,), (3,)]


def graphs():
    @st.composite
    def draw_graph(draw):
        n = draw(st.integers(1, 8))
        connections = [wire(draw(st.integers(INPUT, p - 1)), p) for p in range(n)]
        for _ in range(draw(st.integers(0, 5))):
            connections.append(wire(draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1)), 1))
        return n, connections

    return draw_graph()


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_components_against_every_path(drawn):
    n, connections = drawn
    reaches = {(c.source, c.target) for c in connections}
    for middle, start, end in itertools.product(range(n), repeat=3):
        if (start, middle) in reaches and (middle, end) in reaches:
            reaches.add((start, end))
    groups = components(n, connections)
    assert sorted(p for group in groups for p in group) == list(range(n))
    place = {p: i for i, group in enumerate(groups) for p in group}
    for p, q in itertools.product(range(n), repeat=2):
        both = (p, q) in reaches and (q, p) in reaches
        assert (place[p] == place[q]) == (p == q or both)
        if (p, q) in reaches:
            assert place[p] <= place[q]
    assert all(steps_in_time(g, connections) == ((g[0], g[0]) in reaches) for g in groups)


def test_populations_that_share_their_channels():
    network = spec("4c3-res(8c3-4c3)-dw3-fc2", (1, 6, 6))
    assert [p.name for p in network.populations] == ["conv1", "conv2", "conv3", "dw4", "fc5", "readout"]
    assert channel_groups(6, network.connections) == [(INPUT,), (0, 2, 3), (1,), (4,), (5,)]
    # a depthwise layer of the input ties its channels to it, and with them all that it is joined to
    network = spec("dw3-res(2c3)-fc2", (2, 6, 6))
    assert channel_groups(4, network.connections) == [(INPUT, 0, 1), (2,), (3,)]
