"""What confirms a profile and what does not, and that the shipped ones are as good as they say."""

import pytest

from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.validation.compare import PointSection, Row, Validation, validate_profiles

FOUND = validate_profiles()


def test_predicted_memories_are_within_30_percent():
    rows = [row for row in FOUND.rows if row.point.unit == "B" and row.free]
    assert len(rows) >= 4
    assert all(row.good for row in rows)


def test_energies_rank_as_measured_and_what_is_far_off_says_so():
    assert FOUND.rank_correlation is not None
    assert FOUND.rank_correlation >= 0.9
    assert sum(row.free and row.point.unit == "J" for row in FOUND.rows) >= 8
    for row in FOUND.rows:
        if row.point.unit in "Js" and row.good is False:
            name = "energy_j" if row.point.unit == "J" else "latency_s"
            assert name in load_profile(row.point.profile).uncalibrated


def test_fitted_points_are_met():
    fitted = [row for row in FOUND.rows if row.point.fitted]
    for row in fitted:
        # of visual wake words only the time was fitted: its energy takes a cycle's energy from the autoencoder
        both = row.point.name == "visual wake words" and row.point.unit == "J"
        assert row.factors == pytest.approx((1, 1), rel=0.2 if both else 0.1)


def test_half_of_the_dense_networks_are_fitted_and_half_predicted_on_each_controller():
    for device in ("stm32l4r5", "stm32u575", "gap9", "stm32h7a3"):
        rows = [row for row in FOUND.rows if row.point.profile == device and row.point.unit == "J"]
        fitted = [row.point.name for row in rows if row.point.fitted]
        assert fitted == ["autoencoder", "visual wake words"]
        assert len(rows) == (3 if device == "stm32h7a3" else 4)


@pytest.mark.parametrize(
    ("low", "high", "good"),
    [
        (0.5, 2.0, True),  # both ends within the factor of 3
        (0.1, 2.0, None),  # one end
        (0.1, 10.0, None),  # neither, but what was measured lies between
        (4.0, 9.0, False),  # wholly outside
        (None, None, None),
    ],
)
def test_an_interval_confirms_only_as_a_whole(low, high, good):
    row = Row(point(ends=[{"rate": 0.1}, {"rate": 1.0}]), low, high)
    assert row.good is good
    assert not row.free


def test_every_point_has_a_source():
    assert {row.point.source for row in FOUND.rows} == set(FOUND.sources)


@pytest.mark.parametrize(
    ("pairs", "rank"),
    [
        ([(1, 10), (2, 20), (3, 30)], 1),
        ([(1, 30), (2, 20), (3, 10)], -1),
        ([(1, 1), (1, 2), (2, 3)], 0.8660254),  # equals share rank 0.5
        ([(1, 1), (2, 2)], None),  # two points rank nothing
    ],
)
def test_rank_correlation_by_hand(pairs, rank):
    rows = [Row(point(measured=measured), predicted, predicted) for predicted, measured in pairs]
    fitted, unknown = Row(point(fitted=True), 99.0, 99.0), Row(point(), None, None)
    found = Validation((*rows, fitted, unknown), {}, {}).rank_correlation
    assert found == (None if rank is None else pytest.approx(rank))


@pytest.mark.parametrize(("unit", "column", "edge"), [("B", "memory_bytes", 1.3), ("s", "latency_s", 3.0)])
def test_a_prediction_confirms_within_its_margin(unit, column, edge):
    published = point(unit=unit, column=column)
    assert Row(published, edge * 0.999, edge * 0.999).good
    assert Row(published, edge * 1.01, edge * 1.01).good is False
    below = 0.7 if unit == "B" else 1 / 3
    assert Row(published, below * 1.001, below * 1.001).good
    assert Row(published, below * 0.99, below * 0.99).good is False


def point(**changes):
    plain = {
        "id": 1,
        "profile": "x",
        "name": "x",
        "measured": 1.0,
        "unit": "J",
        "column": "energy_j",
        "source": "x",
    }
    return PointSection(**{**plain, **changes})
