"""Plain networks that no search made, and what they compute, worked out the slow way."""

import itertools

import numpy as np

from hwsearch.records.rival import RivalRow
from hwsearch.rival.integers import Int8Layer


def drawn_layers(rng):
    """Return a network of drawn integers, and samples for it."""
    sizes = rng.integers(1, 6, rng.integers(2, 4))
    layers = []
    for place, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        layers.append(
            Int8Layer(
                rng.integers(-127, 128, (n_out, n_in)).astype(np.int8),
                rng.integers(-5000, 5000, n_out).astype(np.int32),
                int(rng.integers(2**30, 2**31)),
                int(rng.integers(-9, 2)),
                0 if place == len(sizes) - 2 else -128,
            )
        )
    return layers, rng.integers(0, 17, (3, sizes[0]))


def slow_scores(layers, x):
    """Return the scores of samples by Python's own integers, one product at a time, as CMSIS-NN's C computes them."""
    found = []
    for sample in x.tolist():
        values, zero = sample, 0
        for layer in layers:
            out = []
            for row, bias in zip(layer.weights.tolist(), layer.bias.tolist(), strict=True):
                total = bias
                for weight, value in zip(row, values, strict=True):
                    total += weight * (value - zero)
                out.append(
                    min(127, max(-128, _requantised(total, layer.multiplier, layer.shift) + layer.zero))
                )
            values, zero = out, layer.zero
        found.append(values)
    return found


def _requantised(total, multiplier, shift):
    """Return a sum times multiplier * 2**(shift - 31), rounded as arm_nn_requantize does."""
    high = (total * 2 ** max(shift, 0) * multiplier + 2**30) // 2**31
    right = 2 ** max(-shift, 0)
    whole, rest = divmod(abs(high), right)
    rounded = whole + (2 * rest >= right and right > 1)  # halves away from zero
    return rounded if high >= 0 else -rounded


def rival_row(place=0, **changes):
    """Return a plain network's row, whose numbers are made up."""
    given = {
        "place": place, "hidden": 24, "sparsity": 0.5, "granularity": "weight", "weight_bits": 8,
        "accuracy_val": 0.98, "accuracy_test": 0.97, "accuracy_test_low": 0.95, "accuracy_test_high": 0.98,
        "memory_bytes": 1500, "weight_bytes": 1000, "bias_bytes": 100, "state_bytes": 24, "buffer_bytes": 376,
        "operations": 900.0, "energy_j": 1e-7, "latency_s": 1e-3, "seeds": 5, "seed": 7,
    }  # fmt: skip
    return RivalRow.model_validate(given | changes)
