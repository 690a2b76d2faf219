"""Adam for a stack: one row of numbers a candidate.

The parameters of a stack become views of the rows. Each begins at a multiple of 16 numbers and a row ends at one:
vector kernels round their last, incomplete vector otherwise than the whole ones, so without that a candidate's numbers
would depend on its place in the stack.
"""

from __future__ import annotations

import ctypes
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
    """Adam (Kingma and Ba 2015; beta 0.9 and 0.999, eps 1e-8) on the parameters of a stack."""

    def __init__(self, stack: Stack, factors: Sequence[float]) -> None:
        """Lay the parameters of a stack out in rows; factors: of each candidate's learning rate."""
        self._parameters = list(stack.parameters())
        self._slices, end = [], 0
        for parameter in self._parameters:
            self._slices.append(slice(end, end + parameter[0].numel()))
            end += -(-parameter[0].numel() // _VECTOR) * _VECTOR
        rows = self._parameters[0].new_zeros(stack.size, end, requires_grad=False)
        for parameter, part in zip(self._parameters, self._slices, strict=True):
            rows[:, part] = parameter.data.flatten(1)
            parameter.data = rows[:, part].view(parameter.shape)
        loops = library() if rows.device.type == "cpu" else None
        self._rule: _LoopAdam | _TorchAdam = (
            _TorchAdam(rows, np.array(factors, float))
            if loops is None
            else _LoopAdam(loops, rows, np.array(factors, float))
        )

    def step(self, learning_rate: float) -> None:
        """Take a step along the gradients of the parameters, and forget them."""
        self._rule.step(self._parameters, self._slices, learning_rate)


class _LoopAdam:
    """Adam in C, parameter by parameter."""

    def __init__(self, loops: ctypes.CDLL, rows: Tensor, factors: np.ndarray) -> None:
        self._loops, self._factors, self._n_steps = loops, factors, 0
        self._rows, self._first, self._second = rows, torch.zeros_like(rows), torch.zeros_like(rows)

    def step(self, parameters: list[torch.nn.Parameter], slices: list[slice], learning_rate: float) -> None:
        """Take a step along the gradients of the parameters that lie in slices of the rows, and forget them."""
        self._n_steps += 1
        rates = (learning_rate * self._factors / (1 - _BETA1**self._n_steps)).astype(np.float32)
        root = math.sqrt(1 - _BETA2**self._n_steps)
        size, stride = self._rows.shape
        for parameter, part in zip(parameters, slices, strict=True):
            grad, width = _gradient(parameter).contiguous(), part.stop - part.start
            state = [rows[:, part].data_ptr() for rows in (self._rows, self._first, self._second)]
            self._loops.adam(*state, grad.data_ptr(), rates.ctypes.data, size, width, stride, root)
            parameter.grad = None


class _TorchAdam:
    """Torch's fused Adam on whole rows: those of one learning rate are one group."""

    def __init__(self, rows: Tensor, factors: np.ndarray) -> None:
        self._grad = torch.zeros_like(rows)
        self._factors = [float(factor) for factor in np.unique(factors)]
        # rates that lie on the device are changed without waiting for it
        self._rates = [torch.zeros((), device=rows.device) for _ in self._factors]
        groups = []
        for factor, rate in zip(self._factors, self._rates, strict=True):
            members = []
            for k in np.flatnonzero(factors == factor):
                row = torch.nn.Parameter(rows[k])
                row.grad = self._grad[k]
                members.append(row)
            groups.append({"params": members, "lr": rate})
        self._adam = torch.optim.Adam(groups, betas=(_BETA1, _BETA2), fused=True)

    def step(self, parameters: list[torch.nn.Parameter], slices: list[slice], learning_rate: float) -> None:
        """Take a step along the gradients of the parameters that lie in slices of the rows, and forget them."""
        for parameter, part in zip(parameters, slices, strict=True):
            self._grad[:, part] = _gradient(parameter).flatten(1)
            parameter.grad = None
        for factor, rate in zip(self._factors, self._rates, strict=True):
            rate.fill_(learning_rate * factor)
        self._adam.step()


def _gradient(parameter: torch.nn.Parameter) -> Tensor:
    assert parameter.grad is not None  # every parameter of a stack takes part in every pass
    return parameter.grad
