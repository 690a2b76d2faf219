"""From an explicit list of connections to a graph: for what no string says.

Each entry joins two populations, which are known by their names. The order of a timestep follows: what is read in the
same timestep comes first, and of what could come next, what is listed first. Laws that need no data are in
`entry_laws`; those of shapes are here. Not for the YAML of an entry: see `study.network_section`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwsearch.graph.builder import (
    Ends,
    check_window,
    depthwise_connection,
    fc_connection,
    filter_connection,
    identity_connection,
)
from hwsearch.graph.entry_laws import (
    SOURCE,
    TARGET,
    Entry,
    EntryFault,
    entry_faults,
    fault_of,
    order_of,
)
from hwsearch.graph.graph import INPUT, Connection, Input, Pooling, Population, Size
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.order import components, steps_in_time


class ListError(ValueError):
    """A list is no network; all that was found is in ``faults``."""

    def __init__(self, faults: Sequence[EntryFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in faults))


def read_list(
    entries: Sequence[Entry],
    data: Input,
    classes: int,
    law: NeuronLaw,
    *,
    norm: bool = False,
    pool: str = "max",
) -> tuple[tuple[Population, ...], tuple[Connection, ...]]:
    """Return the populations and connections of a list, readout included.

    Args:
        entries: One a connection.
        data: What the network reads.
        classes: Channels of the readout.
        law: Of all its neurons.
        norm: Whether a batch normalisation stands before each population that does not feed itself, also by way of
            others.
        pool: Kind of its poolings, ``max`` or ``sum``; a global one is always a sum.

    Raises:
        ListError: An entry breaks a law.
    """
    if faults := entry_faults(entries):
        raise ListError(faults)
    names = order_of(entries)
    shapes = _Shapes(entries, data, classes)
    if shapes.faults:
        raise ListError(shapes.faults)
    place = {SOURCE: INPUT, **{name: i for i, name in enumerate(names)}}
    listed = sorted(
        range(len(entries)), key=lambda i: place[entries[i].target]
    )  # stable: as listed, by target
    called = _names(entries)
    connections = tuple(
        _connection(
            entries[i],
            Ends(
                called[i], place[entries[i].source], place[entries[i].target], shapes.of(entries[i].source),
                shapes.pooling(entries[i], pool), entries[i].delay,
            ),
            shapes.channels[entries[i].target],
        )
        for i in listed
    )  # fmt: skip
    apart = {
        p for group in components(len(names), connections) if steps_in_time(group, connections) for p in group
    }
    flat = {entry.target for entry in entries if entry.kind == "fc"}
    populations = tuple(
        Population(
            name, shapes.channels[name], shapes.sizes[name], None if name == TARGET else law,
            norm and name != TARGET and place[name] not in apart, name in flat,
        )
        for name in names
    )  # fmt: skip
    return populations, connections


def _names(entries: Sequence[Entry]) -> list[str]:
    """Return a connection's name: its target's for the first one there, for the others with their source's."""
    names: list[str] = []
    for entry in entries:
        names.append(f"{entry.target}.{entry.source}" if entry.target in names else entry.target)
    return [n if n not in names[:i] else f"{n}.{1 + names[:i].count(n)}" for i, n in enumerate(names)]


def _connection(entry: Entry, ends: Ends, channels: int) -> Connection:
    if entry.kind == "fc":
        return fc_connection(ends, channels, readout=entry.target == TARGET)
    if entry.kind == "conv":
        return filter_connection(ends, channels, entry.kernel, entry.stride)
    if entry.kind == "depthwise":
        return depthwise_connection(ends, entry.kernel, entry.stride)
    return identity_connection(ends, entry.stride)


class _Shapes:
    """Channels and map of each population, worked out from the input; and what does not go together."""

    def __init__(self, entries: Sequence[Entry], data: Input, classes: int) -> None:
        self.faults: list[EntryFault] = []
        self._entries = entries
        self.channels = {SOURCE: data.shape[0], TARGET: classes}
        self.sizes: dict[str, Size] = {SOURCE: (data.shape[1], data.shape[2])}
        self._set_channels()
        self._set_sizes()

    def of(self, population: str) -> tuple[int, int, int]:
        """Return [C, H, W]."""
        return self.channels[population], *self.sizes[population]

    def pooling(self, entry: Entry, kind: str) -> Pooling:
        """Return the pooling of what an entry reads."""
        if entry.window is None:
            return Pooling(self.sizes[entry.source], "sum")
        return (
            Pooling() if entry.window == (1, 1) else Pooling(entry.window, "max" if kind == "max" else "sum")
        )

    def _set_channels(self) -> None:
        """Spread what is given over depthwise connections and identities, then compare."""
        entries = self._entries
        for entry in entries:
            if entry.channels is not None:
                self.channels.setdefault(entry.target, entry.channels)
        tied = [entry for entry in entries if entry.kind in ("depthwise", "identity")]
        for _ in tied:
            for entry in tied:
                if entry.source in self.channels:
                    self.channels.setdefault(entry.target, self.channels[entry.source])
        for i, entry in enumerate(entries):
            channels = self.channels[entry.target]
            if entry.target == TARGET and entry.channels not in (None, channels):
                law = f"the readout has a channel for each of the {channels} classes"
                self._refuse(i, law, str(entry.channels), "leave the number out")
            if entry in tied and self.channels[entry.source] != channels:
                law = f"{entry.kind} gives as many channels as it reads, {self.channels[entry.source]}"
                self._refuse(i, law, f"{channels} of {entry.target!r}", "use conv: 1")

    def _set_sizes(self) -> None:
        """Follow the connections from the input, and compare what enters one population."""
        entries = self._entries
        first: dict[str, int] = {}
        unsure: set[str] = set()  # populations behind a pooling that was refused
        waiting = list(range(len(entries)))
        while waiting:
            # every population is reached from the input, so one of those that wait can be worked out
            i = next(i for i in waiting if entries[i].source in self.sizes)
            waiting.remove(i)
            entry = entries[i]
            try:
                size = self._size(entry)
            except ValueError as error:
                got = "x".join(map(str, entry.window or ()))
                self._refuse(i, str(error), f"pool {got}", "use a smaller window")
                size = self._size(replace(entry, window=(1, 1)))
                unsure.add(entry.target)
            if entry.source in unsure and entry.kind != "fc":
                unsure.add(entry.target)
            known = self.sizes.setdefault(entry.target, size)
            other = first.setdefault(entry.target, i)
            if size != known and entry.target not in unsure:
                law = f"all that enters {entry.target!r} must give maps of one size"
                got = f"{size[0]} x {size[1]}, and {known[0]} x {known[1]} of {entries[other].ends}"
                self._refuse(i, law, got, "change stride or pool, or enter it by fc alone")

    def _refuse(self, place: int, law: str, got: str, todo: str) -> None:
        self.faults.append(fault_of(place, self._entries, law, got, todo))

    def _size(self, entry: Entry) -> Size:
        """Return the map that a connection makes.

        Raises:
            ValueError: Its window is larger than what it reads.
        """
        pooling = self.pooling(entry, "max")
        check_window(pooling, self.sizes[entry.source])
        if entry.kind == "fc":
            return 1, 1
        ends = Ends("", 0, 0, self.of(entry.source), pooling)
        return _connection(replace(entry, kernel=(1, 1)), ends, 1).out_size
