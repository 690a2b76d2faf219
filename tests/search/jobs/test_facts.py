"""What must be the same on every worker, and how it is said where it is not."""

from dataclasses import replace

import pytest

import hwsearch
from hwsearch.search.jobs.facts import (
    Facts,
    Worker,
    device_of,
    differences,
    facts_here,
    instruction_words,
    worker_faults,
)  # fmt: skip

OURS = Facts("0.1.0", "abc", "2.13.0", "2.4.6", "3.12", "C")
GOOD = Worker(OURS, "node1", 1, 0, "AVX2")


def test_the_facts_of_this_process():
    facts = facts_here()
    assert facts.hwsearch == hwsearch.__version__
    assert facts.python.startswith("3.")
    assert "+" not in facts.torch
    assert facts.loops in ("C", "torch")
    assert len(facts.code) == 16


@pytest.mark.parametrize("field", ["hwsearch", "code", "torch", "numpy", "python", "loops"])
def test_every_fact_that_differs_is_named_with_both_values(field):
    words = differences(replace(OURS, **{field: "other"}), OURS)
    assert "other" in words
    assert f"the driver has {getattr(OURS, field)}" in words
    assert differences(OURS, OURS) == ""


def test_each_worker_that_may_not_train_is_named():
    workers = {
        "tcp://b:2": replace(GOOD, facts=replace(OURS, torch="2.12.0")),
        "tcp://a:1": GOOD,
        "tcp://c:3": replace(GOOD, threads=4),
        "tcp://d:4": ModuleNotFoundError("No module named 'hwsearch'"),
    }
    words = [str(fault) for fault in worker_faults(workers, OURS)]
    assert [word.split(": ")[1] for word in words] == [
        "worker tcp://b:2",
        "worker tcp://c:3",
        "worker tcp://d:4",
    ]
    assert "torch 2.12.0, the driver has 2.13.0" in words[0]
    assert "--nthreads 1" in words[1]
    assert "No module named 'hwsearch'" in words[2]


def test_the_device_is_what_all_workers_have():
    plain, gpu = {"a": GOOD}, {"b": replace(GOOD, gpus=2)}
    assert device_of("auto", plain) == ("cpu", [])
    assert device_of("auto", gpu) == ("cuda", [])
    assert device_of("cpu", plain | gpu) == ("cpu", [])
    for wanted, workers in (("auto", plain | gpu), ("cuda", plain | gpu), ("cuda", plain)):
        device, faults = device_of(wanted, workers)
        assert device == "cuda"
        assert [fault.got for fault in faults] == ["worker a has none"]


def test_processors_of_several_kinds_are_told():
    assert instruction_words({"a": GOOD, "b": GOOD}) == ""
    words = instruction_words({"a": GOOD, "b": replace(GOOD, instructions="AVX512")})
    assert "AVX2 and AVX512" in words
