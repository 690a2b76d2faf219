"""Order of a timestep, late edges, and what lies on no way."""

from hwsearch.network.nir.order import one_input_and_output, order_of, stranded


def order(nodes, edges, neurons):
    kinds = {name: "Delay" if name.startswith("d") else "Affine" for name in nodes}
    return order_of(kinds, [tuple(edge.split(">")) for edge in edges], set(neurons), nodes[0])


def test_a_chain_in_any_order_of_writing():
    found = order(["i", "c", "a", "b"], ["b>c", "i>a", "a>b"], "ac")
    assert found.nodes == ("i", "a", "b", "c")
    assert found.late == found.delayed == ()
    assert found.forward["a"] == ("b",)


def test_an_edge_back_is_late():
    found = order(["i", "w", "n", "r", "o"], ["i>w", "w>n", "n>r", "r>n", "n>o"], "n")
    assert found.late == (("r", "n"),)
    assert found.nodes.index("r") > found.nodes.index("n")


def test_a_delay_in_a_circle_is_the_late_edge():
    # a reads what b was; b reads what a is: the edge out of the delay closes the circle, not b to a
    found = order(["i", "a", "d", "b"], ["i>a", "a>d", "d>b", "b>a"], "ab")
    assert (found.delayed, found.late) == ((("d", "b"),), ())
    assert found.nodes.index("b") < found.nodes.index("a")


def test_a_delay_on_the_way_is_no_late_edge():
    found = order(["i", "a", "d", "b"], ["i>a", "a>d", "d>b"], "ab")
    assert found.nodes == ("i", "a", "d", "b")
    assert found.delayed == ()


def test_a_circle_without_a_neuron_is_refused_with_its_nodes():
    (fault,) = order(["i", "x", "y", "n"], ["i>x", "x>y", "y>x", "y>n"], "n")
    assert (
        str(fault)
        == "node 'x': a circle must pass through a spiking neuron; got x to y to x (remove the edge that closes it)"
    )


def test_one_input_and_one_output():
    assert one_input_and_output({"i": "Input", "o": "Output"}) == []
    none, two = one_input_and_output({"o": "Output", "p": "Output"})
    assert "one Input; got none" in str(none)
    assert "one Output; got o, p" in str(two)


def test_what_leads_nowhere_and_what_nothing_leads_to():
    edges = [("i", "a"), ("a", "o"), ("a", "b"), ("c", "o")]
    found = [str(fault) for fault in stranded("iaboc", edges, "i", "o")]
    assert [("leads nowhere" in f, "nothing leads" in f) for f in found] == [(True, False), (False, True)]
    assert "'b'" in found[0]
    assert "'c'" in found[1]
