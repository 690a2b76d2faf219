"""Channels that are removed together: in every population that shares them, with all that enters or reads these.

A depthwise connection and a residual identity tie the channels of both their ends (`graph.order`), so one
decision removes a channel in all populations of a group. What a group loses is decided at its first prunable
connection: that one's sparsity and granularity are the group's, and those of the others that enter it are not asked.
Not for ranking (`masks` does).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.graph.graph import INPUT, Connection
from hwsearch.graph.order import channel_groups

Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ChannelGroup:
    """Populations that share their channels, by what enters and reads them.

    Attributes:
        channels: C of each of them.
        first: Place of the prunable connection that decides for the group: the first that enters it.
        entering: Places of the connections into its populations.
        reading: Places of the connections that read them; a depthwise one within the group is in both.
    """

    channels: int
    first: int
    entering: tuple[int, ...]
    reading: tuple[int, ...]


def removable(connections: Sequence[Connection]) -> tuple[ChannelGroup, ...]:
    """Return the groups that may lose channels, in the order of their first populations.

    The input and the readout keep all of theirs, and so does what shares them.
    """
    return _removable(tuple(connections))


@lru_cache(maxsize=64)  # a search asks of the same few networks again and again
def _removable(connections: tuple[Connection, ...]) -> tuple[ChannelGroup, ...]:
    readout = max(c.target for c in connections)
    groups = []
    for members in channel_groups(readout + 1, connections):
        entering = tuple(i for i, c in enumerate(connections) if c.target in members)
        prunable = [i for i in entering if connections[i].prunable]
        if INPUT in members or readout in members or not prunable:
            continue
        reading = tuple(i for i, c in enumerate(connections) if c.source in members)
        groups.append(ChannelGroup(connections[prunable[0]].out_channels, prunable[0], entering, reading))
    return tuple(groups)


def channel_scores(
    connections: Sequence[Connection], group: ChannelGroup, layers: Sequence[Scores]
) -> Scores:
    """Return the score of each channel of a group, [C].

    It is sqrt(mean score of its incoming weights * mean score of its outgoing weights), over all prunable connections
    that enter or read a population of the group.

    Args:
        connections: All of the network.
        group: Whose channels.
        layers: Scores, one array a connection like its weights.
    """
    incoming = [_rows(layers[i]) for i in group.entering if connections[i].prunable]
    outgoing = [_outgoing(connections[i], layers[i], group.channels) for i in group.reading
                if connections[i].prunable]  # fmt: skip
    return np.asarray(np.sqrt(_mean(incoming, group.channels) * _mean(outgoing, group.channels)), np.float64)


def remove(
    connections: Sequence[Connection], group: ChannelGroup, masks: Sequence[Mask], staying: Mask
) -> None:
    """Set what a group's removed channels take with them in the masks of the network: rows, and what reads them.

    Args:
        connections: All of the network.
        group: Whose channels.
        masks: One a connection; changed in place.
        staying: [C].
    """
    for i in group.entering:
        masks[i][~staying] = False
    for i in group.reading:
        if not connections[i].depthwise:  # there a channel reads itself alone: its row is gone already
            by_channel(masks[i], group.channels)[:, ~staying] = False


def by_channel(weights: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    """Return weights as [out, channels read, weights a channel].

    Fully connected ones read every channel of a map through H * W consecutive columns.
    """
    return weights.reshape(len(weights), channels, -1)


def _rows(layer: Scores) -> tuple[Scores, int]:
    """Return the mean of each row, and of how many weights."""
    rows = layer.reshape(len(layer), -1)
    return np.asarray(rows.mean(axis=1), np.float64), rows.shape[1]


def _outgoing(connection: Connection, layer: Scores, channels: int) -> tuple[Scores, int]:
    """Return the mean of what reads each channel, and of how many weights."""
    if connection.depthwise:
        return _rows(layer)
    weights = by_channel(layer, channels)
    return np.asarray(weights.mean(axis=(0, 2)), np.float64), weights.shape[0] * weights.shape[2]


def _mean(parts: Sequence[tuple[Scores, int]], channels: int) -> Scores:
    """Return the mean [C] over the weights of all parts; ones where there are none: then the other side decides."""
    if not parts:
        return np.ones(channels)
    mean, count = parts[0]
    for part, n in parts[1:]:
        count += n
        mean = mean + (part - mean) * (n / count)
    return mean
