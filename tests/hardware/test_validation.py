import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError
from hwsearch.hardware.profile import check_profile, load_profile
from hwsearch.hardware.validation import _spearman, validate_profiles, validation_table

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
FOUND = validate_profiles()


def test_the_document_is_what_the_command_writes():
    assert DOCUMENT.read_text() == validation_table(FOUND)


def test_predicted_memories_are_within_30_percent():
    rows = [row for row in FOUND.rows if row.point.unit == "B" and row.free]
    assert len(rows) >= 3
    assert all(row.good for row in rows)


def test_energies_rank_as_measured_and_what_is_far_off_says_so():
    assert FOUND.rank_correlation is not None
    assert FOUND.rank_correlation >= 0.9
    for row in FOUND.rows:
        if row.point.unit == "J" and not row.point.fitted and not row.good:
            assert "energy_j" in load_profile(row.point.profile).uncalibrated


def test_fitted_points_are_met():
    fitted = [row for row in FOUND.rows if row.point.fitted]
    assert all(row.factor == pytest.approx(1, rel=0.1) for row in fitted)


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
