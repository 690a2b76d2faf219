"""A network's C files as text: descriptors and arrays put into the templates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import jinja2
import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.export.c.bounds import bound_faults
from hwsearch.export.c.kernels import Use
from hwsearch.export.c.names import Names, names_of
from hwsearch.export.c.program import Program, program
from hwsearch.export.c.stored import Stored, storage_faults, stored
from hwsearch.export.c.types import SIZES, c_type
from hwsearch.graph.graph import INPUT, Connection
from hwsearch.network.integers import IntegerNetwork

_MOST_SIDE = 65_535  # descriptors count in 16 bits
_COLUMN = 100


@dataclass(frozen=True)
class CModel:
    """A network as C.

    Attributes:
        network: The integers.
        weights: Of each connection.
        names: Identifiers.
        program: What a timestep does.
    """

    network: IntegerNetwork
    weights: tuple[Stored, ...]
    names: Names
    program: Program

    @property
    def weight_bytes(self) -> int:
        """Bytes of all stored weights."""
        return sum(len(weights.data) for weights in self.weights)

    @property
    def param_bytes(self) -> int:
        """Bytes of biases and thresholds."""
        return sum(
            SIZES[kind] * (len(p.bias) + (0 if p.threshold is None else len(p.threshold)))
            for kind, p in zip(self.program.params, self.network.populations, strict=True)
        )


def c_model(
    network: IntegerNetwork, formats: Sequence[str], pointer_bits: int, prefix: str = "snn"
) -> CModel:
    """Return a network as C.

    Args:
        network: The integers.
        formats: Storage format of each connection's weights.
        pointer_bits: Bits of a row pointer.
        prefix: Of all names that others see.

    Raises:
        InputError: Something of it cannot be said with the kernels; all that cannot.
    """
    zipped = zip(network.connections, network.weight_bits, formats, strict=True)
    weights = tuple(stored(c, bits, name, pointer_bits) for c, bits, name in zipped)
    faults = bound_faults(network) + _size_faults(network)
    for c, each in zip(network.connections, weights, strict=True):
        faults += storage_faults(each, c.shape.name, pointer_bits)
    if faults:
        raise InputError(faults)
    names = names_of(network, prefix)
    return CModel(network, weights, names, program(network, weights, names))


def check_c(network: IntegerNetwork, formats: Sequence[str], pointer_bits: int) -> None:
    """Refuse what cannot be said in C.

    Raises:
        InputError: As for ``c_model``.
    """
    c_model(network, formats, pointer_bits)


def _size_faults(network: IntegerNetwork) -> list[Fault]:
    law, faults = f"no side, and no number of channels or inputs, may exceed {_MOST_SIDE:,}", []
    for c in network.connections:
        most = max(*c.weight.shape, c.shape.area, math.prod(c.shape.out_size), *network.input.shape)
        if most > _MOST_SIDE:
            faults.append(Fault(f"--format c: {c.shape.name}", law, f"{most:,}", "export a smaller network"))
    if network.input.max >= 2**31:
        law = "inputs must be below 2**31"
        faults.append(Fault("--format c: input", law, f"{network.input.max:,}", "scale the inputs"))
    return faults


def environment() -> jinja2.Environment:
    """Return the templates."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("hwsearch.export.c"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.globals["ctype"] = c_type
    made.filters["zip"] = zip
    return made


def kernel_files(use: Use, prefix: str = "snn") -> dict[str, str]:
    """Return ``kernels.h`` and ``kernels.c`` of what networks use, by file name."""
    declarations = use.declarations()

    def signature(name: str) -> str:
        return _wrapped(declarations[name][1])

    lines = [f"/* {comment} */\n{_wrapped(text)};\n" for comment, text in declarations.values()]
    values = {"prefix": prefix, "guard": prefix.upper(), "use": use.values()}
    templates = environment()
    header = templates.get_template("kernels.h.j2").render(**values, declarations=lines)
    source = templates.get_template("kernels.c.j2").render(**values, signature=signature)
    return {f"{prefix}_kernels.h": tidy(header), f"{prefix}_kernels.c": tidy(source)}


def model_files(model: CModel, facts: Mapping[str, str], kernels: str = "snn") -> dict[str, str]:
    """Return a network's own files, by name: header, source, data.

    Args:
        model: The network.
        facts: What names it, by words, for the head of each file.
        kernels: Prefix of the kernels' files.
    """
    values = {
        "m": model, "n": model.network, "prefix": model.names.prefix, "P": model.names.prefix.upper(),
        "facts": facts, "kernels": kernels, "feed": model.program.feed,
        "arrays": list(_arrays(model)), "maps": list(_maps(model)), "reaches": _reaches(model),
        "filters": list(_filters(model)), "weights": list(_weights(model)), "neurons": list(_neurons(model)),
        "calls": list(_calls(model)), "INT32_LOW": -(2**31),
    }  # fmt: skip
    return _rendered(values, {"model.h": ".h", "model.c": ".c", "data.h": "_data.h", "data.c": "_data.c"})


def trace_files(model: CModel, facts: Mapping[str, str]) -> dict[str, str]:
    """Return what runs a network and shows its membranes, by name."""
    feed = model.program.feed
    values = {
        "m": model, "n": model.network, "prefix": model.names.prefix, "P": model.names.prefix.upper(),
        "facts": facts, "feed": feed,
    }  # fmt: skip
    return _rendered(values, {"trace.h": "_trace.h", "trace.c": "_trace.c", "main.c": ""})


def _rendered(values: Mapping[str, object], names: Mapping[str, str]) -> dict[str, str]:
    """Return templates filled in, by file name: the prefix and what stands here, or the template's."""
    templates = environment()
    return {
        f"{values['prefix']}{end}" if end else name: tidy(
            templates.get_template(f"{name}.j2").render(**values)
        )
        for name, end in names.items()
    }


@dataclass(frozen=True)
class _Array:
    name: str
    type: str
    count: int
    text: str
    comment: str


def _arrays(model: CModel) -> Iterable[_Array]:
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


def _array(name: str, kind: str, values: np.ndarray, comment: str) -> _Array:
    """Return an array; an empty one has an element, since C knows none without."""
    unsigned = "u" if kind.startswith("u") else ""
    numbers = [_number(int(v), unsigned) for v in values.ravel()] or [f"0{unsigned}"]
    return _Array(name, c_type(kind), len(numbers), filled(numbers), comment)


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


def _maps(model: CModel) -> Iterable[tuple[str, dict[str, int]]]:
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


def _reaches(model: CModel) -> dict[tuple[tuple[int, ...], ...], str]:
    """Return the tables of reaches by their values: filters that are alike share one."""
    found: dict[tuple[tuple[int, ...], ...], str] = {}
    for c in model.network.connections:
        if c.shape.kind == "conv":
            found.setdefault(_reach_of(c.shape), f"reach_{len(found)}")
    return found


def _filters(model: CModel) -> Iterable[tuple[str, dict[str, object]]]:
    reaches = _reaches(model)
    for c, name in zip(model.network.connections, model.names.connections, strict=True):
        if c.shape.kind == "conv":
            height, width = c.shape.out_size
            yield name, {
                "reach": reaches[_reach_of(c.shape)], "area": f"{c.shape.area}u", "height": f"{height}u",
                "width": f"{width}u", "depthwise": f"{int(c.shape.groups > 1)}u",
            }  # fmt: skip


def _weights(model: CModel) -> Iterable[tuple[str, dict[str, str]]]:
    prefix = model.names.prefix
    for name, weights in zip(model.names.connections, model.weights, strict=True):
        array, starts = f"{prefix}_weights_{name}", weights.starts
        places = starts.get("bitmap", starts.get("indices"))
        yield (
            name,
            {
                "places": _pointer(array, places),
                "values": _pointer(array, min(starts["values"], max(len(weights.data) - 1, 0))),
                "pointers": _pointer(array, starts.get("pointers")),
                **{
                    field: str(value) if field == "offset" else f"{value}u"
                    for field, value in weights.fields.items()
                },
            },
        )


def _pointer(array: str, start: int | None) -> str:
    return "0" if start is None else f"&{array}[{start}]"


def _neurons(model: CModel) -> Iterable[tuple[str, dict[str, str]]]:
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


def _calls(model: CModel) -> Iterable[dict[str, object]]:
    for call in model.program.calls:
        shape = model.network.connections[call.connection].shape
        yield {
            "name": model.names.connections[call.connection],
            "shown": shape.name,
            "scan": f"scan_{call.scan.name}",
            "kernel": "_".join(call.kernel),
            "conv": call.scan.conv,
            "type": c_type(call.scan.type),
            "area": shape.area,
        }


def _wrapped(signature: str) -> str:
    """Return a signature on as many lines as it needs."""
    if len(signature) <= _COLUMN:
        return signature
    head, _, arguments = signature.partition("(")
    lines, line = [f"{head}("], "   "
    for argument in arguments.removesuffix(")").split(", "):
        if len(line) + len(argument) + 2 > _COLUMN:
            lines.append(line)
            line = "   "
        line += f" {argument},"
    return "\n".join([*lines, line[:-1] + ")"])


def tidy(text: str) -> str:
    """Return text without spaces at the ends of lines, and without several empty lines in a row."""
    lines = [line.rstrip() for line in text.splitlines()]
    shown = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(shown).strip() + "\n"
