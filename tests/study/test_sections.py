"""Sections of data, space, device and training: each law, and what is worked out from their keys."""

from pathlib import Path
from typing import Any

import pytest
from builders.studies import SHORT, changed, faults, load
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.study.sections import SparsityRange


@pytest.mark.parametrize(
    ("key", "value", "law"),
    [
        ("data.name", "../etc", "a name must be letters, digits, _ and -"),
        ("data.root", " ", "a path may not be empty"),
        ("data.train_size", 0, "a count must be at least 1; got 0"),
        ("data.test", 0.8, "leave something to train on (a sum below 1); got 0.2 + 0.8"),
        ("data.validation", 1.0, "a fraction must lie in (0, 1)"),
        ("data.input_bits", 9, "input_bits must lie in 1 .. 8; got 9"),
        ("space.sparsity", [0.5, 1.0], "sparsity must lie in [0, 1), and it must be plain"),
        ("space.sparsity", [], "a list may not be empty"),
        ("space.sparsity", [0.5, 0.5], "a list may not repeat a value"),
        ("space.sparsity", 0.5, "must be a valid array"),
        ("space.sparsity", {"low": 0.5, "high": 0.5, "step": 0.1}, "high must be above low"),
        ("space.sparsity", {"low": 0.0, "high": 0.95, "step": 0.1}, "a whole number of steps; got 0.95"),
        ("space.sparsity", {"low": 0.0, "high": 0.9, "step": 2.0}, "step must lie in (0, 1)"),
        ("space.sparsity", {"low": 0.0, "high": 0.9, "step": 1e-9}, "1000 levels at most"),
        ("space.granularity", ["kernel"], "at least one granularity must apply to the network"),
        ("space.timesteps", [65], "timesteps must lie in 1 .. 64; got 65"),
        ("space.timesteps", [2.0], "must be a valid integer"),
        ("space.weight_bits", [0], "weight_bits must lie in 1 .. 8, or be 16; got 0"),
        ("space.weight_bits", [8, 12], "weight_bits must lie in 1 .. 8, or be 16; got 12"),
        ("space.per_layer", [], "a list out of sparsity, weight_bits, granularity; got []"),
        ("space.per_layer", ["bits"], 'a list out of sparsity, weight_bits, granularity; got ["bits"]'),
        ("space.per_layer", 1, "per_layer must be true, false or a list"),
        ("space.per_layer", ["sparsity", "sparsity"], "a list may not repeat a value"),
        ("space.per_layer", ["granularity"], "needs a sparsity for each"),
        ("space.gentle", 0.5, "gentle must be at least 1"),
        ("device.profile", "", "a profile must be an id or the path"),
        ("device.budgets", {"watts": 1}, "a budget must be one of memory_bytes"),
        ("device.budgets", {"energy_j": float("inf")}, "must be a finite number"),
        ("device.budgets", {"sram_bytes": 0}, "a budget must be above 0; got 0"),
        ("train.learning_rate", float("nan"), "must be a finite number"),
        ("train.augment", {"shift": -1}, "shift must lie in 0 .. 512 pixels; got -1"),
        ("train.augment", {"shift": 1.5}, "must be a valid integer"),
        ("train.augment", {"flip": True}, "must be 'none' or 'horizontal'"),
        ("train.augment", {"mirror": True}, "no such key here"),
        (
            "train.augment",
            {},
            "augment must move images (shift) or mirror them (flip: horizontal); got neither",
        ),
    ],
)
def test_each_law_of_data_space_device_and_training(tmp_path: Path, key: str, value: Any, law: str) -> None:
    (fault,) = faults(tmp_path, changed(key, value))
    assert key.partition(".")[0] in fault
    assert law in fault


def test_a_range_of_sparsities_has_exact_levels(tmp_path: Path) -> None:
    study = load(tmp_path, changed("space.sparsity", {"low": 0.1, "high": 0.4, "step": 0.1}))
    assert study.space.sparsity_levels == (0.1, 0.2, 0.3, 0.4)
    assert load(tmp_path, SHORT).space.sparsity_levels == (0.0, 0.5, 0.9)


@given(st.integers(0, 40), st.integers(1, 30))
@settings(deadline=None)
def test_levels_of_a_range_rise_by_its_step_from_low_to_high(first: int, steps: int) -> None:
    sparsities = SparsityRange(low=first / 100, high=(first + steps) / 100, step=0.01)
    assert sparsities.levels == tuple(round((first + i) / 100, 12) for i in range(steps + 1))


@pytest.mark.parametrize(
    ("per_layer", "knobs", "ranking"),
    [
        (False, (), "global"),
        (True, ("sparsity", "weight_bits"), "layer"),
        (["weight_bits"], ("weight_bits",), "global"),
        (["granularity", "sparsity"], ("sparsity", "granularity"), "layer"),
    ],
)
def test_knobs_of_each_layer(tmp_path: Path, per_layer: Any, knobs: tuple[str, ...], ranking: str) -> None:
    space = load(tmp_path, changed("space.per_layer", per_layer)).space
    assert (space.knobs_per_layer, space.ranking) == (knobs, ranking)


def test_both_spellings_of_sparsity_and_bits_a_layer_are_one_study(tmp_path: Path) -> None:
    said, listed = (
        load(tmp_path, changed("space.per_layer", value)) for value in (True, ["weight_bits", "sparsity"])
    )
    assert (said, said.digest) == (listed, listed.digest)
