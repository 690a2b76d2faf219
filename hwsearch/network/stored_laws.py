"""What settings and arrays must say to be a network of integers: the laws that a file's content is held against.

A file may come from anybody, so every number has bounds, and what the numbers say together must be a graph whose
arrays are there in its shapes: only then may something be computed of it. Not for reading files (`store`).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwsearch.graph.builder import conv_size
from hwsearch.graph.graph import INPUT
from hwsearch.graph.spelling import MOST, MOST_LAYERS

MOST_NEURONS = 2**24
"""Neurons of a stored network, all populations together: far more than any device of this kind holds."""
MOST_CONNECTIONS = 4 * MOST_LAYERS
MOST_TIMESTEPS = 64
MOST_SHIFT = 31
"""Places that a 32-bit integer can be shifted by, as a leak or by fraction bits."""
_MOST_INT32 = 2**31 - 1
_SHOWN = 80

Side = Annotated[int, Field(ge=1, le=MOST)]
Sides = tuple[Side, Side]
Channels = Annotated[int, Field(ge=0, le=MOST)]
Shift = Annotated[int, Field(ge=1, le=MOST_SHIFT)]
Width = Annotated[int, Field(ge=1, le=64)]
Named = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,128}$")]
"""Of populations and connections: they stand in comments of exported C, which `verify` builds."""


class _Values(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)


class _Law(_Values):
    leak_shift: Shift | None
    threshold: float
    reset: Literal["zero", "subtract"]


class _Population(_Values):
    name: Named
    channels: Channels
    size: Sides
    law: _Law | None
    norm: bool = False
    flat: bool = False


class _Pooling(_Values):
    window: Sides
    kind: Literal["max", "sum"]


class _Connection(_Values):
    name: Named
    source: Annotated[int, Field(ge=INPUT, lt=MOST_LAYERS)]
    target: Annotated[int, Field(ge=0, lt=MOST_LAYERS)]
    kind: Literal["conv", "fc"]
    in_channels: Annotated[int, Field(ge=0, le=MOST_NEURONS)]
    out_channels: Channels
    kernel: Sides
    stride: Sides
    groups: Annotated[int, Field(ge=1, le=MOST)]
    pooling: _Pooling
    delay: Annotated[int, Field(ge=0, le=1)]
    in_size: Sides
    out_size: Sides
    fan_columns: Annotated[int, Field(ge=1, le=MOST_NEURONS)]
    prunable: bool = True
    readout: bool = False
    fraction_bits: Annotated[int, Field(ge=-MOST_SHIFT, le=MOST_SHIFT)]


class _Input(_Values):
    shape: tuple[Side, Side, Side]
    max: Annotated[int, Field(ge=1, le=2**16 - 1)]
    bits: Annotated[int, Field(ge=1, le=16)]
    frames: Annotated[int, Field(ge=1, le=MOST)] | None = None
    binning: Literal["sum", "mean"] = "sum"


class _Readout(_Values):
    last: Annotated[int, Field(ge=1, le=MOST)] | None = None
    leak_shift: Shift | None = None
    labels: Literal["sample", "step"] = "sample"


class _Network(_Values):
    populations: Annotated[tuple[_Population, ...], Field(min_length=1, max_length=MOST_LAYERS)]
    connections: Annotated[tuple[_Connection, ...], Field(min_length=1, max_length=MOST_CONNECTIONS)]
    weight_bits: tuple[Annotated[int, Field(ge=1, le=16)], ...]
    timesteps: Annotated[int, Field(ge=1, le=MOST_TIMESTEPS)]
    input: _Input
    readout: _Readout
    state_bits: Width
    accumulator_bits: Width


def network_fault(settings: Any, arrays: Mapping[str, np.ndarray]) -> str:
    """Return in words the first law of a network that settings and arrays break; empty: they are a network.

    Args:
        settings: As `store.network_settings` gives them, or whatever a file says in their place.
        arrays: By name, as `store.network_arrays`.
    """
    try:
        network = _Network.model_validate_json(json.dumps(settings), strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"])) or "settings"
        return f"{place}: {fault['msg']}; got {repr(fault['input'])[:_SHOWN]}"
    except (TypeError, ValueError, RecursionError) as error:
        return f"settings must be plain JSON values; got {str(error)[:_SHOWN]}"
    return next(_faults(network, arrays), "")


def _faults(network: _Network, arrays: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yield what the numbers of a network contradict in each other, and in the arrays."""
    populations, connections = network.populations, network.connections
    names = [p.name for p in populations]
    if len(set(names)) < len(names) or len({c.name for c in connections}) < len(connections):
        yield "populations, and connections, must have names of their own"
    if len(network.weight_bits) != len(connections):
        yield f"weight_bits must be {len(connections)}, one a connection; got {len(network.weight_bits)}"
    if any((p.law is None) != (place == len(populations) - 1) for place, p in enumerate(populations)):
        yield "the last population, and no other, must be the readout, which has no law"
    if sum(p.channels * p.size[0] * p.size[1] for p in populations) > MOST_NEURONS:
        yield f"a network must have {MOST_NEURONS:,} neurons at most"
    for c in connections:
        if not (c.source < len(populations) and c.target < len(populations)):
            yield f"{c.name}: source and target must be populations"
            return
    if {c.target for c in connections} != set(range(len(populations))):
        yield "some connection must enter each population"
    if any(a.target > b.target for a, b in itertools.pairwise(connections)):
        yield "connections must stand in the order of their targets"
    for place, c in enumerate(connections):
        yield from _connection_faults(network, c)
        yield from _weight_faults(c, network.weight_bits[place], arrays.get(f"{c.name}.weight"))
    for p in populations:
        yield from _array_faults(f"{p.name}.bias", arrays, (p.channels,))
        if p.law is not None:
            yield from _array_faults(f"{p.name}.threshold", arrays, (p.channels,))


def _connection_faults(network: _Network, c: _Connection) -> Iterator[str]:
    """Yield what a connection contradicts in what it joins."""
    target = network.populations[c.target]
    if c.source == INPUT:
        channels, size = network.input.shape[0], network.input.shape[1:]
    else:
        source = network.populations[c.source]
        channels, size = source.channels, source.size
        if source.law is None:
            yield f"{c.name}: nothing may read the readout"
    if c.delay == 0 and c.source >= c.target:
        yield f"{c.name}: without a delay it must lead to a later population"
    read = size[0] // c.pooling.window[0], size[1] // c.pooling.window[1]
    if min(read) < 1:
        yield f"{c.name}: it pools a map of {size[0]} x {size[1]} away"
    if c.out_channels != target.channels:
        yield f"{c.name}: out_channels must be the {target.channels} of {target.name}; got {c.out_channels}"
    if c.kind == "fc":
        values = channels * read[0] * read[1]
        if (c.in_channels, target.size, c.groups) != (values, (1, 1), 1):
            yield f"{c.name}: in_channels must be {values}, all that it reads; got {c.in_channels}"
        return
    if any(side % 2 == 0 for side in c.kernel):
        yield f"{c.name}: the sides of a filter must be odd; got {c.kernel[0]} x {c.kernel[1]}"
    made = conv_size(read, c.stride)
    if (c.in_channels, c.in_size, c.out_size, target.size) != (channels, read, made, made):
        yield f"{c.name}: a filter that reads {channels} x {read[0]} x {read[1]} must give {made[0]} x {made[1]}"
    if c.groups not in (1, c.in_channels) or (c.groups > 1 and c.out_channels != c.groups):
        yield f"{c.name}: groups must be 1, or as many as channels; got {c.groups}"


def _weight_faults(c: _Connection, bits: int, weight: np.ndarray | None) -> Iterator[str]:
    """Yield what is wrong with a connection's weights."""
    shape: tuple[int, ...] = (c.out_channels, c.in_channels)
    if c.kind == "conv":
        shape = (c.out_channels, c.in_channels // c.groups, *c.kernel)
    name = f"{c.name}.weight"
    yield from _array_faults(name, {} if weight is None else {name: weight}, shape)
    most = max(1, 2 ** (bits - 1) - 1)
    if weight is not None and weight.size and max(int(weight.max()), -int(weight.min())) > most:
        yield f"{name}: weights of {bits} bits must lie in -{most} .. {most}"


def _array_faults(name: str, arrays: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> Iterator[str]:
    """Yield what is wrong with an array of integers."""
    array = arrays.get(name)
    if array is None:
        yield f"{name}: the array is missing"
    elif array.shape != shape or array.dtype.kind not in "iu":
        yield f"{name}: it must be whole numbers of shape {shape}; got {array.dtype} of shape {array.shape}"
    elif array.size and max(int(array.max()), -int(array.min())) > _MOST_INT32 + 1:
        yield f"{name}: whole numbers must be of 32 bits"
