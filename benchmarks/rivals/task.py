"""Samples and labels that classifiers are compared on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Task:
    """Samples, [N, inputs] integers of 0 .. ``most``, and labels [N], of three splits."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    most: int = 16
