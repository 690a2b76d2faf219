"""A network's C files as text: descriptors and arrays put into the templates."""

from __future__ import annotations

from collections.abc import Mapping

import jinja2

from hwsearch.export.c.descriptors import arrays, calls, filters, maps, neurons, reaches, weights
from hwsearch.export.c.kernels import Use
from hwsearch.export.c.model import CModel
from hwsearch.export.c.types import c_type

_COLUMN = 100


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
    declarations, pairs = use.declarations(), use.pair_declarations()

    def signature(name: str) -> str:
        return _wrapped((declarations | pairs)[name][1])

    values = {"prefix": prefix, "guard": prefix.upper(), "use": use.values()}
    templates = environment()
    header = templates.get_template("kernels.h.j2").render(
        **values, declarations=_declared(declarations), pairs=_declared(pairs)
    )
    source = templates.get_template("kernels.c.j2").render(**values, signature=signature)
    return {f"{prefix}_kernels.h": tidy(header), f"{prefix}_kernels.c": tidy(source)}


def _declared(kernels: Mapping[str, tuple[str, str]]) -> list[str]:
    return [f"/* {comment} */\n{_wrapped(text)};\n" for comment, text in kernels.values()]


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
        "arrays": list(arrays(model)), "maps": list(maps(model)), "reaches": reaches(model),
        "filters": list(filters(model)), "weights": list(weights(model)), "neurons": list(neurons(model)),
        "calls": list(calls(model)), "INT32_LOW": -(2**31),
        "paired": {call["name"] for call in calls(model) if call["pairs"]},
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
