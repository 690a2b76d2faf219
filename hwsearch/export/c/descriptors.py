"""The constants of a C network: weights, biases and thresholds, and the descriptors that kernels are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.export.c.model import CModel
from hwsearch.export.c.types import c_type
from hwsearch.graph.graph import INPUT, Connection

_COLUMN = 100


@dataclass(frozen=True)
class Array:
    """A constant array: its name, C type, number of elements, their text, and what it is."""

    name: str
    type: str
    count: int
    text: str
    comment: str


def arrays(model: CModel) -> Iterable[Array]:
    """Yield the constant arrays: weights as they are packed, biases and thresholds."""
    prefix = model.names.prefix
    for c, name, weights in zip(
        model.network.connections, model.names.connections, model.weights, strict=True
    ):
        bits = weights.fields["value_bits"]
        comment = (
            f"{c.shape.name}: {'x'.join(map(str, c.weight.shape))} weights of {bits} bits, {weights.format}"
        )
        yield _array(f"{prefix}_weights_{name}", "u8", weights.data, comment)
    params = zip(model.network.populations, model.names.populations, model.program.params, strict=True)
    for p, name, kind in params:
        yield _array(f"{prefix}_bias_{name}", kind, p.bias, f"{p.shape.name}: bias of each channel")
        if p.threshold is not None:
            comment = f"{p.shape.name}: threshold of each channel"
            yield _array(f"{prefix}_threshold_{name}", kind, p.threshold, comment)


def _array(name: str, kind: str, values: np.ndarray, comment: str) -> Array:
    """Return an array; an empty one has an element, since C knows none without."""
    unsigned = "u" if kind.startswith("u") else ""
    numbers = [_number(int(v), unsigned) for v in values.ravel()] or [f"0{unsigned}"]
    return Array(name, c_type(kind), len(numbers), filled(numbers), comment)


def _number(value: int, suffix: str = "") -> str:
    """Return a literal; the lowest number of 32 bits has none of its own."""
    return "(-2147483647 - 1)" if value == -(2**31) else f"{value}{suffix}"


def filled(numbers: Sequence[str]) -> str:
    """Return the elements of an array, as many a line as there is room for."""
    lines, line = [], "   "
    for number in numbers:
        if len(line) + len(number) + 2 > _COLUMN:
            lines.append(line)
            line = "   "
        line += f" {number},"
    return "\n".join([*lines, line])


def _source_size(model: CModel, shape: Connection) -> tuple[int, int, int]:
    if shape.source == INPUT:
        return model.network.input.shape
    population = model.network.populations[shape.source].shape
    return population.channels, *population.size


def maps(model: CModel) -> Iterable[tuple[str, dict[str, int]]]:
    """Yield what each connection reads."""
    for c, name in zip(model.network.connections, model.names.connections, strict=True):
        shape = c.shape
        channels, *full = _source_size(model, shape)
        height, width = shape.pooling.pooled((full[0], full[1]))
        conv = shape.kind == "conv"
        pad, stride = (shape.padding, shape.stride) if conv else ((0, 0), (1, 1))
        yield name, {
            "channels": channels, "height": height, "width": width,
            "full_height": full[0], "full_width": full[1],
            "window_height": shape.pooling.window[0], "window_width": shape.pooling.window[1],
            "pad_height": pad[0], "pad_width": pad[1], "stride_height": stride[0], "stride_width": stride[1],
            "out_width": shape.out_size[1],
        }  # fmt: skip


def _reach_of(shape: Connection) -> tuple[tuple[int, ...], ...]:
    """Return, of each weight of a plane, (place, row, column, row_rest, column_rest)."""
    (down, across), width = shape.stride, shape.out_size[1]
    return tuple(
        (ky // down * width + kx // across, ky // down, kx // across, ky % down, kx % across)
        for ky in range(shape.kernel[0])
        for kx in range(shape.kernel[1])
    )


def reaches(model: CModel) -> dict[tuple[tuple[int, ...], ...], str]:
    """Return the tables of reaches by their values: filters that are alike share one."""
    found: dict[tuple[tuple[int, ...], ...], str] = {}
    for c in model.network.connections:
        if c.shape.kind == "conv":
            found.setdefault(_reach_of(c.shape), f"reach_{len(found)}")
    return found


def filters(model: CModel) -> Iterable[tuple[str, dict[str, object]]]:
    """Yield the descriptors of filters, by their connection."""
    tables = reaches(model)
    for c, name in zip(model.network.connections, model.names.connections, strict=True):
        if c.shape.kind == "conv":
            height, width = c.shape.out_size
            yield name, {
                "reach": tables[_reach_of(c.shape)], "area": f"{c.shape.area}u", "height": f"{height}u",
                "width": f"{width}u", "depthwise": f"{int(c.shape.groups > 1)}u",
            }  # fmt: skip


def weights(model: CModel) -> Iterable[tuple[str, dict[str, str]]]:
    """Yield where each connection's streams are, and how wide."""
    prefix = model.names.prefix
    for name, each in zip(model.names.connections, model.weights, strict=True):
        array, starts = f"{prefix}_weights_{name}", each.starts
        places = starts.get("bitmap", starts.get("indices"))
        yield (
            name,
            {
                "places": _pointer(array, places),
                "values": _pointer(array, min(starts["values"], max(len(each.data) - 1, 0))),
                "pointers": _pointer(array, starts.get("pointers")),
                **{
                    field: str(value) if field == "offset" else f"{value}u"
                    for field, value in each.fields.items()
                },
            },
        )


def _pointer(array: str, start: int | None) -> str:
    return "0" if start is None else f"&{array}[{start}]"


def neurons(model: CModel) -> Iterable[tuple[str, dict[str, str]]]:
    """Yield each population's law."""
    network, prefix = model.network, model.names.prefix
    for p, name in zip(network.populations, model.names.populations, strict=True):
        readout = p.threshold is None
        shift = network.readout.leak_shift if readout else p.leak_shift
        top = 2 ** ((network.accumulator_bits if readout else network.state_bits) - 1)
        yield (
            name,
            {
                "bias": f"{prefix}_bias_{name}",
                "threshold": "0" if readout else f"{prefix}_threshold_{name}",
                "channels": f"{p.shape.channels}u",
                "pixels": f"{p.shape.size[0] * p.shape.size[1]}u",
                "low": _number(max(-top, -(2**31))),
                "high": str(min(top, 2**31) - 1),
                "leak_mask": "0" if shift is None else "-1",
                "reset_mask": "-1" if p.reset == "subtract" else "0",
                "leak": f"{0 if shift is None else shift}u",
            },
        )


def calls(model: CModel) -> Iterable[dict[str, object]]:
    """Yield what the function of each connection is made of."""
    for call in model.program.calls:
        shape = model.network.connections[call.connection].shape
        yield {
            "name": model.names.connections[call.connection],
            "shown": shape.name,
            "scan": f"scan_{call.scan.name}",
            "kernel": "_".join(call.kernel),
            "pairs": None if call.pairs is None else f"fc_pairs_{call.pairs[0]}_{call.pairs[1]}",
            "conv": call.scan.conv,
            "type": c_type(call.scan.type),
            "area": shape.area,
        }
