"""What each probe of a network took, with the terms that happened in it: the rows of a fit."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import Case

from benchmarks.firmware_batch import Probed
from hwsearch.export.c.work import library_of
from hwsearch.hardware.firmware.code import with_merged
from hwsearch.hardware.firmware.events import lists_of
from hwsearch.hardware.firmware.instructions import plain_terms, terms, update_terms
from hwsearch.hardware.firmware.loops import Term, connection_terms, kernel_terms, scan_terms
from hwsearch.hardware.firmware.program import Library, LibraryConnection
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer

Counts = Mapping[str, float]
PROBE = "probe"
"""The term of probing itself."""


@dataclass(frozen=True)
class Drawn:
    """Networks that were probed, by their names.

    Attributes:
        cases: Each as C, with its inputs.
        libraries: What each does, with events counted on its inputs.
    """

    cases: Mapping[str, Case]
    libraries: Mapping[str, Library]


def drawn_networks(cases: Mapping[str, Case]) -> Drawn:
    """Return networks with what each one's library does."""
    return Drawn(cases, {name: library(case) for name, case in cases.items()})


def library(each: Case) -> Library:
    """Return what a network's library does, its events counted on its inputs."""
    network = each.model.network
    run = run_integer(network, each.x)
    return library_of(each.model, count_workload(network, run.input_maps, run.spikes, arrivals=run.arrivals))


def probe_rows(probed: Probed, drawn: Drawn, core: str) -> Iterator[tuple[Counts, float]]:
    """Yield what each probe, and the whole, took, with the terms that happened in it."""
    whole = in_firmware(probed.network, probed.together, drawn, core)
    names = drawn.cases[probed.network].model.names
    connections = dict(zip(names.connections, whole.connections, strict=True))
    populations = dict(zip(names.populations, whole.populations, strict=True))
    loops, n_probes = iter(whole.loops), 0.0
    for what, name, spent in probed.probes:
        found: Iterable[tuple[str, float]]
        if what in ("scan", "fc", "conv", "fc_pairs"):
            c = connections[name]
            if (c.kernel == "pairs") != (what == "fc_pairs"):
                continue  # what other cores do in this place
            found, times = _of_connection(what, c)
        elif what in ("fire", "read"):
            p = populations[re.findall(r"&(\w+)_neurons", name)[0]]
            found, times = update_terms(p), p.calls
        else:
            loop = next(loops)
            found, times = plain_terms(loop), loop.calls
        n_probes += times
        if spent > 0:
            yield _added(found), spent
    if len(probed.together) == 1:
        yield {**terms(whole), PROBE: n_probes}, probed.instructions


def lacking(firmwares: Sequence[Sequence[str]], drawn: Drawn, core: str) -> list[str]:
    """Return networks whose firmware shows what none of these shows: functions that are called, not merged.

    Two of each term, so that in a firmware of them none is a part of its one caller.

    Args:
        firmwares: The networks of each that is probed.
        drawn: All that were drawn.
        core: What runs them.
    """
    seen = {
        name for part in firmwares for each in part for name in _names(in_firmware(each, part, drawn, core))
    }
    having: dict[str, list[str]] = {}
    for network, library in drawn.libraries.items():
        for name in _names(library.on(core)) - seen:
            having.setdefault(name, []).append(network)
    return sorted({network for networks in having.values() for network in networks[:2]})


def in_firmware(network: str, together: Sequence[str], drawn: Drawn, core: str) -> Library:
    """Return a network's library, told what its firmware merges, whose kernels all its networks share."""
    sharing = [drawn.libraries[name].on(core) for name in together]
    every = replace(sharing[0], connections=tuple(c for each in sharing for c in each.connections))
    whole = drawn.libraries[network].on(core)
    merged = with_merged(every)[0].merged
    return replace(whole, connections=tuple(replace(c, merged=merged) for c in whole.connections))


def _names(library: Library) -> set[str]:
    """Return the terms of a library's connections, which are told what is merged, that happen at all."""
    return {name for c in library.connections for name, count in connection_terms(c) if count}


def _of_connection(what: str, c: LibraryConnection) -> tuple[Iterator[Term], float]:
    """Return the terms of what is probed of a connection, and how often that is called in an inference."""
    if what == "scan":
        return scan_terms(c), lists_of(c).all
    return kernel_terms(c), c.calls if what == "fc_pairs" else lists_of(c).filled


def _added(found: Iterable[tuple[str, float]]) -> Counts:
    total: Counter[str] = Counter()
    for name, count in found:
        total[name] += count
    return total
