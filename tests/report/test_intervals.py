"""Means and intervals by hand."""

import math

import numpy as np
import pytest

from hwsearch.report.intervals import interval


def test_the_interval_of_two_values():
    # t(0.975, 1) = 12.7062; sd = sqrt(2)
    mean, half = interval(np.array([1.0, 3.0]))
    assert (mean, half) == (2.0, pytest.approx(12.7062, rel=1e-4))
    assert interval(np.array([1.0])) == (1.0, math.inf)
