"""Which candidate came nearest, by hand."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders.records import record

from hwsearch.hardware.device import Bank
from hwsearch.records.columns import LaterColumns
from hwsearch.search.decide.nothing_fits import nearest_miss, why_nothing


def plan(banks=(), **budgets):
    study = SimpleNamespace(device=SimpleNamespace(budgets=budgets))
    return SimpleNamespace(study=study, profile=SimpleNamespace(banks=banks), later_columns=LaterColumns())


def over(trial, sparsity, memory, outcome="over_budget"):
    return replace(record(trial, sparsity, (), memory, outcome), feasible=False, reason="too big")


def test_the_nearest_is_least_over_its_worst_budget():
    # trial 0: 2.0 times the memory; trial 1: 1.5 times the energy, 1.2 times the memory
    near = replace(over(1, 0.8, 1200.0), predicted={"memory_bytes": 1200, "energy_j": 3e-6})
    far = replace(over(0, 0.5, 2000.0), predicted={"memory_bytes": 2000, "energy_j": 1e-6})
    text = nearest_miss(plan(memory_bytes=1000.0, energy_j=2e-6), [far, near])
    assert text == (
        "nothing fits. Nearest miss: trial 1 (sparsity 0.8, granularity weight, weight_bits 4, timesteps 3): "
        "needs energy_j 3e-06, the budget is 2e-06 (1.50 times). The budget that binds is energy_j"
    )


def test_what_was_measured_counts_before_what_was_predicted():
    trained = replace(over(0, 0.5, 900.0, "trained"), measured={"memory_bytes": 1100})
    assert "needs memory_bytes 1,100" in nearest_miss(plan(memory_bytes=1000.0), [trained])


def test_the_memory_that_binds_is_named_and_not_a_budget_that_is_kept():
    costs = {"memory_bytes": 900, "ram_bytes": 500}
    missed = replace(over(0, 0.5, 900.0), predicted=costs)
    banks = (Bank("ram", ("state",), 300, reserved_bytes=50), Bank("flash", ("weights",), None))
    text = nearest_miss(plan(banks, memory_bytes=1000.0), [missed])
    assert text.endswith(
        "needs ram_bytes 500, the device has 250 free (2.00 times). What binds is the device's own memory, ram_bytes"
    )
    # a budget that is smaller than the memory goes before it
    assert "The budget that binds is ram_bytes" in nearest_miss(plan(banks, ram_bytes=100.0), [missed])


def test_final_networks_that_all_break_a_budget_are_told():
    kept = [replace(record(0, 0.5, (), 900.0), feasible=True)]
    text = why_nothing(plan(memory_bytes=1000.0), kept, (), ("trial 0: energy_j 3 is over its budget of 2",))
    assert text.startswith(
        "nothing fits: 1 candidates kept the budgets in the search, and none of them does trained"
    )
    assert "One is trial 0: energy_j 3 is over its budget of 2" in text


def test_a_limit_of_the_device_is_told_by_its_reason():
    assert nearest_miss(plan(), [over(0, 0.5, 900.0)]).endswith("timesteps 3): too big")


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "no candidate was asked"),
        (
            [replace(record(0, 0.5, (), 9.0, "failed"), reason="diverged")],
            "no candidate could be trained: diverged",
        ),
    ],
)
def test_without_a_miss_the_first_reason_is_told(records, said):
    assert nearest_miss(plan(memory_bytes=10.0), records) == said


def test_final_networks_that_know_nothing_are_told_before_budgets():
    assert "none of 1 is a model" in why_nothing(plan(), [over(0, 0.5, 900.0)], ("no better than chance",))
    assert why_nothing(plan(), [over(0, 0.5, 900.0)], ()).startswith("nothing fits")
