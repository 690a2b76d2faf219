"""Adam for a stack: one row of numbers a candidate.

The parameters of a stack become views of the rows. Each begins at a multiple of 16 numbers and a row ends at one:
vector kernels round their last, incomplete vector otherwise than the whole ones, so without that a candidate's numbers
would depend on its place in the stack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hwsearch.native.library import library
from hwsearch.network.stack import Stack

_VECTOR = 16
_BETA1, _BETA2 = 0.9, 0.999


class StackAdam:
    """Adam (Kingma and Ba 2015; beta 0.9 and 0.999, eps 1e-8) on the parameters of a stack.

    Attributes:
        steps: Steps so far.
    """

    def __init__(self, stack: Stack, factors: Sequence[float] | None = None) -> None:
        """Lay the parameters of a stack out in rows; factors: of each candidate's learning rate (None: all 1)."""
        self._factors = np.ones(stack.size) if factors is None else np.array(factors, float)
        self._parameters = list(stack.parameters())
        self.steps, self._slices, end = 0, [], 0
        for own in self._parameters:
            self._slices.append(slice(end, end + own[0].numel()))
            end += -(-own[0].numel() // _VECTOR) * _VECTOR
        rows = self._parameters[0].new_zeros(stack.size, end, requires_grad=False)
        for own, part in zip(self._parameters, self._slices, strict=True):
            rows[:, part] = own.data.flatten(1)
            own.data = rows[:, part].view(own.shape)
        self._rows, self._first, self._second = rows, torch.zeros_like(rows), torch.zeros_like(rows)
        self._whole: _Whole | None = None

    def step(self, learning_rate: float) -> None:
        """Take a step along the gradients of the parameters, and forget them."""
        self.steps += 1
        loops = library() if self._rows.device.type == "cpu" else None
        if loops is None:
            if self._whole is None:
                state = (self._rows, self._first, self._second)
                self._whole = _Whole(*state, self.steps - 1, self._factors)
            self._whole.step(self._parameters, self._slices, learning_rate)
            return
        rates = (learning_rate * self._factors / (1 - _BETA1**self.steps)).astype(np.float32)
        root = math.sqrt(1 - _BETA2**self.steps)
        size, stride = self._rows.shape
        for own, part in zip(self._parameters, self._slices, strict=True):
            grad = _gradient(own).contiguous()
            parts = [rows[:, part].data_ptr() for rows in (self._rows, self._first, self._second)]
            loops.adam(*parts, grad.data_ptr(), rates.ctypes.data, size, part.stop - part.start, stride, root)
            own.grad = None

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return both moments, [K, n] each: a candidate's parameters one after the other, without gaps."""
        packed = [
            torch.cat([rows[:, part] for part in self._slices], 1) for rows in (self._first, self._second)
        ]
        return packed[0].cpu().numpy(), packed[1].cpu().numpy()

    def restore(self, first: np.ndarray, second: np.ndarray, steps: int) -> None:
        """Go on from moments [K, n] after a number of steps; only before the first step."""
        self.steps = steps
        for rows, packed in ((self._first, first), (self._second, second)):
            start = 0
            for part in self._slices:
                n = part.stop - part.start
                rows[:, part] = torch.from_numpy(packed[:, start : start + n])
                start += n


class _Whole:
    """Torch's fused Adam on whole rows: those of one learning rate are one group."""

    def __init__(self, rows: Tensor, first: Tensor, second: Tensor, steps: int, factors: np.ndarray) -> None:
        self._grad = torch.zeros_like(rows)
        self._factors = [float(factor) for factor in np.unique(factors)]
        # rates that lie on the device are changed without waiting for it
        self._rates = [torch.zeros((), device=rows.device) for _ in self._factors]
        groups, state = [], []
        for factor, rate in zip(self._factors, self._rates, strict=True):
            members = []
            for k in np.flatnonzero(factors == factor):
                row = torch.nn.Parameter(rows[k])
                row.grad = self._grad[k]
                members.append(row)
                state.append((row, first[k], second[k]))
            groups.append({"params": members, "lr": rate})
        self._adam = torch.optim.Adam(groups, betas=(_BETA1, _BETA2), fused=True)
        for row, own_first, own_second in state:
            step = torch.tensor(float(steps), device=rows.device)
            self._adam.state[row] = {"step": step, "exp_avg": own_first, "exp_avg_sq": own_second}

    def step(self, parameters: list[torch.nn.Parameter], slices: list[slice], learning_rate: float) -> None:
        """Take a step along the gradients of the parameters that lie in slices of the rows, and forget them."""
        for own, part in zip(parameters, slices, strict=True):
            self._grad[:, part] = _gradient(own).flatten(1)
            own.grad = None
        for factor, rate in zip(self._factors, self._rates, strict=True):
            rate.fill_(learning_rate * factor)
        self._adam.step()


def _gradient(parameter: torch.nn.Parameter) -> Tensor:
    assert parameter.grad is not None  # every parameter of a stack takes part in every pass
    return parameter.grad
