"""Networks of integers of every kind, granularity, weight bits and reset, each stored as its granularity is."""

import dataclasses
import itertools

import numpy as np

from builders.c_networks import Case, case
from builders.devices import profile
from builders.graphs import spec
from hwsearch.compress.census import census
from hwsearch.compress.masks import runs
from hwsearch.graph.graph import INPUT, Readout
from hwsearch.hardware.families.storing import stored_layers
from hwsearch.hardware.storage import stored_bytes
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation

GRANULARITIES = ("weight", "nm:4", "nm:8", "nm:16", "block:4", "block:8", "kernel", "channel")
BITS = (1, 2, 3, 4, 5, 6, 8)
RESETS = ("zero", "subtract")
KINDS = {
    "mlp": {"spelling": "fc24-fc16", "shape": (1, 6, 6), "timesteps": 5},
    "conv": {"spelling": "6c3-p2-8c3s2-fc12", "shape": (2, 8, 8), "timesteps": 4, "pool": "sum"},
    "residual": {"spelling": "5c3-res(5c3-5c3)-res(6c3s2-6c3)-gap", "shape": (1, 7, 6), "timesteps": 4},
    "recurrent": {"spelling": "fc14-r12", "shape": (1, 4, 5), "timesteps": 6},
    "sequence": {
        "spelling": "4c3x1-r10", "shape": (2, 1, 9), "timesteps": 4, "frames": 10, "binning": "mean",
        "input_max": 200, "readout": Readout(None, 2, "step"),
    },
    "depthwise": {"spelling": "p2x1-6c1-dw3-dw3s2-fc10", "shape": (2, 8, 7), "timesteps": 4},
    "events": {
        "spelling": "4c3-p2-fc12", "shape": (2, 6, 6), "timesteps": 5, "frames": 5, "input_max": 1,
        "readout": Readout(3),
    },
}  # fmt: skip
_OF_WEIGHTS = ("bitmap", "csr", "delta")


def every():
    """Return all (kind, granularity, bits, reset)."""
    return list(itertools.product(KINDS, GRANULARITIES, BITS, RESETS))


def drawn(kind, granularity, bits, reset, *, prefix="snn", n_inputs=200, seed=0) -> Case:
    """Return a network with inputs, its numbers drawn."""
    rng = np.random.default_rng([seed, *map(ord, f"{kind} {granularity} {bits} {reset}")])
    name = f"{kind} {granularity} {bits} bits {reset}"
    return of_settings(rng, name, KINDS[kind], granularity, bits, reset, prefix=prefix, n_inputs=n_inputs)


def as_device_stores(each, storage, *, prefix="snn") -> Case:
    """Return a network in the formats that a microcontroller chooses by a rule: ``smallest`` or ``fastest``."""
    device = profile("nrf52840")  # not before: its core is not known while it is measured anew
    network = each.model.network
    run = run_integer(network, each.x[:8])
    workload = count_workload(network, run.input_maps, run.spikes, arrivals=run.arrivals)
    layers = stored_layers(workload, dataclasses.replace(device, storage=storage), {})
    return case(f"{each.name}, {storage}", network, each.x, [layer.format for layer in layers], prefix=prefix)


def of_settings(
    rng, name, settings, granularity, bits, reset, *, prefix="snn", n_inputs=200, density=None, rate=0.6
) -> Case:
    """Return a network of some settings with inputs, its numbers drawn.

    ``density``: share of weights, blocks or planes that are kept; None: 0.4 to 0.6. ``rate``: share of inputs that are
    not put to zero.
    """
    settings = dict(settings)
    timesteps, spelling, shape = settings.pop("timesteps"), settings.pop("spelling"), settings.pop("shape")
    leak_shift = [None, 1, 2, 3][int(rng.integers(0, 4))]
    eager = settings.pop("eager", 1.0)
    s = spec(spelling, shape, 4, reset=reset, leak_shift=leak_shift, **settings)
    connections, spread = [], [0.0] * len(s.populations)
    for c in s.connections:
        weight = _weights(rng, c, granularity, bits, density)
        f = int(rng.integers(-1, 4))
        connections.append(IntegerConnection(c, weight, f))
        seen = s.input.max_at(timesteps) / 2 if c.source == INPUT else 0.4 * c.pooling.divisor
        spread[c.target] += float((weight.astype(float) ** 2).sum()) / len(weight) * seen**2 * 4.0**f
    populations = []
    for p, variance in zip(s.populations, spread, strict=True):
        scale = variance**0.5
        bias = rng.integers(-int(scale / 8) - 1, int(scale / 8) + 2, p.channels).astype(np.int32)
        low, high = int(0.5 * eager * scale) + 1, int(1.2 * eager * scale) + 2
        threshold = rng.integers(low, high, p.channels).astype(np.int32)
        populations.append(IntegerPopulation(p, bias, None if p.law is None else threshold))
    network = IntegerNetwork(
        tuple(populations), tuple(connections), (bits,) * len(connections), timesteps, s.input, s.readout,
        int(rng.choice([12, 16, 16, 32])), int(rng.choice([14, 32, 32])),
    )  # fmt: skip
    frames = () if s.input.still else (s.input.frames,)
    x = rng.integers(0, s.input.max + 1, (n_inputs, *frames, *s.input.shape))
    x *= rng.random(x.shape) < rate
    formats = [_format(rng, c, granularity, bits) for c in connections]
    kind = np.uint16 if s.input.max < 2**16 else np.uint32
    return case(name, network, x.astype(kind), formats, prefix=prefix)


def _weights(rng, c, granularity, bits, density=None):
    """Return weights with zeros as a granularity has them."""
    most = max(1, 2 ** (bits - 1) - 1)
    if not c.prunable:
        return np.full(c.weight_shape, max(1, most // 2), np.int32)
    weight = rng.integers(1, most + 1, c.weight_shape) * rng.choice([-1, 1], c.weight_shape)
    return (weight * _mask(rng, c, granularity, density)).astype(np.int32)


def _mask(rng, c, granularity, density):
    shape, (kind, _, length) = c.weight_shape, granularity.partition(":")
    rows = np.ones((shape[0], c.n_weights // shape[0]), bool)
    if kind == "weight":
        rows = rng.random(rows.shape) < (density or 0.4)
    elif kind == "block":
        blocks = runs(rows, int(length), False)
        rows = _flat(
            np.broadcast_to(rng.random((*blocks.shape[:2], 1)) < (density or 0.5), blocks.shape), rows
        )
    elif kind == "nm":
        order = runs(rng.random(rows.shape), int(length), 2.0).argsort(2).argsort(2)
        rows = _flat(order < max(1, int(length) * (density or 0.5) // 1), rows)
    elif kind == "kernel" and c.area > 1:
        rows = np.repeat(rng.random((shape[0], shape[1])) < (density or 0.6), c.area, axis=1)
    return rows.reshape(shape)


def _flat(of_runs, rows):
    return of_runs.reshape(len(rows), -1)[:, : rows.shape[1]]


def _format(rng, c, granularity, bits):
    """Return the format of a granularity, or ``dense`` where that cannot hold a connection."""
    wanted = {"weight": str(rng.choice(_OF_WEIGHTS)), "channel": "dense"}.get(granularity, granularity)
    counts = census(c.weight, c.shape.groups)
    return "dense" if stored_bytes(wanted, counts, bits) is None else wanted
