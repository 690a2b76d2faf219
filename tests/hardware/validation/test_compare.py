import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError
from hwsearch.hardware.profiles.load import check_profile, load_profile
from hwsearch.hardware.validation.compare import PointSection, Row, _spearman, validate_profiles
from hwsearch.hardware.validation.report import validation_table

DOCUMENT = Path(__file__).parents[3] / "benchmarks" / "results" / "validation.md"
FOUND = validate_profiles()


def test_the_document_is_what_the_command_writes():
    assert DOCUMENT.read_text() == validation_table(FOUND)


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
    point = {"id": 1, "profile": "x", "name": "x", "measured": 1.0, "unit": "J", "source": "x"}
    row = Row(PointSection(**point, column="energy_j", ends=[{"rate": 0.1}, {"rate": 1.0}]), low, high)
    assert row.good is good
    assert not row.free


def test_every_point_has_a_source():
    assert {row.point.source for row in FOUND.rows} == set(FOUND.sources)


def test_spearman_by_hand():
    assert _spearman([(1, 10), (2, 20), (3, 30)]) == 1
    assert _spearman([(1, 30), (2, 20), (3, 10)]) == -1
    assert _spearman([(1, 1), (1, 2), (2, 3)]) == pytest.approx(0.8660254)  # equals share rank 0.5


def test_a_new_profile_has_no_fault_and_is_not_overwritten(tmp_path):
    path = tmp_path / "bench_board.yaml"
    run = CliRunner()
    assert run.invoke(app, ["profiles", "new", str(path)]).exit_code == 0
    assert check_profile(path) == []
    profile = load_profile(path)
    assert profile.id == "bench_board"
    assert not profile.tells("energy_j")
    for name in (str(path), str(tmp_path / "x.txt")):
        assert isinstance(run.invoke(app, ["profiles", "new", name]).exception, InputError)


def test_the_schema_is_json_and_knows_the_families():
    schema = json.loads(CliRunner().invoke(app, ["profiles", "schema"]).output)
    assert {"id", "memory", "weights", "model", "sources"} <= set(schema["properties"])
    assert "StepCyclesSection" in schema["$defs"]


def test_validate_writes_where_it_is_told(tmp_path):
    path = tmp_path / "docs" / "table.md"
    assert CliRunner().invoke(app, ["profiles", "validate", "--to", str(path)]).exit_code == 0
    assert path.read_text() == validation_table(FOUND)
    assert CliRunner().invoke(app, ["profiles", "validate"]).output == path.read_text()
