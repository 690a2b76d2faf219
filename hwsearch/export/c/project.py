"""The folder of a C library: sources, what builds them, what tests them, an example."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from hwsearch.export.c.descriptors import filled
from hwsearch.export.c.example import worked_example
from hwsearch.export.c.inputs import raw_bytes
from hwsearch.export.c.model import CModel
from hwsearch.export.c.monitor import FILES as MONITOR
from hwsearch.export.c.monitor import monitor_files
from hwsearch.export.c.render import (
    environment,
    kernel_files,
    model_files,
    tidy,
    trace_files,
)
from hwsearch.export.c.types import BITS, SIZES
from hwsearch.monitor.rule import Rule
from hwsearch.network.integer import Run

FOLDER = "c"
PREFIX = "snn"
_SOURCES = ("snn.h", "snn.c", "snn_data.h", "snn_data.c", "snn_kernels.h", "snn_kernels.c")
_TESTS = ("snn_trace.h", "snn_trace.c", "main.c", "inputs.bin", "trace.sha256")
_BUILDS = ("README.md", "Makefile", "CMakeLists.txt", "library.json", "library.properties")
FILES = tuple(
    f"{FOLDER}/{name}"
    for name in (
        *_BUILDS,
        *(f"src/{name}" for name in _SOURCES),
        *(f"test/{name}" for name in _TESTS),
        "examples/classify/classify.ino",
        "examples/classify/sample.h",
    )
)
"""All files of a library, in an export's folder."""
MONITOR_FILES = tuple(f"{FOLDER}/{name}" for name in MONITOR)
"""Those of one with a monitor besides."""
_IN_WORDS = {
    "study_digest": "study", "profile_digest": "device profile", "trial": "trial", "candidate": "candidate",
    "seed": "seed", "network_digest": "network",
}  # fmt: skip


def trace_of(run: Run) -> np.ndarray:
    """Return what a C library shows of each sample, [N, values] int32.

    After each timestep every membrane, population by population, the readout's potentials last; then the prediction.
    """
    assert run.membranes is not None
    membranes = [trace.reshape(*trace.shape[:2], -1) for trace in run.membranes]
    predictions = membranes[-1].argmax(-1)[..., None]
    shown = np.concatenate([*membranes, predictions], -1).swapaxes(0, 1)
    return shown.reshape(len(run.readout), -1).astype("<i4")


def project_files(
    model: CModel, identity: Mapping[str, Any], x: np.ndarray, run: Run, rule: Rule | None = None
) -> dict[str, bytes]:
    """Return all files of a library, by their place in an export's folder.

    Args:
        model: The network as C.
        identity: Which model it is.
        x: Recorded inputs.
        run: What the integer model makes of them, traced.
        rule: Of its monitor; None: it has none.
    """
    facts = {words: str(identity[name]) for name, words in _IN_WORDS.items() if name in identity}
    files = {f"src/{name}": text for name, text in kernel_files(model.program.use).items()}
    files |= {f"src/{name}": text for name, text in model_files(model, facts).items()}
    files |= {f"test/{name}": text for name, text in trace_files(model, facts).items()}
    files |= _around(model, facts, identity, x, run, monitored=rule is not None)
    files |= {} if rule is None else monitor_files(model, rule, facts)
    data = {name: text.encode() for name, text in files.items()}
    data["test/inputs.bin"] = raw_bytes(x, model.program.feed)
    digest = hashlib.sha256(trace_of(run).tobytes()).hexdigest()
    data["test/trace.sha256"] = f"{digest}  test/trace.bin\n".encode()
    return {f"{FOLDER}/{name}": content for name, content in data.items()}


def _around(
    model: CModel,
    facts: Mapping[str, str],
    identity: Mapping[str, Any],
    x: np.ndarray,
    run: Run,
    *,
    monitored: bool,
) -> dict[str, str]:
    """Return what describes and builds the sources, and the example."""
    feed, templates = model.program.feed, environment()
    kind = "u8" if feed.raw == BITS else feed.raw
    first = np.frombuffer(raw_bytes(x[:1], feed), f"<u{SIZES[kind]}")
    predictions = run.predictions[0]
    values = {
        "m": model, "n": model.network, "prefix": PREFIX, "P": PREFIX.upper(), "facts": facts, "feed": feed,
        "clips": any(update.clip for update in model.program.updates),
        "example": worked_example(model.network, x[:1]),
        "digest": identity["network_digest"], "trial": identity["trial"], "study": identity["study_digest"],
        "sample": filled([f"{value}u" for value in first]), "sample_length": len(first),
        "expected": int(np.ravel(predictions)[-1]), "monitor": monitored,
    }  # fmt: skip
    places = {
        **{name: name for name in _BUILDS},
        "classify.ino": "examples/classify/classify.ino",
        "sample.h": "examples/classify/sample.h",
    }
    return {
        place: tidy(templates.get_template(f"{name}.j2").render(**values)) for name, place in places.items()
    }
