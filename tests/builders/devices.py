"""Small networks whose counts are known, for tests of device models."""

import itertools
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from hwsearch.compress.packing import census
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.workload import LayerWork, OpCounts, Workload

SHIPPED = Path(__file__).parents[2] / "hardware_profiles"
IDS = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


@cache  # a file takes some 50 ms to check, and the value is frozen
def profile(ident):
    return load_profile(SHIPPED / f"{ident}.yaml")


def fc(name, role, weights, rate=1.0, bits=8, analog=False, fan_columns=1, timesteps=4):
    """Return a fully connected layer; each input has ``rate`` events a timestep."""
    weights = np.asarray(weights)
    n_out, n_in = weights.shape
    counts = census(weights)
    events = n_in * rate * (1 if analog else timesteps)
    each = events / n_in if n_in else 0.0
    ops = OpCounts(
        nonzero=counts.nonzero * each,
        dense=counts.size * each,
        blocks=tuple(
            min(counts.size, n * length) * each for n, length in zip(counts.blocks, (4, 8), strict=True)
        ),
        planes=counts.planes * each,
    )
    sent = 0.0 if role == "readout" else n_out * rate * timesteps
    return LayerWork(
        name, role, "fc", analog, bits, counts, n_out, n_in, ops, events, sent, fan_columns=fan_columns
    )


def conv(name, role, weights, size, pool=1, rate=0.1, bits=8, timesteps=4):
    """Return a convolution [out, in, k, k] over a map of ``size``, as if no filter were cut at the border."""
    weights = np.asarray(weights)
    counts = census(weights)
    pixels = size[0] * size[1]
    each = rate * timesteps * pixels
    ops = OpCounts(counts.nonzero * each, counts.size * each, (counts.size * each,) * 2, counts.size * each)
    n_out, n_in = weights.shape[:2]
    return LayerWork(
        name, role, "conv", False, bits, counts, n_out * pixels, n_in * pixels, ops, n_in * each, n_out * each,
        out_size=size, pool=pool,
    )  # fmt: skip


def mlp(sizes, density=1.0, bits=8, rate=0.2, timesteps=4, seed=0, analog=False):
    """Return a fully connected network with random masks; the same seed gives nested masks."""
    rng = np.random.default_rng(seed)
    layers = []
    for index, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        scores = rng.random((n_out, n_in))
        role = "input" if index == 0 else "readout" if index == len(sizes) - 2 else "hidden"
        name = role if role != "hidden" else f"fc{index + 1}"
        layers.append(
            fc(name, role, scores < density, rate, bits, analog and index == 0, timesteps=timesteps)
        )
    return Workload(timesteps, 8, tuple(layers))


def with_bits(network, bits):
    return replace(network, layers=tuple(replace(layer, weight_bits=bits) for layer in network.layers))
