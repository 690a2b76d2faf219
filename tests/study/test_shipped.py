"""Studies by name: the nearest file goes first, and an unknown name is told from a path."""

from pathlib import Path

import pytest

from hwsearch.errors import InputError
from hwsearch.study.model import load_study
from hwsearch.study.shipped import find_study

SHIPPED = Path(__file__).parents[2] / "studies"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_shipped_study_is_found_by_its_name_from_anywhere(path):
    found = find_study(path.stem)
    assert found.samefile(path)
    assert load_study(found).name == path.stem


def test_what_is_nearest_goes_first(tmp_path):
    (tmp_path / "studies").mkdir()
    for here in ("studies/digits_mcu.yaml", "digits_mcu.yml", "digits_mcu.yaml", "digits_mcu"):
        (tmp_path / here).touch()
        assert find_study("digits_mcu") == Path(here)


def test_a_folder_of_that_name_is_no_study(tmp_path):
    (tmp_path / "digits_mcu").mkdir()
    assert find_study("digits_mcu").samefile(SHIPPED / "digits_mcu.yaml")


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError) as caught:
        find_study("digit_mcu")
    (fault,) = caught.value.faults
    assert str(fault).startswith(
        "STUDY: a study must be a file, or the name of one; got 'digit_mcu' (did you mean 'digits_mcu'? known studies:"
    )
    assert str(fault).endswith("or a path that ends in .yaml)")


@pytest.mark.parametrize("path", ["mine.yaml", "sub/mine", "/mine"])
def test_what_can_be_a_path_alone_stays_one(path):
    assert find_study(path) == Path(path)
