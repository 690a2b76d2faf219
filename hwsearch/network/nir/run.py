"""A network of floats, taken through time step by step in numpy: with any leak, so also with one that no shift says.

It tells what snapping a leak costs, before anything is quantised. Slow, and not for training: `stack`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hwsearch.graph.graph import Connection, NetworkSpec, Pooling
from hwsearch.network.params import Params


class FloatRun(NamedTuple):
    """What a network of floats did.

    Attributes:
        readout: [N, classes] potential after the last timestep.
        spikes: One a spiking population, [T, N, C, H, W].
        ties: How many neurons came closer to their threshold than a float32 can tell, in all timesteps.
    """

    readout: np.ndarray
    spikes: tuple[np.ndarray, ...]
    ties: int

    @property
    def predictions(self) -> np.ndarray:
        """[N] the first of the largest potentials."""
        best: np.ndarray = self.readout.argmax(1)
        return best


def run_floats(
    spec: NetworkSpec, params: Params, frames: np.ndarray, leaks: Sequence[np.ndarray] | None = None
) -> FloatRun:
    """Run a network.

    Args:
        spec: The network, without batch normalisation.
        params: Its floats.
        frames: [T, N, C, H, W] what it reads, as floats.
        leaks: [C] of each population, the readout last; None: those of the laws and of the readout.
    """
    leaks = shifted_leaks(spec) if leaks is None else leaks
    n = frames.shape[1]
    potentials = [np.zeros((n, p.channels, *p.size)) for p in spec.populations]
    fired = [np.zeros_like(v) for v in potentials]
    history: list[list[np.ndarray]] = [[] for _ in spec.populations]
    ties = 0
    for t, frame in enumerate(frames):
        earlier = [*fired, frames[t - 1] if t else np.zeros_like(frame)]  # the last place is the input's
        sent = [*fired, frame], earlier
        for place, population in enumerate(spec.populations):
            current = _current(spec, params, place, sent).reshape(potentials[place].shape)
            v = potentials[place] * (1.0 - leaks[place].reshape(1, -1, 1, 1))
            if population.law is None:
                potentials[place] = v + current * (t >= spec.readout.first(len(frames)))
                continue
            v = v + current
            spikes = (v >= population.law.threshold).astype(np.float64)
            ties += int((np.abs(v - population.law.threshold) < 1e-6 * population.law.threshold).sum())
            potentials[place] = (
                v * (1 - spikes) if population.law.reset == "zero" else v - population.law.threshold * spikes
            )
            fired[place] = sent[0][place] = spikes
            history[place].append(spikes)
    return FloatRun(potentials[-1].reshape(n, -1), tuple(np.stack(h) for h in history if h), ties)


def _current(
    spec: NetworkSpec, params: Params, place: int, sent: tuple[list[np.ndarray], list[np.ndarray]]
) -> np.ndarray:
    """Return the current [N, C, H, W] of a population; ``sent`` is what each sends now, and sent before."""
    current = np.asarray(params.biases[place], np.float64).reshape(1, -1, 1, 1)
    for c, weight in zip(spec.connections, params.weights, strict=True):
        if c.target == place:
            entering = _weighted(c, np.asarray(weight, np.float64), sent[c.delay][c.source])
            current = current + entering.reshape(len(entering), -1, *spec.populations[place].size)
    return current


def kept_predictions(
    spec: NetworkSpec, params: Params, exact: Sequence[np.ndarray], frames: np.ndarray
) -> dict[str, float]:
    """Return which share of predictions stays when leaks become shifts: of each population alone, and of ``all``.

    Args:
        spec: The network, with shifts.
        params: Its floats.
        exact: [C] leaks as written, one a population.
        frames: [T, N, C, H, W] what it reads, as floats.
    """
    shifts = shifted_leaks(spec)
    reference = run_floats(spec, params, frames, exact).predictions
    differing = [
        p for p, (a, b) in enumerate(zip(exact, shifts, strict=True)) if not np.allclose(a, b, atol=1e-6)
    ]
    kept = {}
    for name, changed in [(spec.populations[p].name, [p]) for p in differing] + [("all", differing)]:
        leaks = [shifts[p] if p in changed else leak for p, leak in enumerate(exact)]
        kept[name] = float((run_floats(spec, params, frames, leaks).predictions == reference).mean())
    return kept


def shifted_leaks(spec: NetworkSpec) -> list[np.ndarray]:
    """Return [C] the leak of each population's law, and of the readout."""
    shifts = [p.law.leak_shift if p.law is not None else spec.readout.leak_shift for p in spec.populations]
    return [
        np.full(p.channels, 0.0 if k is None else 2.0**-k)
        for p, k in zip(spec.populations, shifts, strict=True)
    ]


def _weighted(c: Connection, weight: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the current [N, out, H, W] of one connection."""
    seen = _pooled(seen, c.pooling)
    if c.kind == "fc":
        product: np.ndarray = seen.reshape(len(seen), -1) @ weight.T
        return product
    down, across = c.padding
    padded = np.pad(seen, ((0, 0), (0, 0), (down, down), (across, across)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, c.kernel, (2, 3))[
        :, :, :: c.stride[0], :: c.stride[1]
    ]
    if c.groups > 1:
        depthwise: np.ndarray = np.einsum("nchwij,cij->nchw", windows, weight[:, 0])
        return depthwise
    convolved: np.ndarray = np.tensordot(windows, weight, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    return convolved


def _pooled(seen: np.ndarray, pooling: Pooling) -> np.ndarray:
    """Return the mean, or the largest, of each window."""
    if pooling.area == 1:
        return seen
    down, across = pooling.window
    height, width = pooling.pooled((seen.shape[2], seen.shape[3]))
    cut = seen[:, :, : height * down, : width * across].reshape(*seen.shape[:2], height, down, width, across)
    pooled: np.ndarray = cut.mean((3, 5)) if pooling.kind == "sum" else cut.max((3, 5))
    return pooled
