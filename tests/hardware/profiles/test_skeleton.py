"""A profile to start from has no fault and guesses nothing."""

from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError
from hwsearch.hardware.profiles.load import check_profile, load_profile


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
