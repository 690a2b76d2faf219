"""Events of a pass by calls, lists and channels (`hwsearch.hardware.arrivals`)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hwsearch.hardware.arrivals import LIST_EVENTS


def count_arrivals(received: Tensor, by_channel: bool) -> np.ndarray:
    """Return the events, lists, filled lists and runs of a connection in an inference: [K, 4], mean over samples.

    A channel whose events are the s-th to the e-th of a call, counted from 0, is in lists floor(s / 32) to
    floor(e / 32): in each of them it is a run.

    Args:
        received: What arrives, pooled, [K, T, N, C, ...]: a call of the library a timestep.
        by_channel: Whether filters read it, channel by channel; a matrix does not tell channels apart.
    """
    held = received != 0
    counts = (held.flatten(4).sum(4) if held.dim() > 4 else held).to(torch.int64)  # [K, T, N, C]
    if not by_channel:
        counts = counts.sum(3, keepdim=True)
    ends = counts.cumsum(3)
    last = torch.div(ends - 1, LIST_EVENTS, rounding_mode="floor")
    first = torch.div(ends - counts, LIST_EVENTS, rounding_mode="floor")
    runs = torch.where(counts > 0, last - first + 1, 0).sum(3)
    events = ends[..., -1]
    filled = torch.div(events + LIST_EVENTS - 1, LIST_EVENTS, rounding_mode="floor")
    lists = torch.div(events, LIST_EVENTS, rounding_mode="floor") + 1
    each = (
        torch.stack([events, lists, filled, runs], -1).sum(1).double().mean(1)
    )  # over timesteps, over samples
    return each.cpu().numpy()
