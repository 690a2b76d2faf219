"""A profile to start from has no fault and guesses nothing."""

from typing import get_args

from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError
from hwsearch.hardware.device import Grade
from hwsearch.hardware.neurons import Comparison, Firing, Leak
from hwsearch.hardware.profiles.load import check_profile, load_profile
from hwsearch.hardware.profiles.schema import ProfileSection
from hwsearch.hardware.profiles.sections import Format
from hwsearch.hardware.profiles.skeleton import SKELETON


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


def test_the_skeleton_names_every_word_that_a_profile_may_have():
    menus = (Comparison, Leak, Firing, ProfileSection.model_fields["family"].annotation, Grade, Format)
    for menu in menus:
        assert [word for word in get_args(menu) if word not in SKELETON] == []
