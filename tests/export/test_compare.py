import pytest
from builders.exports import INPUTS, network

from hwsearch.errors import InputError, RecordError
from hwsearch.export.bundle import CHECK
from hwsearch.export.compare import compare_devices, comparison_table
from hwsearch.export.weights import FILE, write_weights
from hwsearch.hardware.cost_model import price
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer
from hwsearch.network.store import save_tensors

NET = network()


@pytest.fixture
def folder(tmp_path):
    write_weights(tmp_path / FILE, NET, ("dense", "dense"), 16)
    save_tensors(tmp_path / CHECK, {"inputs": INPUTS}, {})
    return tmp_path


def test_each_device_prices_the_recorded_inputs(folder):
    run = run_integer(NET, INPUTS)
    work = count_workload(NET, run.input_maps, run.spikes)
    names = ["nrf51822_microbit", "loihi1", "xylo_imu"]
    found = compare_devices(folder, names)
    assert [one.ident for one in found] == names
    assert [one.cost for one in found] == [price(work, load_profile(name)) for name in names]
    assert [bool(one.broken) for one in found] == [False, False, True]  # Xylo resets by subtraction only


def test_the_table_names_unknowns_and_broken_rules(folder):
    text = comparison_table(compare_devices(folder, ["loihi1", "xylo_imu"]))
    assert "simulated, uncalibrated" in text
    assert "unknown" in text
    assert "breaks reset zero: xylo_imu has subtract" in text
    assert "reads events" in text
    assert "loihi1 does not compute as the integer model does: its leak is rounded away from zero" in text
    assert [one.arithmetic.as_device for one in compare_devices(folder, ["loihi1", "nrf51822_microbit"])] == [
        False,
        True,
    ]


def test_what_is_tiny_is_not_nothing(folder):
    head, row = comparison_table(compare_devices(folder, ["generic_45nm"])).splitlines()[:2]
    assert "energy pJ" in head
    assert float(row.split()[3]) > 1


def test_what_is_missing_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="profile must exist"):
        compare_devices(folder, ["abacus"])
    (folder / CHECK).unlink()
    with pytest.raises(RecordError):
        compare_devices(folder, ["loihi1"])
