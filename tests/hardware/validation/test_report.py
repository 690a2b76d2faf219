"""The validation as a document: it is what the command writes."""

from pathlib import Path

from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.hardware.validation.compare import validate_profiles
from hwsearch.hardware.validation.report import validation_table

DOCUMENT = Path(__file__).parents[3] / "benchmarks" / "results" / "validation.md"
FOUND = validate_profiles()


def test_the_document_is_what_the_command_writes():
    assert DOCUMENT.read_text() == validation_table(FOUND)


def test_validate_writes_where_it_is_told(tmp_path):
    path = tmp_path / "docs" / "table.md"
    assert CliRunner().invoke(app, ["profiles", "validate", "--to", str(path)]).exit_code == 0
    assert path.read_text() == validation_table(FOUND)
    assert CliRunner().invoke(app, ["profiles", "validate"]).output == path.read_text()
