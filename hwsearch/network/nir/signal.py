"""What a population's spikes become on their way to the next: pooled, flattened, scaled, weighted, late.

A connection of the machine is: pooling, then one matrix or filter bank, then the sum. What stands between two neurons
of a NIR graph must be of that form; factors go into the weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwsearch.graph.builder import conv_size
from hwsearch.graph.graph import Size
from hwsearch.network.nir.values import Delay, Flatten, Neuron, Node, Pool, Scale, Terminal, Weights

Shape = tuple[int, int, int]


class Unsayable(Exception):
    """What the machine cannot do: law, what was found, what to do."""

    def __init__(self, law: str, got: str, todo: str) -> None:
        super().__init__(law)
        self.law, self.got, self.todo = law, got, todo


@dataclass(frozen=True, eq=False)
class Signal:
    """What one population, or the input, sends to a node.

    Attributes:
        source: Name of the neuron's node, or of the input.
        shape: [C, H, W] of the values now.
        flat: Whether they were flattened, or have one axis only.
        window: Pooling so far.
        factor: What they are multiplied by, in a form that fits [C, H, W]; behind weights: 1.
        weight: [out, in] or [out, in / groups, kh, kw], factors included; None before weights.
        stride, groups: Of filters.
        map_size: H and W of what the weights read.
        delay: Timesteps.
    """

    source: str
    shape: Shape
    flat: bool
    window: Size = (1, 1)
    factor: np.ndarray | None = None
    weight: np.ndarray | None = None
    stride: Size = (1, 1)
    groups: int = 1
    map_size: Size = (1, 1)
    delay: int = 0


def shape_of(written: tuple[int, ...]) -> tuple[Shape, bool] | None:
    """Return a written shape as [C, H, W] and whether it is flat: [N], [C, L] or [C, H, W], a batch of 1 before it."""
    while len(written) > 3 and written[0] == 1:
        written = written[1:]
    if not 1 <= len(written) <= 3 or min(written) < 1:
        return None
    if len(written) == 1:
        return (written[0], 1, 1), True
    return (written[0], *((1,) * (3 - len(written))), *written[1:]), False  # type: ignore[return-value]


def passed(node: Node, signal: Signal) -> Signal:
    """Return what becomes of a signal in a node that is no neuron.

    Raises:
        Unsayable: The machine has no such connection.
    """
    if isinstance(node, Terminal):
        return signal
    if isinstance(node, Delay):
        return late(signal, node.steps)
    if isinstance(node, Flatten):
        return _flattened(node, signal)
    if isinstance(node, Scale):
        return _scaled(node.factor, signal)
    if isinstance(node, Pool):
        return _pooled(node, signal)
    assert isinstance(node, Weights)
    assert not isinstance(node, Neuron)
    if signal.weight is not None:
        law = "between two neurons there must be one matrix or filter bank at most"
        raise Unsayable(
            law,
            f"weights behind weights on the way from {signal.source!r}",
            "multiply both, or put neurons between them",
        )
    return _matrix(node, signal) if node.weight.ndim == 2 else _filtered(node, signal)


def late(signal: Signal, steps: int) -> Signal:
    """Return a signal that comes later."""
    if signal.delay + steps > 1:
        law, todo = (
            "a delay must be 0 or 1 timesteps in all",
            "remove a Delay, or an edge that closes a circle",
        )
        raise Unsayable(law, f"{signal.delay + steps} from {signal.source!r}", todo)
    return replace(signal, delay=signal.delay + steps)


def per_channel(values: np.ndarray, shape: Shape, what: str) -> np.ndarray:
    """Return values of a population as [C].

    Args:
        values: One number, one a channel, or one a neuron.
        shape: [C, H, W].
        what: How messages name them.

    Raises:
        Unsayable: They differ within a channel's map, or are of another number.
    """
    if values.size == 1:
        return np.full(shape[0], values.ravel()[0])
    if values.size == shape[0] and (shape[1:] == (1, 1) or values.shape[-2:] == (1, 1)):
        return values.ravel()
    if values.size != np.prod(shape):
        got = f"{values.size} for a population of {' x '.join(map(str, shape))}"
        raise Unsayable(f"{what} must be one number, one a channel or one a neuron", got, "write it so")
    maps = values.reshape(shape[0], -1)
    if (np.ptp(maps, 1) > 1e-6 * np.abs(maps).max(1)).any():
        got = f"{maps.min():g} to {maps.max():g}, up to {np.ptp(maps, 1).max():g} apart in one map"
        raise Unsayable(
            f"{what} must be one number a channel where neurons form a map", got, "train with one a channel"
        )
    return maps[:, 0].copy()


def _flattened(node: Flatten, signal: Signal) -> Signal:
    axes = (signal.shape[0],) if signal.flat else signal.shape
    end = node.end if node.end >= 0 else len(axes) + node.end
    outside = [n for i, n in enumerate(axes) if not node.start <= i <= end]
    # a [C, L] is [C, 1, L] here, and some count a batch: what counts is that all is one axis in the end
    if max(outside, default=1) > 1:
        law = "a Flatten must make one axis of all"
        raise Unsayable(
            law, f"axes {node.start} to {node.end} of {list(axes)}", "write start_dim = 0, end_dim = -1"
        )
    return replace(signal, flat=True)


def _scaled(factor: np.ndarray, signal: Signal) -> Signal:
    if signal.weight is not None:
        values = per_channel(factor, signal.shape, "a scale behind weights")
        return replace(signal, weight=signal.weight * values.reshape(-1, *[1] * (signal.weight.ndim - 1)))
    if factor.size not in (1, signal.shape[0], np.prod(signal.shape)):
        raise Unsayable(
            "a scale must be one number, one a channel or one a value",
            f"{factor.size} of {list(signal.shape)}",
            "write it so",
        )
    if factor.size == 1:
        factor = factor.reshape(1, 1, 1)
    else:
        factor = factor.reshape(signal.shape if factor.size == np.prod(signal.shape) else (-1, 1, 1))
    return replace(signal, factor=factor if signal.factor is None else signal.factor * factor)


def _pooled(node: Pool, signal: Signal) -> Signal:
    if signal.weight is not None or signal.flat:
        law = "a pooling must stand behind neurons (or the input), before weights"
        got = "it stands behind weights" if signal.weight is not None else "what it reads is flat"
        raise Unsayable(law, got, "put the neurons before the pooling")
    channels, height, width = signal.shape
    size = height // node.window[0], width // node.window[1]
    if min(size) < 1:
        raise Unsayable(
            "a pooling's window must fit its map", f"{node.window} of {height} x {width}", "use a smaller one"
        )
    factor = signal.factor
    if factor is not None and factor.size not in (1, channels):
        raise Unsayable(
            "a scale before a pooling must be one a channel",
            f"{factor.size} values",
            "scale behind the pooling",
        )
    if node.factor != 1.0:
        factor = np.full((1, 1, 1), node.factor) * (1.0 if factor is None else factor)
    window = signal.window[0] * node.window[0], signal.window[1] * node.window[1]
    return replace(signal, shape=(channels, *size), window=window, factor=factor)


def _matrix(node: Weights, signal: Signal) -> Signal:
    inputs = int(np.prod(signal.shape))
    if node.weight.shape[1] != inputs or not (signal.flat or max(signal.shape) == inputs):
        got = f"{node.weight.shape[1]} inputs of weights, {' x '.join(map(str, signal.shape))} values"
        raise Unsayable(
            "a matrix must read one axis of as many values as it has inputs",
            got,
            "add a Flatten, or mend the shape",
        )
    weight = (
        node.weight * np.broadcast_to(1.0 if signal.factor is None else signal.factor, signal.shape).ravel()
    )
    return replace(
        signal, shape=(len(weight), 1, 1), flat=True, factor=None, weight=weight, map_size=signal.shape[1:]
    )


def _filtered(node: Weights, signal: Signal) -> Signal:
    channels, height, width = signal.shape
    if node.weight.shape[1] * node.groups != channels or (signal.flat and (height, width) != (1, 1)):
        got = f"{node.weight.shape[1] * node.groups} channels of filters, {' x '.join(map(str, signal.shape))} values"
        raise Unsayable("a filter bank must read a map of as many channels as it has", got, "mend the shape")
    sides: Size = node.weight.shape[2], node.weight.shape[3]
    if node.padding is not None:
        if node.padding == (0, 0) and sides == (height, width) and node.groups == 1:
            return _matrix(
                Weights(node.weight.reshape(len(node.weight), -1), None), replace(signal, flat=True)
            )
        law = "padding must be kernel // 2 of odd sides, or 'same'"
        got = f"padding {node.padding}, filters of {sides[0]} x {sides[1]}"
        raise Unsayable(
            law,
            got,
            f"train with padding {(sides[0] // 2, sides[1] // 2)}"
            + ("" if all(s % 2 for s in sides) else " and odd filters"),
        )
    weight = node.weight
    if signal.factor is not None:
        if signal.factor.size not in (1, channels):
            raise Unsayable(
                "a scale before filters must be one a channel",
                f"{signal.factor.size} values",
                "scale behind them",
            )
        values = np.broadcast_to(signal.factor, (channels, 1, 1)).ravel()
        weight = weight * (values.reshape(-1, 1, 1, 1) if node.groups > 1 else values.reshape(1, -1, 1, 1))
    size = conv_size((height, width), node.stride)
    return replace(
        signal, shape=(len(weight), *size), factor=None, weight=weight, stride=node.stride, groups=node.groups,
        map_size=(height, width),
    )  # fmt: skip
