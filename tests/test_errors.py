"""What is said of a fault, and how the command line ends."""

from pathlib import Path

import pytest

from hwsearch import errors
from hwsearch.errors import Fault, HwsearchError, InputError, did_you_mean


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("a.b", "must be so"), "a.b: must be so"),
        (Fault("", "must be so", "7"), "must be so; got 7"),
        (Fault("a", "must be so", "7", "make it 8"), "a: must be so; got 7 (make it 8)"),
        (Fault("a", "must be so", path=Path("s.yaml")), "s.yaml: a: must be so"),
        (Fault("a", "must be so", path=Path("s.yaml"), line=3), "s.yaml:3: a: must be so"),
    ],
)
def test_a_fault_says_where_law_value_and_what_to_do(fault, text):
    assert str(fault) == text


def test_an_input_error_says_all_of_its_faults():
    error = InputError(Fault(name, "must be so") for name in "ab")
    assert len(error.faults) == 2
    assert str(error) == "a: must be so\nb: must be so"


def test_a_near_name_is_offered_even_by_its_first_part():
    known = ["nrf51822_microbit", "loihi1"]
    assert (
        did_you_mean("nrf5182", known, "devices")
        == "did you mean 'nrf51822_microbit'? known devices: loihi1, nrf51822_microbit"
    )
    assert did_you_mean("zebra", known, "devices") == "known devices: loihi1, nrf51822_microbit"


def test_the_tree_drawn_is_the_tree():
    codes = {
        "InputError": 2,
        "NothingFits": 1,
        "Unfinished": 4,
        "Interrupted": 3,
        "StorageAway": 3,
        "WorkersAway": 3,
        "NoResources": 5,
        "RecordError": 2,
    }
    found = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, HwsearchError) and kind is not HwsearchError
    }
    assert found == codes
    assert issubclass(errors.StorageAway, errors.Interrupted)
    assert all(f"{name} " in errors.__doc__ for name in codes)
