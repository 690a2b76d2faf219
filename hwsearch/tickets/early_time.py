"""The early-time rule: the fewest timesteps at which a network's answers are near enough to its final ones.

P_t is the softmax of the readout averaged over the first t timesteps. The paper's rule takes

    D(t) = KL(P_t || P_T),    T_early = min { t in 2 .. T - 1 : D(t) / D(2) < limit }, else T

while its released code computes KL(P_T || P_t), over batch-norm statistics of the very batch. Here the network is in
evaluation mode and both directions are recorded; the paper's decides. t = 1 is left out: no time has passed yet. A
sequence is binned to t timesteps, as a network of t reads it; of labels a timestep the last prediction counts.

Source: Kim et al. 2022, section 4, eq. 1 and 2, and its released code; limit 0.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import log_softmax

from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import Stack
from hwsearch.tickets.fit import dense_masks
from hwsearch.train.inputs import as_input

_FLOAT_LIKE = 16


@dataclass(frozen=True)
class EarlyTime:
    """How many timesteps tickets may be searched with.

    Attributes:
        timesteps: T_early.
        forward: D(t) / D(2) for t = 2 .. T - 1 with KL(P_t || P_T).
        backward: Likewise with KL(P_T || P_t).
    """

    timesteps: int
    forward: tuple[float, ...]
    backward: tuple[float, ...]


def early_time(
    spec: NetworkSpec,
    params: Params,
    x: np.ndarray,
    timesteps: int,
    *,
    limit: float = 0.6,
    loss_gain: float = 1.0,
) -> EarlyTime:
    """Measure both divergences on a network and apply the rule.

    Args:
        spec: The architecture.
        params: Floats of a network that was trained for a few epochs at T.
        x: Training inputs (never test inputs), [N, C, H, W] or [N, T0, C, H, W].
        timesteps: T.
        limit: Lambda.
        loss_gain: Factor on the readout before the softmax, as in training.
    """
    stack = Stack(spec, [Ticket(params, dense_masks(params), (_FLOAT_LIKE,) * len(params.weights))]).eval()
    with torch.no_grad():
        answers = [stack(as_input(x, spec.input, t), t)[0] for t in range(2, timesteps + 1)]
    if spec.readout.labels == "step":
        answers = [answer[:, -1] for answer in answers]
    forward, backward = relative_divergences(np.stack([answer.numpy() * loss_gain for answer in answers]))
    return EarlyTime(early_timesteps(forward, timesteps, limit), forward, backward)


def relative_divergences(logits: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return D(t) / D(2) for t = 2 .. T - 1, from logits [T - 1, N, classes] of t = 2 .. T, in both directions.

    KL(p || q) = mean over samples of sum_c p_c (log p_c - log q_c). A network that answers at t = 2 as it does at T
    has D(2) = 0: then every ratio is 0.
    """
    log_p = log_softmax(logits.astype(np.float64), axis=2)
    last = log_p[-1]
    forward = [float((np.exp(log_p_t) * (log_p_t - last)).sum(1).mean()) for log_p_t in log_p[:-1]]
    backward = [float((np.exp(last) * (last - log_p_t)).sum(1).mean()) for log_p_t in log_p[:-1]]
    return _over_first(forward), _over_first(backward)


def early_timesteps(ratios: tuple[float, ...], timesteps: int, limit: float) -> int:
    """Return the first t whose ratio is below the limit, from ratios of t = 2, 3, ...; else T."""
    return next((t for t, ratio in enumerate(ratios, start=2) if ratio < limit), timesteps)


def _over_first(values: list[float]) -> tuple[float, ...]:
    return tuple(value / values[0] if values[0] > 0 else 0.0 for value in values)
