"""What a workload costs on a plan's device, held against budgets; and what a training still needs."""

from dataclasses import replace

import pytest
from builders.devices import chain, fc
from builders.records import plan_of_three_rungs, record

from hwsearch.plan.pricing import price_on_device, steps_ahead


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def workload(n):
    """Return a network of n dense 8-bit weights, in two layers of the same size."""
    half = [[1] * (n // 20)] * 10
    return chain(4, 8, (fc("fc1", "input", half, analog=True), fc("out", "readout", half)))


def with_budgets(plan, **budgets):
    device = plan.study.device.model_copy(update={"budgets": budgets})
    return replace(plan, study=plan.study.model_copy(update={"device": device}))


def test_a_need_below_its_budget_is_feasible_and_above_is_a_fault_with_both_numbers(plan):
    need = price_on_device(plan, workload(400)).fields["memory_bytes"]
    fits = price_on_device(with_budgets(plan, memory_bytes=float(need)), workload(400))
    assert fits.faults == ()
    assert fits.constraints["memory_bytes"] == 0.0
    over = price_on_device(with_budgets(plan, memory_bytes=need / 2), workload(400))
    assert over.constraints["memory_bytes"] == pytest.approx(1.0)
    assert over.faults == (f"memory_bytes {need:,.6g} is over its budget of {need / 2:,.6g} (2.00 times)",)


def test_what_the_device_refuses_is_a_fault_beyond_the_budgets(plan):
    priced = price_on_device(with_budgets(plan), workload(4_000_000))
    assert priced.constraints["device_rules"] > 0
    assert priced.faults


def test_more_weights_never_cost_less(plan):
    small, large = (price_on_device(plan, workload(n)).fields for n in (400, 800))
    assert all(large[name] >= small[name] for name in ("memory_bytes", "energy_j", "synaptic_ops"))


def test_the_steps_ahead_are_those_of_the_rungs_to_come(plan):
    begun, samples = record(0, 0.5, (0.9,), 100.0), len(plan.data.y_train)
    assert steps_ahead(plan, begun) == (3 * 2 + 12 * 3) * samples  # T = 3: rungs at 1, 2 and 3
    assert steps_ahead(plan, replace(begun, curve=())) == (1 + 3 * 2 + 12 * 3) * samples
    whole = plan.study.search.model_copy(update={"early_time": False})
    whole_time = replace(plan, study=plan.study.model_copy(update={"search": whole}))
    assert steps_ahead(whole_time, replace(begun, curve=())) == 16 * samples * 3
