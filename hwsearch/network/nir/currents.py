"""The current of each population of a NIR graph: which signals enter it, and which constant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hwsearch.errors import Fault
from hwsearch.network.nir.order import Order
from hwsearch.network.nir.signal import Shape, Signal, Unsayable, late, passed, per_channel, shape_of
from hwsearch.network.nir.values import Neuron, Node, Scale, Terminal, Weights


@dataclass(eq=False)
class Current:
    """What enters a node.

    Attributes:
        signals: From populations.
        bias: A constant, in a form that fits [C, H, W].
        shape: [C, H, W] of a population; None before it is known.
    """

    signals: list[Signal] = field(default_factory=list)
    bias: np.ndarray = field(default_factory=lambda: np.zeros((1, 1, 1)))
    shape: Shape | None = None

    @property
    def flat(self) -> bool:
        """Whether all that enters is flat."""
        return all(s.flat for s in self.signals)


@dataclass(eq=False)
class Walk:
    """The currents of a graph, and what was wrong on the way.

    Attributes:
        nodes: By name.
        kinds: Their types in NIR.
        order: Of a timestep.
        currents: What enters each neuron, and the output.
        faults: What the machine cannot do.
    """

    nodes: Mapping[str, Node]
    kinds: Mapping[str, str]
    order: Order
    currents: dict[str, Current] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, name: str, error: Unsayable) -> None:
        """Add what cannot be said at a node, once."""
        fault = Fault(f"node {name!r} ({self.kinds[name]})", error.law, error.got, error.todo)
        if fault not in self.faults:
            self.faults.append(fault)

    def sent(self, name: str) -> list[Signal]:
        """Return what a node sends, of what has come to it so far."""
        node, current = self.nodes[name], self.currents[name]
        if isinstance(node, Neuron):
            shape = current.shape
            return [] if shape is None else [Signal(name, shape, current.flat)]
        signals = []
        for signal in current.signals:
            try:
                signals.append(passed(node, signal))
            except Unsayable as error:
                self.fault(name, error)
        return signals


def walk(
    nodes: Mapping[str, Node], kinds: Mapping[str, str], order: Order, start: str, data: tuple[int, int, int]
) -> Walk:
    """Return the currents of all populations and of the output.

    Args:
        nodes: By name.
        kinds: Their types in NIR.
        order: Of a timestep.
        start: Name of the input.
        data: [C, H, W] of a frame.
    """
    w = Walk(nodes, kinds, order, {name: Current() for name in nodes})
    written = getattr(nodes[start], "shape", None)
    seen = shape_of(written) if written else None
    w.currents[start].signals = [Signal(start, data, seen is not None and seen[1])]
    for name in order.nodes:
        current = w.currents[name]
        if isinstance(nodes[name], Neuron) or _ends(nodes[name]):
            current.shape = _settled(w, name)
        _deliver(w, name)
    for ends in (*order.late, *order.delayed):
        signals = w.sent(ends[0])
        if ends in order.late:
            signals = _late(w, ends[0], signals)
        _send_late(w, ends[1], signals)
    return w


def _deliver(w: Walk, name: str) -> None:
    """Give what a node sends to those that read it in the same timestep; a bias goes along every edge out."""
    signals = w.sent(name)
    bias = _bias_behind(w, name)
    for following in w.order.forward[name]:
        w.currents[following].signals += signals
        _add_bias(w, following, bias)
    for start, end in (*w.order.late, *w.order.delayed):
        if start == name and not isinstance(w.nodes[name], Neuron):
            _add_bias(w, end, bias)  # a constant is always there: it has no first timestep


def _add_bias(w: Walk, name: str, bias: np.ndarray) -> None:
    try:
        w.currents[name].bias = w.currents[name].bias + bias
    except ValueError:
        got = f"{list(bias.shape)} and {list(w.currents[name].bias.shape)}"
        w.fault(name, Unsayable("what enters a node must have one shape", got, "mend the shapes"))


def _bias_behind(w: Walk, name: str) -> np.ndarray:
    """Return the constant that a node sends."""
    node, bias = w.nodes[name], w.currents[name].bias
    if isinstance(node, Neuron):
        return np.zeros((1, 1, 1))
    if isinstance(node, Weights):
        return np.zeros((1, 1, 1)) if node.bias is None else node.bias.reshape(-1, 1, 1)
    if isinstance(node, Scale) and bias.any():
        shape = next((s.shape for s in w.currents[name].signals), (1, 1, 1))
        try:
            return np.asarray(
                bias * per_channel(node.factor, shape, "a scale behind weights").reshape(-1, 1, 1)
            )
        except Unsayable as error:
            w.fault(name, error)
        except ValueError:
            got = f"{node.factor.size} for {list(bias.shape)}"
            w.fault(name, Unsayable("a scale must fit what it scales", got, "mend the shapes"))
    return bias


def _settled(w: Walk, name: str) -> Shape | None:
    """Return the shape of a population, from what enters it, or else from its parameters."""
    node, signals = w.nodes[name], w.currents[name].signals
    shapes = list(dict.fromkeys(s.shape for s in signals))
    if len(shapes) > 1:
        got = ", ".join(f"{s.source!r} {list(s.shape)}" for s in signals)
        w.fault(name, Unsayable("what enters a population must have one shape", got, "mend the shapes"))
    if not shapes:
        written = getattr(node, "shape", None)
        found = shape_of(written) if written else None
        shapes = [] if found is None else [found[0]]
    if not shapes and not w.faults:
        w.fault(
            name,
            Unsayable(
                "a population must have a shape",
                "no weights lead to it in a timestep",
                "write its parameters as arrays",
            ),
        )
    return shapes[0] if shapes else None


def _late(w: Walk, name: str, signals: Sequence[Signal]) -> list[Signal]:
    found = []
    for signal in signals:
        try:
            found.append(late(signal, 1))
        except Unsayable as error:
            w.fault(name, error)
    return found


def _send_late(w: Walk, name: str, signals: list[Signal]) -> None:
    """Send signals through the nodes that are no neurons, to the populations behind them."""
    current, node = w.currents[name], w.nodes[name]
    if isinstance(node, Neuron) or _ends(node):
        for signal in signals:
            if current.shape is not None and signal.shape != current.shape:
                got = f"{list(signal.shape)} from {signal.source!r} into {list(current.shape)}"
                error = Unsayable("what enters a population must have one shape", got, "mend the shapes")
                w.fault(name, error)
        current.signals += signals
        return
    if not w.order.forward[name]:
        law, todo = "a delayed edge must lead to a population", "remove a circle within a circle"
        w.fault(name, Unsayable(law, "an edge to nodes without neurons", todo))
    sent = _made_of(w, name, signals)
    for following in w.order.forward[name]:
        _send_late(w, following, sent)


def _made_of(w: Walk, name: str, signals: list[Signal]) -> list[Signal]:
    """Return what a node makes of signals that come besides those that it has."""
    kept = w.currents[name]
    w.currents[name] = replace(kept, signals=signals)
    sent = w.sent(name)
    w.currents[name] = kept
    return sent


def _ends(node: Node) -> bool:
    return isinstance(node, Terminal) and node.kind == "Output"
