"""The C code of a monitor: two files beside a network's, which nothing else of the library uses.

It reads what a network's state has after a timestep, so no network's own code changes for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.export.c.model import CModel
from hwsearch.export.c.names import Names
from hwsearch.export.c.render import environment, tidy
from hwsearch.export.c.types import BITS
from hwsearch.monitor.quantities import Quantity, Seen, readers_sources
from hwsearch.monitor.rule import CLIP, MOST_VALUE, SLACK, Rule, sums
from hwsearch.network.integers import IntegerNetwork

FILES = ("src/snn_monitor.h", "src/snn_monitor.c")
"""Its files, in a library's folder."""
_TEMPLATES = ("monitor.h", "monitor.c")


def monitor_files(model: CModel, rule: Rule, facts: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a monitor, by their place in a library's folder."""
    values = _values(model, rule, facts)
    return {
        place: tidy(environment().get_template(f"{name}.j2").render(**values))
        for place, name in zip(FILES, _TEMPLATES, strict=True)
    }


def refuse_large_sums(network: IntegerNetwork) -> None:
    """Refuse a network whose monitor C cannot say.

    Raises:
        InputError: What an inference reads may add up to more than 32 bits.
    """
    data, timesteps = network.input, network.timesteps
    most = math.prod(data.shape) * (data.max if data.still else data.max_at(timesteps) * timesteps)
    if most >= 2**32:
        law = "what an inference reads must add up to less than 2**32"
        raise InputError([Fault("--format c,monitor", law, f"{most:,}", "export one of them alone")])


def monitor_driver(model: CModel, rule: Rule) -> str:
    """Return a program that runs a file's samples and shows the monitor's sums after each, as ``monitor_trace``."""
    return tidy(environment().get_template("monitor_main.c.j2").render(**_values(model, rule, {})))


def monitor_trace(rule: Rule, what: Seen) -> np.ndarray:
    """Return what the C code of a monitor shows of a stream, [N, 1 + 2 Q] int32: the alarm, sums above, sums below."""
    rows, limits = [], np.array(rule.limits).T.ravel()
    for above, below in sums(rule, what):
        over = np.concatenate([above, below]) > limits
        high, low = (np.flatnonzero(part) for part in np.split(over, 2))
        alarm = sum(1 << int(q) for q in high) | sum(1 << (16 + int(q)) for q in low)
        shown = np.zeros_like(np.concatenate([above, below])) if alarm else np.concatenate([above, below])
        rows.append([alarm - (alarm >> 31 << 32), *shown.tolist()])
    return np.array(rows, "<i4")


def _values(model: CModel, rule: Rule, facts: Mapping[str, str]) -> dict[str, object]:
    """Return what the templates are filled with."""
    network, names, feed = model.network, model.names, model.program.feed
    quantities = [watch.quantity for watch in rule.watches]
    places = [q.place for q in quantities if q.kind == "spikes"]
    inputs = [q for q in quantities if q.kind == "input"]
    each = feed.inputs // len(inputs)
    sources = readers_sources(network)
    spikes = [
        {"name": names.populations[p], "neurons": network.populations[p].shape.neurons, "read": p in sources}
        for p in places
        if p is not None
    ]
    return {
        "m": model, "n": network, "prefix": names.prefix, "P": names.prefix.upper(), "facts": facts, "feed": feed,
        "still": feed.frames is None, "bits": feed.read == BITS, "rule": rule,
        "n_inputs": len(inputs), "each": each, "spikes": spikes, "readout": names.populations[-1],
        "words": [_words(quantity, names) for quantity in quantities],
        "slack": SLACK, "clip": CLIP, "most_value": MOST_VALUE,
        "offsets": list(zip(*(watch.offsets for watch in rule.watches), strict=True)),
    }  # fmt: skip


def _words(quantity: Quantity, names: Names) -> str:
    """Return what a comment calls a quantity: a population by its identifier, since its name may be any text."""
    if quantity.kind == "spikes" and quantity.place is not None:
        return f"the number of spikes of {names.populations[quantity.place]}"
    return quantity.words
