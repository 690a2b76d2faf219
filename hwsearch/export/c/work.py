"""What a C library does in an inference, for its instructions and code: its statements counted, with counted events."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hwsearch.export.c.model import CModel
from hwsearch.export.c.types import BITS, state_type
from hwsearch.hardware.firmware.events import listed
from hwsearch.hardware.firmware.program import (
    Library,
    LibraryConnection,
    LibraryPopulation,
    PlainLoop,
)
from hwsearch.hardware.storage import streams
from hwsearch.hardware.workload import Workload

_GUARD = re.compile(r"if \(s->timestep (==|>=) (\d+)u\) \{")
_CALL = re.compile(r"(?:snnk_)?(\w+)\(")
_LENGTH = re.compile(r", (\d+)u")
_PLAIN = ("clear", "copy", "rescale", "settle")


def library_of(model: CModel, workload: Workload) -> Library:
    """Return what a network's library does.

    Args:
        model: The network as C.
        workload: Its events, counted (`measure.workload.count_workload`) or predicted.
    """
    statements = list(_statements(model))
    called = {name: calls for name, _, calls in statements}
    plain = [PlainLoop(name, n, calls) for name, n, calls in statements if name in _PLAIN]
    feed = model.program.feed
    binned = feed.frames if feed.bins is not None and feed.frames else 0
    return Library(
        timesteps=model.network.timesteps,
        connections=tuple(_connections(model, workload, called)),
        populations=tuple(_populations(model, workload)),
        loops=(*plain, *_frames(model)),
        statements=len(statements),
        scales=len(model.program.scales),
        arrays=sum(member.role != "control" for member in model.program.members),
        counters=sum(member.role == "control" for member in model.program.members),
        frames=binned,
    )


def _statements(model: CModel) -> Iterator[tuple[str, int, int]]:
    """Yield the function that each statement calls, the length that it is given, and its calls in an inference."""
    timesteps = calls = model.network.timesteps
    for line in model.program.step:
        guard, called = _GUARD.search(line), _CALL.match(line.strip())
        if guard:
            first = int(guard[2])
            calls = max(0, timesteps - first) if guard[1] == ">=" else int(first < timesteps)
        elif line == "}":
            calls = timesteps
        elif called:
            length = _LENGTH.search(line)
            yield called[1], int(length[1]) if length else 0, calls


def _connections(model: CModel, workload: Workload, called: dict[str, int]) -> Iterator[LibraryConnection]:
    names = zip(
        model.program.calls, model.names.connections, model.weights, workload.connections, strict=True
    )
    for call, name, weights, work in names:
        calls = called[f"add_{name}"]
        yield LibraryConnection(
            work=work,
            kernel=weights.kernel,
            streams=streams(weights.format, work.census, work.weight_bits) or (),
            unit=weights.fields["unit"],
            scan=call.scan.type,
            calls=calls,
            events=listed(work, workload, calls),
            paired=call.pairs is not None,
        )


def _populations(model: CModel, workload: Workload) -> Iterator[LibraryPopulation]:
    network = model.network
    for population, update, params, kind in zip(
        workload.populations, model.program.updates, model.program.params, network.populations, strict=True
    ):
        readout = kind.threshold is None
        yield LibraryPopulation(
            channels=population.channels,
            neurons=population.neurons,
            spikes=population.spikes_out,
            calls=network.timesteps - (network.readout.first(network.timesteps) if readout else 0),
            readout=readout,
            state="i32" if readout else state_type(network.state_bits),
            params=params,
            wide=update.wide == "int64_t",
            sum=update.sum,
            constant=update.constant,
            clip=update.clip,
            saturate=update.saturate,
        )


def _frames(model: CModel) -> Iterator[PlainLoop]:
    """Yield what a frame takes where several make a timestep: it is added up, and the sums become means."""
    feed, timesteps = model.program.feed, model.network.timesteps
    if feed.bins is None or feed.frames is None:
        return
    yield PlainLoop(f"frame_{'bits' if feed.raw == BITS else 'values'}", feed.inputs, feed.frames)
    if feed.bins == "mean":
        wide = any(mean.wide for mean in feed.means)
        yield PlainLoop(
            f"mean_{'wide' if wide else 'narrow'}{'_bits' if feed.counts else ''}", feed.inputs, timesteps
        )
