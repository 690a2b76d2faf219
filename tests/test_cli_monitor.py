"""``hwsearch monitor`` as it is typed."""

from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import RecordError


def test_an_export_is_monitored(finished, tmp_path):
    model = str(tmp_path / "model")
    done = CliRunner().invoke(
        app, ["export", str(finished), "--to", model, "--format", "config,weights,monitor"]
    )
    assert done.exit_code == 0, done.output
    assert "monitor.yaml" in done.stdout
    done = CliRunner().invoke(app, ["monitor", model])
    assert done.exit_code == 0, done.output
    watched, noticed = done.stdout.splitlines()
    assert watched.startswith("Watched: the inputs' sum, the number of spikes of fc1")
    assert noticed.startswith("Nothing was noticed in ")


def test_an_export_without_a_monitor_is_wrong_input(finished, tmp_path):
    model = str(tmp_path / "model")
    assert CliRunner().invoke(app, ["export", str(finished), "--to", model]).exit_code == 0
    done = CliRunner().invoke(app, ["monitor", model])
    assert isinstance(done.exception, RecordError)
    assert "--format config,weights,monitor" in str(done.exception)
