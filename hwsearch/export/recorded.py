"""The recorded inputs of an export, and what its weights make of them anew.

A file may be anybody's, so the work is bounded before it is done: inputs and traces must be of the network's shapes,
and the multiplications few enough to take seconds. Not for comparing (`bundle`, `library`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from hwsearch.errors import RecordError
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import read_weights
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.store import load_tensors

CHECK = "check.safetensors"
"""Recorded inputs, with what the integer model makes of them."""
MOST_SAMPLES = 4096
MOST_WORK = 10**12
"""Multiplications that checking an export may take: about a minute of one core."""
MOST_TRACE = 2**28
"""Membranes of all samples and timesteps, at most."""


def run_recorded(folder: Path) -> tuple[IntegerNetwork, dict[str, np.ndarray], Run]:
    """Return an export's network, its recorded arrays, and the run of the network on the recorded inputs, traced.

    Raises:
        RecordError: A file is missing or damaged, describes no network, or inputs that are not its.
    """
    network, _ = read_weights(folder / WEIGHTS)
    recorded, _ = load_tensors(folder / CHECK)
    fault = next(_faults(network, recorded), "")
    if fault:
        raise RecordError(
            f"{folder / CHECK}: the file must hold recorded inputs of the network; got: {fault}"
        )
    try:
        return network, recorded, run_integer(network, recorded["inputs"], trace=True)
    except ValueError as error:
        raise RecordError(f"{folder}: an export must be able to run; got: {error}") from None


def _faults(network: IntegerNetwork, recorded: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yield what is wrong with recorded inputs."""
    inputs, data = recorded.get("inputs"), network.input
    if inputs is None:
        yield "no array 'inputs'"
        return
    shape = data.shape if data.frames is None else (data.frames, *data.shape)
    if inputs.dtype.kind not in "iu" or inputs.shape[1:] != shape or not 1 <= len(inputs) <= MOST_SAMPLES:
        yield f"inputs of {inputs.dtype} and shape {inputs.shape}, not 1 .. {MOST_SAMPLES} of shape {shape}"
        return
    if int(inputs.min()) < 0 or int(inputs.max()) > data.max:
        yield f"inputs from {inputs.min()} to {inputs.max()}, where 0 to {data.max} are read"
    times = len(inputs) * network.timesteps
    if (traced := times * sum(p.shape.neurons for p in network.populations)) > MOST_TRACE:
        yield f"{traced:,} membranes of all samples and timesteps; {MOST_TRACE:,} are checked at most"
    each = (c.shape.n_weights * math.prod(c.shape.out_size) for c in network.connections)
    if (work := times * sum(each)) > MOST_WORK:
        yield f"{work:,} multiplications; {MOST_WORK:,} are checked at most"
