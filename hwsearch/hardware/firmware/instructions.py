"""Instructions of an inference: turns of loops times what each takes on a core.

Instructions are not cycles: memory waits, multi-cycle instructions and pipelines are not in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hwsearch.hardware.firmware.code import with_merged
from hwsearch.hardware.firmware.loops import Term, connection_terms
from hwsearch.hardware.firmware.program import (
    Library,
    LibraryConnection,
    LibraryPopulation,
    PlainLoop,
)


def terms(library: Library) -> dict[str, float]:
    """Return how often each term happens in an inference, by its name.

    Raises:
        KeyError: A kernel of it is not known.
    """
    total: defaultdict[str, float] = defaultdict(float)
    for name, count in _terms(library):
        total[name] += count
    return dict(total)


def instructions(library: Library, constants: Mapping[str, float]) -> float | None:
    """Return the instructions of an inference; None where the core's constants lack a term that happens.

    instructions = sum over terms of constant * count

    Args:
        library: What is computed.
        constants: Instructions of each term.
    """
    counted = terms(library)
    if not counted.keys() <= constants.keys():
        return None
    return sum(constants[name] * count for name, count in counted.items())


def connection_instructions(c: LibraryConnection, constants: Mapping[str, float]) -> float | None:
    """Return the instructions of a connection in an inference; None where the constants lack one of its terms."""
    counted = list(connection_terms(c))
    if not {name for name, _ in counted} <= constants.keys():
        return None
    return sum(constants[name] * count for name, count in counted)


def _terms(library: Library) -> Iterator[Term]:
    yield "timestep", library.timesteps
    for c in with_merged(library):
        yield from connection_terms(c)
    for population in library.populations:
        yield from update_terms(population)
    for loop in library.loops:
        yield from plain_terms(loop)
    if library.frames:
        yield "frame", library.frames


def plain_terms(loop: PlainLoop) -> Iterator[Term]:
    """Yield the terms of a loop over an array."""
    yield f"{loop.name} call", loop.calls
    yield f"{loop.name} element", loop.calls * loop.elements


def update_terms(p: LibraryPopulation) -> Iterator[Term]:
    """Yield the terms of neurons: what each takes whatever is added, and what each addition takes on top."""
    kind = ("read" if p.readout else "fire") + (" wide" if p.wide else "")
    neurons = p.neurons * p.calls
    yield f"{kind} call", p.calls
    yield f"{kind} neuron", neurons
    for name, on in (("sum", p.sum), ("clip", p.clip), ("saturate", p.saturate)):
        if on:
            yield f"{kind} {name}", neurons
    if p.constant:
        yield "wide constant" if p.wide else "constant", neurons
    if not p.readout:
        yield f"{kind} channel", p.channels * p.calls
        yield f"{kind} byte", p.neurons * p.calls / 8
        yield f"{kind} spike", p.spikes
