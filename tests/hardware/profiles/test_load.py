"""Profiles are found by id in every folder, loaded and checked."""

import time

import pytest
from builders.devices import SHIPPED
from builders.profile_files import FILES, MICROBIT

from hwsearch.errors import InputError
from hwsearch.hardware.profiles.folders import profile_folders
from hwsearch.hardware.profiles.load import check_profile, list_profiles, load_profile


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_profiles_have_no_fault(path):
    assert check_profile(path) == []
    assert load_profile(path).id == path.stem


def test_profiles_are_found_by_id_in_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hardware_profiles").mkdir()
    (tmp_path / "more").mkdir()
    for folder, ident in (("hardware_profiles", "here"), ("more", "there")):
        text = MICROBIT.read_text().replace("id: nrf51822_microbit", f"id: '{ident}'  # mine")
        (tmp_path / folder / "x.yaml").write_text(text)
    monkeypatch.setenv("HWSEARCH_PROFILES", str(tmp_path / "more"))
    found = [ident for ident, _, _ in list_profiles()]
    assert found == sorted([*(path.stem for path in FILES), "here", "there"])
    assert {ident: name for ident, name, _ in list_profiles()}["here"].startswith("BBC micro:bit v1")
    assert load_profile("here").id == "here"
    assert load_profile("there").clock_hz == 16e6
    assert len(profile_folders()) == 3


def test_a_folder_that_is_named_twice_counts_once(monkeypatch):
    monkeypatch.chdir(SHIPPED.parent)
    monkeypatch.setenv("HWSEARCH_PROFILES", str(SHIPPED))
    assert [ident for ident, _, _ in list_profiles()] == [path.stem for path in FILES]


def test_of_several_with_one_id_the_nearest_is_taken(tmp_path, monkeypatch):
    # as where the package is installed and a checkout with its own profiles is the working folder
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hardware_profiles").mkdir()
    (tmp_path / "hardware_profiles" / "mine.yaml").write_text(
        MICROBIT.read_text().replace("16, unit: MHz", "8, unit: MHz")
    )
    assert load_profile("nrf51822_microbit").clock_hz == 8e6
    assert [ident for ident, _, _ in list_profiles()].count("nrf51822_microbit") == 1


def test_an_id_must_be_known(tmp_path):
    with pytest.raises(InputError, match=r"known ids: .*generic_45nm"):
        load_profile("abacus")
    with pytest.raises(InputError, match="no file"):
        load_profile(tmp_path / "absent.yaml")
    assert check_profile(tmp_path / "absent.yaml")[0].path == tmp_path / "absent.yaml"


def test_listing_is_quick():
    list_profiles()
    start = time.perf_counter()
    list_profiles()
    assert time.perf_counter() - start < 0.1
