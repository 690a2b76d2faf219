"""A study without a file: the same laws as a file's, and faults at the arguments that said it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from builders.studies import SHORT, changed, load

from hwsearch.errors import Fault, InputError
from hwsearch.study.said import at_arguments, said_study


def told(content, names):
    with pytest.raises(InputError) as caught:
        said_study(content, names)
    return [str(fault) for fault in caught.value.faults]


def test_it_is_the_study_that_a_file_with_these_sections_is(tmp_path):
    assert said_study(SHORT, {}) == load(tmp_path, SHORT)


def test_numbers_of_numpy_and_tuples_are_plain_values():
    content = changed("space.weight_bits", (np.int64(4), 8)) | {"seed": np.uint8(3)}
    content["device"] = {"profile": Path("a.yaml"), "budgets": {"energy_j": np.float32(0.5)}}
    content["space"]["timesteps"] = np.array([2, 4])
    study = said_study(content, {})
    assert study.space.weight_bits == (4, 8)
    assert study.space.timesteps == (2, 4)
    assert study.seed == 3
    assert study.device.profile == "a.yaml"
    assert study.device.budgets == {"energy_j": 0.5}


def test_faults_name_the_arguments_all_at_once():
    content = changed("search.candidates", 0)
    content["device"]["budgets"] = {"memory_bytes": "3 J"}
    content["space"]["weight_bits"] = [9]
    names = {"search.candidates": "candidates", "device.budgets": "budgets"}
    assert [fault.partition(":")[0] for fault in told(content, names)] == [
        "space.weight_bits.0",
        "budgets.memory_bytes",
        "candidates",
    ]


@dataclass
class Strange:
    """No plain value."""


@pytest.mark.parametrize("value", [Strange(), {1: 2}, np.zeros((2, 2)), {1, 2}])
def test_what_no_file_could_say_is_refused_where_it_stands(value):
    content = changed("train.epochs", value)
    assert told(content, {"train": "training"}) == [
        "training.epochs: a setting must be plain: numbers, text, lists of them, or a dict with text as keys; "
        f"got a value of type {type(value).__name__}"
    ]


def test_a_fault_of_another_file_keeps_its_place():
    mine, other = Path("runs/a/study.yaml"), Path("data.csv")
    faults = [Fault("data.x", "law", path=mine, line=3), Fault("column", "law", path=other, line=7)]
    assert at_arguments(faults, {"data.x": "x"}, mine) == [Fault("x", "law"), faults[1]]
