"""Constants of terms, fitted on rows of (how often each happened, what it took)."""

import pytest

from benchmarks.firmware_fit import fitted_instructions


def test_what_adds_a_plane_is_fitted_on_dense_filters_alone():
    dense = [
        ({"conv_dense list": lists, "scatter hit": hits}, 90.0 * lists + 7.0 * hits)
        for lists, hits in ((1, 100), (2, 50), (3, 400))
    ]
    # elsewhere hits are expectations: these rows count twice as many as there were
    other = [
        ({"conv_kernel list": lists, "scatter hit": 2.0 * hits}, 70.0 * lists + 7.0 * hits)
        for lists, hits in ((1, 100), (9, 20), (4, 300), (2, 600), (5, 90))
    ]
    found = fitted_instructions([*dense, *other])
    assert found["scatter hit"] == pytest.approx(7, rel=1e-3)
    assert found["conv_dense list"] == pytest.approx(90, rel=1e-2)


def test_what_probing_takes_is_no_term_of_a_core():
    rows = [
        ({"clear call": 1.0, "clear element": n, "probe": p}, 10.0 + 3.0 * n + 25.0 * p)
        for n, p in ((8, 1), (99, 4), (40, 9))
    ]
    found = fitted_instructions(rows)
    assert found == {"clear call": pytest.approx(10), "clear element": pytest.approx(3)}
