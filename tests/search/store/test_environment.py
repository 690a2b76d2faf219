"""What numbers depend on is written down where a run begins, and what differs is refused by name where it goes on."""

import json
from dataclasses import replace

import pytest

from hwsearch.errors import InputError
from hwsearch.native.library import library
from hwsearch.plan.plan import make_plan
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.store import environment as module
from hwsearch.search.store.environment import (
    check_environment,
    environment_of,
    is_as_recorded,
    open_cache,
    record_environment,
    recorded_device,
)
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


@pytest.fixture
def now(plan):
    return environment_of(plan, "cpu")


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "run")


def test_it_names_what_numbers_depend_on(now):
    assert set(now.results) == {
        "hwsearch", "torch", "numpy", "code of hwsearch", "loops", "device", "samples",
    }  # fmt: skip
    assert now.results["loops"] == ("torch" if library() is None else "C")
    assert set(now.around) == {"optuna", "scipy", "python", "processor"}


def test_spikingjelly_counts_where_its_loop_is_used(plan):
    train = plan.study.train.model_copy(update={"neuron_loop": "spikingjelly"})
    other = replace(plan, study=plan.study.model_copy(update={"train": train}))
    assert "spikingjelly" in environment_of(other, "cpu").results


def test_a_sample_that_changes_is_noticed_whatever_the_data_are_called(plan, now):
    x = plan.data.x_test.copy()
    x.flat[0] ^= 1
    other = environment_of(replace(plan, data=replace(plan.data, x_test=x)), "cpu")
    assert {n for n in now.results if now.results[n] != other.results[n]} == {"samples"}
    assert other.key == now.key  # runs that share a cache have the samples in its names


def test_without_the_compiled_loops_it_is_another(plan, now, monkeypatch):
    monkeypatch.setattr(module, "library", lambda: None)
    other = environment_of(plan, "cpu")
    assert other.results["loops"] == "torch"
    assert (other.key == now.key) == (now.results["loops"] == "torch")


def test_a_run_goes_on_with_what_it_was_begun_with(folder, now):
    assert check_environment(folder, now) == []
    assert record_environment(folder, now) == now.key
    assert check_environment(folder, now) == []
    assert record_environment(folder, now) == now.key
    assert recorded_device(folder) == "cpu"
    assert is_as_recorded(folder, now)


@pytest.mark.parametrize(
    "name", ["hwsearch", "torch", "numpy", "code of hwsearch", "loops", "device", "samples"]
)
def test_what_differs_is_refused_by_name_with_both_values_and_what_to_do(folder, now, name):
    begun = replace(now, results={**now.results, name: "then"})
    record_environment(folder, begun)
    before = folder.environment.read_text()
    with pytest.raises(InputError) as caught:
        check_environment(folder, now)
    (fault,) = caught.value.faults
    assert fault.where == name
    assert fault.got == f"{now.results[name]}, begun with then"
    assert "or choose another --out" in fault.todo
    assert folder.environment.read_text() == before
    assert not is_as_recorded(folder, now)


def test_all_that_differs_is_told_at_once(folder, now):
    record_environment(folder, replace(now, results={**now.results, "torch": "1", "numpy": "2"}))
    with pytest.raises(InputError) as caught:
        check_environment(folder, now)
    assert [fault.where for fault in caught.value.faults] == ["torch", "numpy"]


def test_what_may_change_last_bits_is_a_note(folder, now):
    record_environment(folder, replace(now, around={**now.around, "processor": "another"}))
    (note,) = check_environment(folder, now)
    assert note.startswith("begun with processor another, goes on with ")


@pytest.mark.parametrize("what", ["study", "cache"])
def test_a_folder_that_was_begun_without_a_record_goes_on_without(folder, now, what):
    folder.path.mkdir()
    getattr(folder, what).touch()
    assert check_environment(folder, now) == []
    assert record_environment(folder, now) == ""
    assert not folder.environment.exists()
    assert recorded_device(folder) is None
    assert is_as_recorded(folder, now)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "results": 3, "around": {}}']
)
def test_a_damaged_record_is_told(folder, now, text):
    folder.path.mkdir()
    folder.environment.write_text(text)
    with pytest.raises(InputError, match=r"environment\.json: what a run folder says .* must be readable"):
        check_environment(folder, now)
    assert folder.environment.read_text() == text


def test_a_cache_is_opened_for_what_computes(folder, plan, now):
    cache = open_cache(folder, plan, "cpu", [].append)
    assert (cache.environment, cache.owner, cache.folder) == (now.key, plan.digest, folder.cache)
    values = json.loads(folder.environment.read_text())
    values["around"]["python"] = "2.7"
    folder.environment.write_text(json.dumps(values))
    told = []
    open_cache(folder, plan, "cpu", told.append)
    assert len(told) == 1
