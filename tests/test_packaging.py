"""What a wheel holds besides code: the marker of types, C and its templates, profiles and studies."""

import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_wheel_holds_what_the_package_needs(tmp_path):
    hatchling = pytest.importorskip("hatchling.builders.wheel")
    (wheel,) = hatchling.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "hwsearch/py.typed",
        "hwsearch/native/neuron.c",
        "hwsearch/native/neuron.h",
        "hwsearch/export/c/templates/kernels.c.j2",
        "hwsearch/export/boards/support/start_arm.c",
        "hwsearch/export/boards/support/linker.ld.j2",
        "hwsearch/hardware_profiles/nrf51822_microbit.yaml",
        "hwsearch/studies/digits_mcu.yaml",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
