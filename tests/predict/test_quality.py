"""The quality of predicted agreements, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsearch.predict.quality import Quality, average, quality_of


def test_two_candidates_by_hand():
    # measured 1/2 and 1; predicted 1/4 and 1
    agree = np.array([[True, False], [True, True]])
    quality = quality_of(np.array([0.25, 1.0]), agree)
    assert (quality.n, quality.spearman) == (2, pytest.approx(1.0))
    assert quality.mae == pytest.approx((0.25 + 0.0) / 2)
    # squares of 1/4 - 1 and 1/4 - 0, then twice 0
    assert quality.brier == pytest.approx((0.5625 + 0.0625) / 4)
    assert quality.ece == pytest.approx(0.25 / 2)


def test_many_candidates_are_judged_in_ten_bins():
    # 20 candidates, two a bin; within a bin errors of opposite sign cancel, which the mean error does not
    predicted = 0.05 + np.repeat(np.arange(10) / 11, 2) + np.tile([0.0, 0.01], 10)
    measured = predicted + np.tile([0.02, -0.02], 10)
    agree = np.arange(1000)[None] < np.round(1000 * measured)[:, None]
    quality = quality_of(predicted, agree)
    assert quality.mae == pytest.approx(0.02, abs=1e-3)
    assert quality.ece == pytest.approx(0.0, abs=1e-3)


def test_a_constant_prediction_ranks_nothing():
    quality = quality_of(np.full(4, 0.5), np.array([[True], [False], [True], [False]]))
    assert quality.spearman == 0.0
    assert quality.poor


@pytest.mark.parametrize(("spearman", "poor"), [(0.69, True), (0.7, False), (-1.0, True)])
def test_a_weak_ranking_is_poor(spearman, poor):
    assert Quality(10, spearman, 0.1, 0.1, 0.1).poor is poor


@given(arrays(np.float64, 15, elements=st.floats(0, 1)), arrays(bool, (15, 6)))
@settings(max_examples=40, deadline=None)
def test_errors_are_shares_and_calibration_errs_no_more_than_the_mean(predicted, agree):
    quality = quality_of(predicted, agree)
    assert 0 <= quality.ece <= quality.mae + 1e-12 <= 1 + 1e-9
    assert 0 <= quality.brier <= 1
    assert -1 - 1e-9 <= quality.spearman <= 1 + 1e-9


def test_of_several_estimators_the_candidates_are_added_up_and_the_rest_is_the_mean():
    alone = Quality(32, 0.9, 0.02, 0.1, 0.01)
    assert average([alone]) is alone
    both = average([alone, Quality(32, 0.7, 0.04, 0.3, 0.03)])
    assert (both.n, both.spearman, both.mae, both.brier, both.ece) == pytest.approx(
        (64, 0.8, 0.03, 0.2, 0.02)
    )
