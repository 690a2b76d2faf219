"""Adam for a stack: one row of numbers a candidate, one kernel for all.

The parameters of a stack become views of the rows. Each begins at a multiple of 16 numbers and a row ends at one:
vector kernels round their last, incomplete vector otherwise than the whole ones, so without that a candidate's numbers
would depend on its place in the stack.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hwsearch.network.stack import Stack

_VECTOR = 16


class StackAdam:
    """Adam (Kingma and Ba 2015; beta 0.9 and 0.999, eps 1e-8) on the parameters of a stack.

    Attributes:
        steps: Steps so far.
    """

    def __init__(self, stack: Stack) -> None:
        self._parameters = list(stack.parameters())
        size, starts, end = stack.size, [], 0
        for parameter in self._parameters:
            starts.append(end)
            end += _whole_vectors(parameter[0].numel())
        rows = torch.zeros(size, end)
        self._slices = [
            slice(start, start + own[0].numel()) for start, own in zip(starts, self._parameters, strict=True)
        ]
        for own, part in zip(self._parameters, self._slices, strict=True):
            rows[:, part] = own.data.flatten(1)
            own.data = rows[:, part].view(own.shape)
        self._rows = torch.nn.Parameter(rows)
        self._rows.grad = torch.zeros_like(rows)
        self._gradients = [self._rows.grad[:, part] for part in self._slices]
        self._adam = torch.optim.Adam([self._rows], lr=0.0, fused=True)

    @property
    def steps(self) -> int:
        """Steps so far."""
        state = self._adam.state.get(self._rows)
        return 0 if state is None else int(state["step"])

    def step(self, learning_rate: float) -> None:
        """Take a step along the gradients of the parameters, and forget them."""
        for own, gradient in zip(self._parameters, self._gradients, strict=True):
            assert own.grad is not None  # every parameter of a stack takes part in every pass
            gradient.copy_(own.grad.flatten(1))
            own.grad = None
        self._adam.param_groups[0]["lr"] = learning_rate
        self._adam.step()

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return both moments, [K, n] each: a candidate's parameters one after the other, without gaps."""
        state = self._adam.state[self._rows]
        first, second = (
            torch.cat([state[name][:, part] for part in self._slices], 1).numpy()
            for name in ("exp_avg", "exp_avg_sq")
        )
        return first, second

    def restore(self, first: np.ndarray, second: np.ndarray, steps: int) -> None:
        """Go on from moments [K, n] after a number of steps."""
        self._adam.state[self._rows] = {
            "step": torch.tensor(float(steps)),
            "exp_avg": self._spread(first),
            "exp_avg_sq": self._spread(second),
        }

    def _spread(self, packed: np.ndarray) -> Tensor:
        """Return rows with the gaps of this stack's layout."""
        rows, start = torch.zeros_like(self._rows.data), 0
        for part in self._slices:
            n = part.stop - part.start
            rows[:, part] = torch.from_numpy(packed[:, start : start + n])
            start += n
        return rows


def _whole_vectors(n: int) -> int:
    return -(-n // _VECTOR) * _VECTOR
