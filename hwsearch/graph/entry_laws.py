"""The entries of an explicit list of connections, and the laws between them that need no data.

Every fault has the place of its entry, and says what that joins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hwsearch.errors import did_you_mean
from hwsearch.graph.graph import Size
from hwsearch.graph.spelling import MOST_LAYERS

SOURCE = "input"
TARGET = "readout"
MOST_ENTRIES = 1024
"""Most connections of a network."""


@dataclass(frozen=True)
class Entry:
    """A connection as it is listed.

    Attributes:
        source: Name of the population that it reads, or ``input``.
        target: Name of the population that it enters, or ``readout``.
        kind: ``identity``: a weight a channel, not pruned.
        kernel: Of its filters, down and across; (1, 1) for fc and identity.
        channels: Of its target; None: said at another entry, or those that a depthwise or identity connection reads.
        stride: Of its filters.
        window: Of the pooling of what it reads; (1, 1): none; None: the whole map.
        delay: 0, or 1: what it carries arrives a timestep later.
    """

    source: str
    target: str
    kind: Literal["conv", "depthwise", "fc", "identity"]
    kernel: Size = (1, 1)
    channels: int | None = None
    stride: Size = (1, 1)
    window: Size | None = (1, 1)
    delay: int = 0

    @property
    def ends(self) -> str:
        """How messages name it."""
        return f"{self.source} -> {self.target}"


@dataclass(frozen=True)
class EntryFault:
    """A broken law of a list.

    Attributes:
        place: Of the entry, from 0; None: the list as a whole.
        law: What must hold, of which entry.
        got: What was found.
        todo: What to do.
    """

    place: int | None
    law: str
    got: str
    todo: str

    def __str__(self) -> str:
        return f"{self.law}; got {self.got} ({self.todo})"


def fault_of(place: int, entries: Sequence[Entry], law: str, got: str, todo: str) -> EntryFault:
    """Return the fault of an entry, which says what it joins."""
    return EntryFault(place, f"{entries[place].ends}: {law}", got, todo)


def entry_faults(entries: Sequence[Entry]) -> list[EntryFault]:
    """Return which laws the entries break, whatever the data; in the order of the entries."""
    if len(entries) > MOST_ENTRIES:
        law = f"a network may have {MOST_ENTRIES} connections at most"
        return [EntryFault(None, law, str(len(entries)), "leave some out")]
    found = [
        *_faults_of_ends(entries),
        *_faults_of_channels(entries),
        *_faults_of_ways(entries),
        *_circles(entries),
    ]
    return sorted(found, key=lambda fault: -1 if fault.place is None else fault.place)


def order_of(entries: Sequence[Entry]) -> list[str]:
    """Return the names of the populations in the order of a timestep; those on a circle without delay are left out."""
    needs: dict[str, set[str]] = {entry.target: set() for entry in entries}
    for entry in entries:
        needs[entry.target] |= {entry.source} if entry.delay == 0 else set()
    waiting, ordered = dict.fromkeys(needs), []
    while ready := next((name for name in waiting if needs[name].isdisjoint(waiting)), None):
        ordered.append(ready)
        del waiting[ready]
    return sorted(ordered, key=lambda name: name == TARGET)


def _first_entries(entries: Sequence[Entry]) -> dict[str, int]:
    """Return the populations in the order in which they are first entered, and where that is."""
    first: dict[str, int] = {}
    for i, entry in enumerate(entries):
        first.setdefault(entry.target, i)
    return first


def _faults_of_ends(entries: Sequence[Entry]) -> Iterator[EntryFault]:
    """Yield what is wrong with one entry's two ends."""
    entered = _first_entries(entries)
    if len(entered) > MOST_LAYERS:
        law = f"a network may have {MOST_LAYERS} populations at most"
        yield EntryFault(None, law, str(len(entered)), "leave some out")
    for i, entry in enumerate(entries):
        if entry in entries[:i]:
            yield fault_of(i, entries, "an entry may stand only once", "the same again", "remove one")
        if entry.source == TARGET:
            todo = "read another population"
            yield fault_of(i, entries, "nothing may read the readout", "from: readout", todo)
        elif entry.source not in entered and entry.source != SOURCE:
            law = "what is read must be the input or a population that an entry enters"
            todo = did_you_mean(entry.source, {SOURCE, *entered} - {TARGET}, "populations")
            yield fault_of(i, entries, law, repr(entry.source), todo)
        if entry.target == SOURCE:
            yield fault_of(i, entries, "nothing may enter the input", "to: input", "enter another population")
        if entry.target == TARGET and entry.kind != "fc":
            law = "the readout must be entered by fc"
            yield fault_of(i, entries, law, entry.kind, "write fc: true, with pool where a map is read")
        if entry.source == SOURCE and entry.delay:
            yield fault_of(i, entries, "the input is read without delay", "delay: 1", "remove delay")


def _faults_of_channels(entries: Sequence[Entry]) -> Iterator[EntryFault]:
    """Yield where channels are said twice and differ, and where nothing says them."""
    said: dict[str, int] = {}
    for i, entry in enumerate(entries):
        if entry.channels is None:
            continue
        first = said.setdefault(entry.target, i)
        if entries[first].channels != entry.channels:
            law = f"the channels of {entry.target!r} are said once, or agree"
            got = f"{entry.channels}, and {entries[first].channels} of {entries[first].ends}"
            yield fault_of(i, entries, law, got, "say them once")
    known = {SOURCE, TARGET, *said}
    tied = [entry for entry in entries if entry.kind in ("depthwise", "identity")]
    for _ in tied:
        known |= {entry.target for entry in tied if entry.source in known}
    for name, i in _first_entries(entries).items():
        if name not in known:
            law = f"one of the entries must say how many channels, or units, {name!r} has"
            yield fault_of(i, entries, law, "none that does", "add channels: N, or units: N for fc")


def _faults_of_ways(entries: Sequence[Entry]) -> Iterator[EntryFault]:
    """Yield which populations nothing comes to, or that lead nowhere, or that have no weights to prune."""
    entered = _first_entries(entries)
    unknown = {entry.source for entry in entries} - set(entered) - {SOURCE}  # a fault of its own
    reached = _closure({SOURCE, *unknown}, [(entry.source, entry.target) for entry in entries])
    useful = _closure({TARGET}, [(entry.target, entry.source) for entry in entries])
    if TARGET not in entered:
        law = "an entry must enter the readout"
        yield EntryFault(None, law, "none that does", "add {from: ..., to: readout, fc: true}")
    for name, i in entered.items():
        if name in (SOURCE, TARGET):
            continue
        if name not in reached:
            law = f"spikes must come to {name!r} from the input"
            yield fault_of(i, entries, law, "no way there", "connect what it reads to the input")
        if name not in useful and TARGET in entered:
            law = f"spikes of {name!r} must come to the readout"
            yield fault_of(i, entries, law, "no way there", "read it, or leave it out")
        if all(entry.kind == "identity" for entry in entries if entry.target == name):
            law = f"{name!r} must be entered by a connection other than an identity, which has no weights to prune"
            yield fault_of(i, entries, law, "identity: true alone", "use depthwise: 1, or add a connection")


def _closure(start: set[str], steps: Sequence[tuple[str, str]]) -> set[str]:
    """Return all that steps lead to from a start."""
    found, size = set(start), 0
    while len(found) > size:
        size = len(found)
        found |= {end for begin, end in steps if begin in found}
    return found


def _circles(entries: Sequence[Entry]) -> Iterator[EntryFault]:
    """Yield each circle of connections without delay once, at the first of its entries."""
    steps: dict[str, list[str]] = {}
    # what enters the input or reads the readout has a fault of its own
    now = {i: e for i, e in enumerate(entries) if not (e.delay or e.target == SOURCE or e.source == TARGET)}
    for entry in now.values():
        steps.setdefault(entry.source, []).append(entry.target)
    told: set[frozenset[str]] = set()
    for i, entry in now.items():
        way = _way(entry.target, entry.source, steps)
        if way is not None and frozenset(way) not in told:
            told.add(frozenset(way))
            law = "connections without delay may form no circle"
            circle = " -> ".join([entry.source, *way])
            yield fault_of(i, entries, law, circle, "set delay: 1 at one of them")


def _way(start: str, end: str, steps: Mapping[str, Sequence[str]]) -> list[str] | None:
    """Return the shortest way from one population to another, both included; None where there is none."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == end:
            return way
        further = [name for name in dict.fromkeys(steps.get(way[-1], ())) if name not in seen]
        seen.update(further)
        ways += [[*way, name] for name in further]
    return None
