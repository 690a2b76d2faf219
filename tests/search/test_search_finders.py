"""Every finder inside a search: what it finds is kept, counted once, and not found twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

import hwsearch
from hwsearch.data.datasets import resplit
from hwsearch.errors import InputError
from hwsearch.network.stack import initial_params
from hwsearch.search.cache import Cache
from hwsearch.search.finders import Ground, find_ticket
from hwsearch.search.plan import make_plan
from hwsearch.space.candidate import Candidate
from hwsearch.study.digest import digest
from hwsearch.study.model import Tickets, load_study

STUDY = {
    "name": "tiny",
    "data": {"name": "digits", "train_size": 120, "validation": 0.3},
    "network": {"layers": "fc12", "batch_norm": True},
    "space": {
        "sparsity": [0, 0.5, 0.75],
        "granularity": ["weight", "nm:4"],
        "weight_bits": [4],
        "timesteps": [3],
    },
    "device": {"profile": "nrf51822_microbit"},
    "objectives": ["error", "memory_bytes"],
    "train": {"dense_epochs": 2, "epochs": 1},
    "search": {"candidates": 4, "batch": 4, "sampler": "random"},
    "final": {"seeds": 1},
}


def study_file(tmp_path, **tickets):
    path = tmp_path / "study.yaml"
    settings = {"rewind_epoch": 1, "warmup_epochs": 1, "score_epochs": 2, **tickets}
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump({**STUDY, "tickets": settings}, stream)
    return path


def ground(tmp_path, **tickets):
    path = study_file(tmp_path, **tickets)
    plan = make_plan(load_study(path), path)
    return Ground(plan, Cache(tmp_path / "cache", plan.digest), initial_params(plan.spec, 5), plan.data, 0)


def size(masks):
    return sum(int((~m).sum()) for m in masks)


@pytest.mark.parametrize("finder", ["magnitude", "iterative", "early_bird", "early_time", "multi_prize"])
def test_found_once_and_kept(tmp_path, monkeypatch, finder):
    own = ground(tmp_path, finder=finder)
    candidate = Candidate((0.5,), "weight", (4,), 3)
    first = find_ticket(own, candidate)
    n = own.plan.spec.n_weights
    assert size(first.masks) == int(0.5 * n + 0.5)
    monkeypatch.setattr("hwsearch.tickets.fit.train_stack", None)  # nothing may be trained again
    again = find_ticket(own, candidate)
    assert all(np.array_equal(a, b) for a, b in zip(first.masks, again.masks, strict=True))
    assert all(np.array_equal(a.weight, b.weight) for a, b in zip(first.params, again.params, strict=True))
    assert first.spent == again.spent
    assert (sum(first.spent.values()) > 0) == (finder != "magnitude")
    if finder != "magnitude":  # another seed and split is another ticket
        other = replace(own, seed=1, data=resplit(own.data, 1))
        with pytest.raises(TypeError):
            find_ticket(other, candidate)


def test_granularities_share_the_dense_round(tmp_path):
    own = ground(tmp_path, finder="iterative")
    one = find_ticket(own, Candidate((0.5,), "weight", (4,), 3)).spent
    other = find_ticket(own, Candidate((0.5,), "nm:4", (4,), 3)).spent
    assert len(one.keys() & other.keys()) == 1
    assert set(one.values()) == {2 * len(own.data.y_train) * 3}


def test_a_second_order_ticket_starts_from_weights_that_made_up_for_the_rest(tmp_path):
    own = ground(tmp_path, criterion="second_order")
    found = find_ticket(own, Candidate((0.5,), "weight", (4,), 3))
    assert all((p.weight[~m] == 0).all() for p, m in zip(found.params, found.masks, strict=True))
    assert not np.array_equal(found.params[0].weight[found.masks[0]], own.dense[0].weight[found.masks[0]])


@pytest.mark.slow
@pytest.mark.parametrize("finder", ["iterative", "multi_prize"])
def test_a_search_with_a_finder_counts_what_it_trained(tmp_path, finder):
    path = study_file(tmp_path, finder=finder)
    summary = hwsearch.run(path, out=tmp_path / "run").summary
    cost = summary["cost"]
    assert cost["finder_train_steps"] > 0
    assert cost["train_steps"] > cost["finder_train_steps"] + cost["final_train_steps"]
    again = hwsearch.run(path, out=tmp_path / "run").summary
    assert again["cost"]["train_steps"] == cost["train_steps"]


def test_what_a_study_may_not_ask(tmp_path):
    def faults(content):
        path = tmp_path / "study.yaml"
        with Path(path).open("w") as stream:
            YAML(typ="safe", pure=True).dump({**STUDY, **content}, stream)
        with pytest.raises(InputError) as caught:
            load_study(path)
        return str(caught.value)

    assert "sparsity per layer needs the finder magnitude" in faults(
        {
            "space": {**STUDY["space"], "per_layer": True},
            "tickets": {"finder": "iterative", "rewind_epoch": 1},
        }
    )
    assert "rewind_epoch may be dense_epochs at most (2)" in faults(
        {"tickets": {"finder": "iterative", "rewind_epoch": 3}}
    )


def test_a_study_without_the_section_keeps_its_digest(tmp_path):
    study = load_study(study_file(tmp_path))
    plain = study.model_copy(update={"tickets": Tickets()})
    settings = {
        key: value for key, value in dict(plain).items() if key not in ("name", "description", "tickets")
    }
    settings["data"] = {**dict(plain.data), "root": None}
    settings["device"] = {**dict(plain.device), "profile": None}
    settings["search"] = {**dict(plain.search), "candidates": None}
    assert plain.digest == digest(settings)
    assert study.digest != plain.digest
