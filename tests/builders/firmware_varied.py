"""Networks of integers of any size, density and rate of firing: what a fit of instructions is made and tried on."""

import numpy as np

from builders.c_networks import Case
from builders.firmware_matrix import BITS, KINDS, RESETS, of_settings
from hwsearch.errors import InputError
from hwsearch.graph.graph import Readout

_GRANULARITIES = (
    ("weight",), ("nm:4", "nm:8", "nm:16"), ("channel",), ("weight",), ("block:4", "block:8"), ("kernel",), ("weight",),
    ("channel",),
)  # fmt: skip
MOST_RAM, MOST_FLASH = 5_000, 80_000
"""Bytes of state and of weights: what the smallest board holds."""
_MOST_OPS = 400_000  # weights times pixels times timesteps: an emulated inference stays below a second


def pooled(number: int, *, prefix="snn", n_inputs=4) -> Case:
    """Return a network whose first matrix reads pooled values, which `varied` seldom has: largest ones, sums if odd."""
    fixed = {"spelling": "p2-fc20", "pool": ("max", "sum")[number % 2], "input_max": 15}
    return varied(len(KINDS) * number, prefix=prefix, n_inputs=n_inputs, seed=8, fixed=fixed)


def spiking(number, *, prefix="snn", n_inputs=4) -> Case:
    """Return a network whose second connection, a matrix or filters, reads pooled spikes: largest ones, or sums."""
    rng = np.random.default_rng([11, number])
    window = ("2", "3", "2x1", "1x3")[number // 4 % 4]
    after = ("fc16", f"{int(rng.integers(2, 7))}c3-fc8")[number % 2]
    fixed = {"spelling": f"{int(rng.integers(2, 8))}c3-p{window}-{after}", "pool": ("max", "sum")[number // 2 % 2],
             "shape": (1, *_sides(rng, 6, 12)), "input_max": 15}  # fmt: skip
    return varied(len(KINDS) * number, prefix=prefix, n_inputs=n_inputs, seed=11, fixed=fixed)


def paired(number, *, prefix="snn", n_inputs=4) -> Case:
    """Return a network whose first matrix some cores multiply in pairs: dense, 2, 4 or 8 bits, over values."""
    bits, row_bytes = (2, 4, 8)[number % 3], int(np.random.default_rng([9, number]).integers(10, 100))
    fixed = {"spelling": "fc20", "shape": (1, 1, row_bytes * 8 // bits), "input_max": (15, 1000)[number // 3 % 2],
             "granularity": "channel", "bits": bits}  # fmt: skip
    return varied(len(KINDS) * number, prefix=prefix, n_inputs=n_inputs, seed=9, fixed=fixed)


def aligned(number, *, prefix="snn", n_inputs=4) -> Case:
    """Return a network whose matrices have rows of whole words, by weights and by blocks."""
    fixed = {"spelling": "fc64-fc32", "shape": (1, 8, 16), "input_max": 15,
             "granularity": ("weight", "block:4", "block:8")[number % 3]}  # fmt: skip
    return varied(len(KINDS) * number, prefix=prefix, n_inputs=n_inputs, seed=10, fixed=fixed)


def varied(number: int, *, prefix="snn", n_inputs=4, seed=7, fixed=None) -> Case:
    """Return the network of a number: its kind, widths, density, bits and rates are drawn; ``fixed``: what is not."""
    fixed = dict(fixed or {})
    rng = np.random.default_rng([seed, number])
    kind = list(KINDS)[number % len(KINDS)]
    granularity = str(rng.choice(_GRANULARITIES[number // len(KINDS) % len(_GRANULARITIES)]))
    granularity, bits_fixed = fixed.pop("granularity", granularity), fixed.pop("bits", None)
    while True:
        bits, reset = int(rng.choice(BITS)), str(rng.choice(RESETS))
        bits = bits_fixed or bits
        name = f"{number} {kind} {granularity} {bits} bits {reset}"
        density, rate = float(rng.uniform(0.05, 0.8)), float(rng.uniform(0.05, 0.9))
        try:
            each = of_settings(
                rng,
                name,
                _settings(rng, kind) | fixed,
                granularity,
                bits,
                reset,
                prefix=prefix,
                n_inputs=n_inputs,
                density=density,
                rate=rate,
            )
        except InputError:  # sums beyond 32 bits, or filters that no longer fit the map
            continue
        network, program = each.model.network, each.model.program
        ops = sum(c.weight.size * np.prod(c.shape.out_size) for c in network.connections) * network.timesteps
        if (
            program.n_bytes("state", "buffer", "control") <= MOST_RAM
            and each.model.weight_bytes + each.model.param_bytes <= MOST_FLASH
            and ops <= _MOST_OPS
        ):
            return each


def _settings(rng, kind):
    """Return the settings of a network of a kind: see `firmware_matrix.KINDS`."""
    timesteps = int(rng.integers(2, 9))
    values = int(rng.choice([1, 7, 15, 255, 1000], p=[0.1, 0.2, 0.3, 0.3, 0.1]))
    settings = {"timesteps": timesteps, "eager": float(rng.uniform(0.4, 3)), "input_max": values}
    last = [None, None, int(rng.integers(1, timesteps + 1))][int(rng.integers(0, 3))]
    settings["readout"] = Readout(last, [None, 2][int(rng.integers(0, 2))])
    settings["pool"] = str(rng.choice(["max", "sum"]))
    if kind in ("events", "sequence"):
        some = int(rng.integers(1, 4)) if kind == "sequence" else 1
        settings |= {"frames": timesteps * some, "binning": str(rng.choice(["sum", "mean"]))}
        settings["input_max"] = 1 if kind == "events" else values
    return settings | _STRUCTURE[kind](rng)


def _wide(rng, low, high):
    """Return a width, by the logarithm as likely narrow as wide."""
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


def _sides(rng, low, high):
    return int(rng.integers(low, high + 1)), int(rng.integers(low, high + 1))


def _mlp(rng):
    layers = [f"fc{_wide(rng, 6, 160)}" for _ in range(int(rng.integers(1, 4)))]
    return {
        "spelling": str(rng.choice(["", "", "p2-"])) + "-".join(layers),
        "shape": (1, *_sides(rng, 3, 18)),
    }


def _conv(rng):
    stride, side = rng.choice(["", "s2"]), rng.choice([1, 3, 3, 5])
    first, second = _wide(rng, 2, 10), _wide(rng, 2, 12)
    pool = rng.choice(["p2-", "", "p2x1-"])
    return {
        "spelling": f"{first}c3-{pool}{second}c{side}{stride}-fc{_wide(rng, 6, 40)}",
        "shape": (int(rng.integers(1, 4)), *_sides(rng, 5, 11)),
    }


def _residual(rng):
    first, second = _wide(rng, 2, 8), _wide(rng, 2, 8)
    return {
        "spelling": f"{first}c3-res({first}c3-{first}c3)-res({second}c3s2-{second}c3)-gap",
        "shape": (1, *_sides(rng, 5, 9)),
    }


def _recurrent(rng):
    return {"spelling": f"fc{_wide(rng, 6, 80)}-r{_wide(rng, 6, 60)}", "shape": (1, *_sides(rng, 3, 12))}


def _sequence(rng):
    return {
        "spelling": f"{_wide(rng, 2, 8)}c3x1-r{_wide(rng, 6, 40)}",
        "shape": (int(rng.integers(1, 4)), 1, int(rng.integers(5, 24))),
    }


def _depthwise(rng):
    first = _wide(rng, 2, 10)
    return {
        "spelling": f"{rng.choice(['', 'p2x1-', 'p2-'])}{first}c1-dw3-dw3s2-fc{_wide(rng, 6, 40)}",
        "shape": (int(rng.integers(1, 4)), *_sides(rng, 6, 11)),
    }


def _events(rng):
    return {
        "spelling": f"{_wide(rng, 2, 8)}c3-{rng.choice(['p2-', ''])}fc{_wide(rng, 6, 60)}",
        "shape": (int(rng.integers(1, 4)), *_sides(rng, 4, 10)),
    }


_STRUCTURE = {
    "mlp": _mlp, "conv": _conv, "residual": _residual, "recurrent": _recurrent, "sequence": _sequence,
    "depthwise": _depthwise, "events": _events,
}  # fmt: skip
