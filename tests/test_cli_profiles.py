"""The commands about devices, run in this process."""

import json

import pytest
from builders.devices import SHIPPED
from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError
from hwsearch.hardware.profiles.load import list_profiles


def typed(*words):
    """Return what a command printed, or raise what it raised."""
    done = CliRunner().invoke(app, ["profiles", *map(str, words)])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_every_device_is_listed_once():
    lines = typed("list").splitlines()
    assert [line.split()[0] for line in lines] == [ident for ident, _, _ in list_profiles()]


def test_a_skeleton_is_written_once_and_tells_what_to_do(tmp_path):
    file = tmp_path / "devices" / "mine.yaml"
    assert typed("new", file) == f"{file}: fill it in, then `hwsearch profiles check {file}`\n"
    assert "id: mine" in file.read_text()
    with pytest.raises(InputError, match="a file that is not there yet"):
        typed("new", file)
    with pytest.raises(InputError, match=r"must end in \.yaml"):
        typed("new", tmp_path / "mine.json")


def test_a_sound_file_has_no_fault_and_a_broken_one_all_of_them(tmp_path):
    sound = SHIPPED / "generic_45nm.yaml"
    assert typed("check", sound) == f"{sound}: no fault\n"
    broken = tmp_path / "broken.yaml"
    broken.write_text("schema_version: 1\nid: x\nname: 3\ncolour: red\n")
    with pytest.raises(InputError) as caught:
        typed("check", broken)
    assert {"name", "colour"} <= {fault.where for fault in caught.value.faults}


def test_the_schema_is_one_of_json():
    assert "memory" in json.loads(typed("schema"))["properties"]


def test_an_unknown_device_is_named_by_its_argument():
    with pytest.raises(InputError, match="ID: a hardware profile must exist"):
        typed("show", "no_such_device")
