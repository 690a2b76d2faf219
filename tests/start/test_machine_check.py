"""What a machine has is said, what it lacks is said with its cost and what to do."""

import shutil

import pytest

from hwsearch.start import machine_check
from hwsearch.start.machine_check import Part, parts_of_machine


@pytest.fixture
def bare(monkeypatch):
    """A machine without compilers, emulators, extras, loops and memory."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(machine_check.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(machine_check, "why_none", lambda: "there is no C compiler")
    monkeypatch.setattr(machine_check, "available_bytes", lambda: 2**30)


def parts(root=None):
    return {part.name: part for part in parts_of_machine(root)}


def test_a_bare_machine_lacks_what_nothing_depends_on(bare):
    found = parts()
    lacking = {name for name, part in found.items() if part.cost}
    assert lacking == set(found) - {"Python", "processor", "GPU", "data set digits"}
    assert all(part.todo for part in found.values() if part.cost)
    assert {name for name in lacking if found[name].found} == {"memory"}
    assert "apt-get install gcc-arm-none-eabi qemu-system-arm" in str(found["boards of arm"])
    assert str(found["extra cluster"]).startswith("missing  extra cluster")
    assert str(found["memory"]).startswith("little   memory")


def test_a_full_machine_lacks_nothing(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(machine_check.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(machine_check, "why_none", lambda: "")
    monkeypatch.setattr(machine_check, "available_bytes", lambda: 2**34)
    found = parts()
    assert {name for name, part in found.items() if part.cost and not name.startswith("data set")} == set()
    assert "mps2-an386" in found["boards of arm"].found
    assert str(Part("processor", "2 cores")) == "ok       processor               2 cores"


def test_a_graphics_processor_is_named(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA T4")
    assert parts()["GPU"] == Part("GPU", "NVIDIA T4")


def test_data_sets_are_found_by_their_folders(tmp_path):
    (tmp_path / "n-mnist-small").mkdir()
    found = parts(tmp_path)
    assert found["data set nmnist"].found == str(tmp_path / "n-mnist-small")
    assert f"{tmp_path} does not hold mnist/" in found["data set mnist"].cost
    assert found["data set mnist"].todo == f"put its files into {tmp_path / 'mnist'}"
    assert "no folder of data sets is named" in parts()["data set mnist"].cost
