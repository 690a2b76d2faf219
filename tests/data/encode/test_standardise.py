"""Standardisation: by hand, of training samples alone, and without a mean that does not vary."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.encode.standardise import fit_standardise


def column(*values):
    return np.array(values, dtype=np.float32).reshape(-1, 1, 1, 1)


def test_by_hand():
    # mean 5, deviation 5; -10 is 3 deviations below, 20 is 3 above: 0 and 255
    fitted = fit_standardise(column(0, 10), "channel", 3.0, 255)
    assert (fitted.mean.item(), fitted.deviation.item()) == (5, 5)
    # (5 + 0.1 - 5) / 5 = 0.02; (3.02 * 255) / 6 = 128.35
    assert fitted(column(-10, -99, 5, 5.1, 20, 99)).ravel().tolist() == [0, 0, 128, 128, 255, 255]


def test_what_has_a_mean_of_its_own():
    x = np.arange(48, dtype=np.float32).reshape(2, 3, 2, 2, 2)
    shapes = {by: fit_standardise(x, by, 3.0, 15).mean.shape for by in ("channel", "value", "all")}
    assert shapes == {"channel": (2, 1, 1), "value": (2, 2, 2), "all": (1, 1, 1)}
    assert fit_standardise(x, "channel", 3.0, 15).mean.ravel().tolist() == [
        x[:, :, 0].mean(), x[:, :, 1].mean()
    ]  # fmt: skip
    assert fit_standardise(x, "value", 3.0, 15).mean[1, 0, 1] == x[:, :, 1, 0, 1].mean()
    assert fit_standardise(x[:, 0], "channel", 3.0, 15).mean.shape == (2, 1, 1)


def test_what_does_not_vary_is_the_middle():
    fitted = fit_standardise(column(0.1, 0.1, 0.1), "channel", 3.0, 255)
    assert fitted.deviation.item() == 0
    assert fitted(column(0.1, 7)).ravel().tolist() == [128, 128]


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=20, unique=True),
    st.floats(-100, 100, width=32), st.sampled_from([1, 3, 255]),
)  # fmt: skip
@settings(deadline=None)
def test_order_is_kept_within_the_range(values, shift, largest):
    x = column(*sorted(values))
    found = fit_standardise(x, "channel", 2.0, largest)(x).ravel().astype(int)
    assert (np.diff(found) >= 0).all()
    assert 0 <= found.min() <= found.max() <= largest


@pytest.mark.parametrize("by", ["channel", "value", "all"])
def test_samples_at_once_make_no_difference(by, monkeypatch):
    x = np.random.default_rng(0).normal(size=(9, 2, 3, 1)).astype(np.float32)
    fitted = fit_standardise(x, by, 3.0, 255)
    whole = fitted(x)
    monkeypatch.setattr("hwsearch.data.encode.standardise._AT_ONCE", 12)
    assert np.array_equal(fitted(x), whole)
