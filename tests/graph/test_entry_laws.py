"""Laws between the entries of a list: each broken once, with its entry."""

import pytest

from hwsearch.graph.entry_laws import MOST_ENTRIES, Entry, entry_faults, order_of


def entry(source, target, kind="fc", channels=4, **more):
    return Entry(source, target, kind, channels=None if target == "readout" else channels, **more)


CONNECT = "got no way there (connect what it reads to the input)"
WHOLE = [entry("input", "a"), entry("a", "readout")]


def texts(*entries):
    return [(fault.place, str(fault)) for fault in entry_faults(entries)]


def test_a_chain_breaks_no_law():
    assert texts(*WHOLE) == []


BROKEN = {
    "reads the readout": (
        [*WHOLE, entry("readout", "a", delay=1)],
        [(2, "readout -> a: nothing may read the readout; got from: readout (read another population)")],
    ),
    "enters the input": (
        [*WHOLE, entry("a", "input")],
        [(2, "a -> input: nothing may enter the input; got to: input (enter another population)")],
    ),
    "reads what is never entered": (
        [*WHOLE, entry("hiden", "readout")],
        [(2, "hiden -> readout: what is read must be the input or a population that an entry enters; got 'hiden' "
             "(known populations: a, input)")],
    ),
    "a convolution enters the readout": (
        [*WHOLE, entry("input", "readout", "conv")],
        [(2, "input -> readout: the readout must be entered by fc; got conv (write fc: true, with pool where a map is "
             "read)")],
    ),
    "a delayed input": (
        [*WHOLE, entry("input", "a", delay=1)],
        [(2, "input -> a: the input is read without delay; got delay: 1 (remove delay)")],
    ),
    "the same twice": (
        [*WHOLE, entry("input", "a")],
        [(2, "input -> a: an entry may stand only once; got the same again (remove one)")],
    ),
    "channels that do not agree": (
        [*WHOLE, entry("a", "a", channels=5, delay=1)],
        [(2, "a -> a: the channels of 'a' are said once, or agree; got 5, and 4 of input -> a (say them once)")],
    ),
    "channels that nobody says": (
        [entry("input", "a", channels=None), entry("a", "b", "depthwise", None), entry("b", "readout")],
        [
            (0, "input -> a: one of the entries must say how many channels, or units, 'a' has; got none that does (add "
                "channels: N, or units: N for fc)"),
            (1, "a -> b: one of the entries must say how many channels, or units, 'b' has; got none that does (add "
                "channels: N, or units: N for fc)"),
        ],
    ),
    "no readout": (
        [entry("input", "a")],
        [(None, "an entry must enter the readout; got none that does (add {from: ..., to: readout, fc: true})")],
    ),
    "two that nothing comes to": (
        [*WHOLE, entry("b", "c"), entry("c", "b", delay=1), entry("c", "readout")],
        [
            (2, f"b -> c: spikes must come to 'c' from the input; {CONNECT}"),
            (3, f"c -> b: spikes must come to 'b' from the input; {CONNECT}"),
        ],
    ),
    "one that leads nowhere": (
        [*WHOLE, entry("a", "b")],
        [(2, "a -> b: spikes of 'b' must come to the readout; got no way there (read it, or leave it out)")],
    ),
    "nothing to prune": (
        [*WHOLE, entry("a", "b", "identity"), entry("b", "readout")],
        [(2, "a -> b: 'b' must be entered by a connection other than an identity, which has no weights to prune; got "
             "identity: true alone (use depthwise: 1, or add a connection)")],
    ),
    "a circle of one": (
        [*WHOLE, entry("a", "a")],
        [(2, "a -> a: connections without delay may form no circle; got a -> a (set delay: 1 at one of them)")],
    ),
    "a circle of three, told once": (
        [*WHOLE, entry("a", "b"), entry("b", "c"), entry("c", "a")],
        [(2, "a -> b: connections without delay may form no circle; got a -> b -> c -> a (set delay: 1 at one of "
             "them)")],
    ),
    "too many": (
        [entry("input", f"a{i}") for i in range(MOST_ENTRIES + 1)],
        [(None, f"a network may have {MOST_ENTRIES} connections at most; got {MOST_ENTRIES + 1} (leave some out)")],
    ),
    "too many populations": (
        [entry("input", f"a{i}") for i in range(256)] + [entry(f"a{i}", "readout") for i in range(256)],
        [(None, "a network may have 256 populations at most; got 257 (leave some out)")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_each_law_with_its_entry(name):
    entries, faults = BROKEN[name]
    assert texts(*entries) == faults


def test_all_faults_at_once_in_the_order_of_the_entries():
    found = texts(
        entry("input", "hidden"), entry("hiden", "b", channels=None), entry("b", "b"), entry("b", "readout", "conv")
    )  # fmt: skip
    assert [(place, text.partition(";")[0].partition(": ")[2]) for place, text in found] == [
        (0, "spikes of 'hidden' must come to the readout"),
        (1, "what is read must be the input or a population that an entry enters"),
        (2, "connections without delay may form no circle"),
        (3, "the readout must be entered by fc"),
    ]
    assert "did you mean 'hidden'?" in found[1][1]


def test_the_order_of_a_timestep():
    ends = [("b", "d"), ("c", "d"), ("a", "c"), ("a", "b"), ("input", "a"), ("d", "readout")]
    assert order_of([entry(source, target) for source, target in ends]) == ["a", "c", "b", "d", "readout"]
    # of what could come next, what is entered first in the list; the readout is last
    assert order_of([entry("input", "readout"), entry("input", "b"), entry("input", "a")]) == [
        "b",
        "a",
        "readout",
    ]


def test_long_lists_are_read_quickly():
    chain = [
        entry("a0", "readout"),
        *(entry(f"a{i + 1}", f"a{i}") for i in range(254)),
        entry("input", "a254"),
    ]
    assert order_of(chain) == [*(f"a{i}" for i in reversed(range(255))), "readout"]
    assert entry_faults(chain) == []
