"""One pass of the dense network over calibration inputs: all that the criteria need to know of it.

With s_t what a connection carries and the leak's decay d = 1 - 2**-k, the potential without its resets is linear in the
weights, u_t = g (w . x_t) + constant with the trace x_t = d x_{t-1} + s_t, and so its squared error under a change of
weights is g**2 dw H dw with H = mean over samples (and positions) of sum_t x_t x_t. The readout's potentials are what
predicts: its H takes what they are made of, the mean of s_t weighted as the readout weights its timesteps.

H is of one connection: what two of them into one population have to do with each other is left out, and so is what a
change does to spikes that come back to it. A depthwise connection has an H a channel.

Source: the filtered trace as a surrogate of the membrane is Shi, Li, Ward-Cherrier 2025 (arXiv 2506.03996); the rates,
means and variances are those of Yao et al. 2023, eq. 12.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.graph.graph import INPUT, Connection, NetworkSpec, Readout
from hwsearch.graph.order import entering
from hwsearch.network.params import Params
from hwsearch.tickets.float_run import Observed, float_run

_POSITIONS = 64  # of a map, at most: more add little, neighbours are alike


@dataclass(frozen=True, eq=False)
class ConnectionStatistics:
    """What one connection of the dense network carries, and what it does. D = in / groups * kh * kw, weights of a row.

    Attributes:
        rate: [D] mean input to each weight (spikes a step; of the input its value), depthwise [C, D].
        gain: [out] what batch normalisation multiplies the population's sum with; ones without.
        mean, variance: [out] of the population's membrane before its reset; for the readout of what it predicts from.
        hessian: [D, D] H of the module's docstring, in double precision; depthwise [C, D, D].
        threshold: Firing threshold; None for the readout.
        reads_input: Whether it reads the input.
        power: What squared traces of a constant input of 1 add up to.
    """

    rate: np.ndarray
    gain: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    hessian: np.ndarray
    threshold: float | None
    reads_input: bool = False
    power: float = 1.0


def observe(
    spec: NetworkSpec, params: Params, x: np.ndarray, timesteps: int, *, hessian: bool = True
) -> tuple[ConnectionStatistics, ...]:
    """Run trained floats once (evaluation mode) and return each connection's statistics.

    Args:
        spec: The architecture.
        params: Trained floats.
        x: Unsigned calibration inputs, [N, C, H, W] or [N, T0, C, H, W].
        timesteps: T.
        hessian: Also collect H; without it H is empty.
    """
    found: dict[int, ConnectionStatistics] = {}
    with torch.no_grad():
        for place, observed in float_run(spec, params, x, timesteps):
            for i in entering(spec.connections, place):
                found[i] = _statistics(spec, i, observed, timesteps, hessian=hessian)
    return tuple(found[i] for i in range(len(spec.connections)))


def _statistics(
    spec: NetworkSpec, place: int, observed: Observed, timesteps: int, *, hessian: bool
) -> ConnectionStatistics:
    connection, inputs = spec.connections[place], observed.inputs[place]
    population = spec.populations[connection.target]
    membrane, counted, power, decay = observed.membrane, inputs, 1.0, 0.0
    if population.law is None:
        membrane = readings(observed.current, spec.readout, timesteps)
        counted = _counted(inputs, spec.readout, timesteps)
    else:
        power, decay = trace_power(population.law.decay, timesteps), population.law.decay
    variance, mean = torch.var_mean(_by_channel(membrane, flat=population.flat).double(), 1, correction=0)
    matrix = np.empty((0, 0))
    if hessian and population.law is None:
        matrix = _hessian(
            connection, readings(inputs, spec.readout, timesteps).flatten(0, 1).unsqueeze(0), 0.0
        )
    elif hessian:
        # an input that is the same at every step is here once
        matrix = (power if len(inputs) == 1 else 1.0) * _hessian(connection, inputs, decay)
    return ConnectionStatistics(
        rate=_rate(connection, counted).double().numpy(),
        gain=observed.gain.double().numpy(),
        mean=mean.numpy(),
        variance=variance.numpy(),
        hessian=matrix,
        threshold=None if population.law is None else population.law.threshold,
        reads_input=connection.source == INPUT,
        power=power,
    )


def trace_power(decay: float, timesteps: int) -> float:
    """Return sum_t (1 + d + ... + d**(t - 1))**2: what the squared traces of a constant input of 1 add up to."""
    trace = total = 0.0
    for _ in range(timesteps):
        trace = trace * decay + 1
        total += trace**2
    return total


def readings(values: Tensor, readout: Readout, timesteps: int) -> Tensor:
    """Return what the readout predicts from [1 or T, N, ...], of values [1 or T, N, ...] that it adds up over time.

    One where labels are a sample's; one after every timestep where they are a timestep's.
    """
    if len(values) == 1:
        return values
    ends = range(1, timesteps + 1) if readout.labels == "step" else [timesteps]
    return torch.stack([_weighted(values[:end], readout) for end in ends])


def _weighted(values: Tensor, readout: Readout) -> Tensor:
    """Return the mean of values [T, ...] with the readout's shares."""
    if readout.leak_shift is None:
        return values[readout.first(len(values)) :].mean(0)
    mean: Tensor = torch.tensordot(values.new_tensor(readout.shares(len(values))), values, 1)
    return mean


def _counted(inputs: Tensor, readout: Readout, timesteps: int) -> Tensor:
    """Return the inputs of the readout whose mean is what its potential is made of."""
    if readout.leak_shift is not None or readout.labels == "step":
        return readings(inputs, readout, timesteps)
    return inputs if len(inputs) == 1 else inputs[readout.first(timesteps) :]


def _by_channel(membrane: Tensor, *, flat: bool) -> Tensor:
    """Return each channel's values [C, n] of membranes [T, N, C(, H, W)]."""
    return membrane.flatten(0, 1).t() if flat else membrane.transpose(0, 2).flatten(1)


def _rate(connection: Connection, inputs: Tensor) -> Tensor:
    """Return the mean input of each weight of a row, [D]; a filter's taps share their channel's. Depthwise: [C, D]."""
    if connection.kind == "fc":
        return inputs.mean((0, 1))
    rates = inputs.mean((0, 1, 3, 4)).repeat_interleave(connection.area)
    return rates.view(-1, connection.area) if connection.depthwise else rates


def _hessian(connection: Connection, inputs: Tensor, decay: float) -> np.ndarray:
    """Return H from the filtered traces of the inputs [T, N, ...], or of one step of them."""
    total: Tensor | None = None
    trace = torch.zeros_like(inputs[0])
    for step in inputs:
        trace = trace * decay + step
        rows = _rows(connection, trace)
        product = (rows.transpose(-1, -2) @ rows).double() / rows.shape[-2]
        total = product if total is None else total + product
    assert total is not None
    return total.numpy()


def _rows(connection: Connection, values: Tensor) -> Tensor:
    """Return what a row of weights reads of values [N, ...] at a sample and position, [n, D]; depthwise [C, n, D]."""
    if connection.kind == "fc":
        return values
    taps = F.unfold(values, connection.kernel, padding=connection.padding, stride=connection.stride)
    stride = -(-taps.shape[2] // _POSITIONS)
    rows = taps[:, :, ::stride].transpose(1, 2).flatten(0, 1)
    if not connection.depthwise:
        return rows
    return rows.view(len(rows), connection.in_channels, connection.area).transpose(0, 1)
