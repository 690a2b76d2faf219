"""Every finder inside a search: what it finds is kept, counted once, and not found twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML

import hwsearch
from hwsearch.compress.masks import prune_layers
from hwsearch.compress.quantise import Quantiser
from hwsearch.data.datasets import resplit
from hwsearch.errors import InputError
from hwsearch.network.params import initial_params
from hwsearch.plan.plan import make_plan
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.stages.layer_masks import LayerMasks
from hwsearch.search.stages.tickets import TicketSource, find_ticket
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.ticket_store import TicketStore
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study
from hwsearch.tickets.criteria import after_quantising, score
from hwsearch.train.loop import train_stack

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
    # steps enough that two epochs of 75 samples make a model
    "train": {
        "dense_epochs": 2,
        "epochs": 1,
        "batch_size": 4,
        "dense_learning_rate": 0.02,
        "learning_rate": 0.02,
    },
    "search": {"candidates": 4, "batch": 4, "sampler": "random"},
    "final": {"seeds": 1},
}


def study_file(tmp_path, **tickets):
    path = tmp_path / "study.yaml"
    settings = {"rewind_epoch": 1, "warmup_epochs": 1, "score_epochs": 2, **tickets}
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump({**STUDY, "tickets": settings}, stream)
    return path


def source(tmp_path, **tickets):
    path = study_file(tmp_path, **tickets)
    plan = make_plan(load_study(path), path)
    params = initial_params(plan.spec, 5)
    return TicketSource(
        plan,
        TicketStore(Cache(tmp_path / "cache", plan.digest)),
        params,
        plan.data,
        0,
        LayerMasks(plan.spec, params),
    )


def size(masks):
    return sum(int((~m).sum()) for m in masks)


@pytest.mark.parametrize("finder", ["magnitude", "iterative", "early_bird", "early_time", "multi_prize"])
def test_found_once_and_kept(tmp_path, monkeypatch, finder):
    own = source(tmp_path, finder=finder)
    candidate = Candidate((0.5,), "weight", (4,), 3)
    first = find_ticket(own, candidate)
    n = own.plan.spec.n_weights
    assert size(first.masks) == int(0.5 * n + 0.5)
    monkeypatch.setattr("hwsearch.tickets.fit.train_stack", None)  # nothing may be trained again
    again = find_ticket(own, candidate)
    assert all(np.array_equal(a, b) for a, b in zip(first.masks, again.masks, strict=True))
    pairs = zip(first.params.weights, again.params.weights, strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert first.spent == again.spent
    assert (sum(first.spent.values()) > 0) == (finder != "magnitude")
    if finder != "magnitude":  # another seed and split is another ticket
        other = replace(own, seed=1, data=resplit(own.data, 1))
        with pytest.raises(TypeError):
            find_ticket(other, candidate)


def test_granularities_share_the_dense_round(tmp_path):
    own = source(tmp_path, finder="iterative")
    one = find_ticket(own, Candidate((0.5,), "weight", (4,), 3)).spent
    other = find_ticket(own, Candidate((0.5,), "nm:4", (4,), 3)).spent
    assert len(one.keys() & other.keys()) == 1
    assert set(one.values()) == {2 * len(own.data.y_train) * 3}


@pytest.mark.parametrize("order", ["quantise_then_prune", "prune_then_quantise"])
def test_a_second_order_ticket_starts_from_weights_that_made_up_for_the_rest(tmp_path, order):
    own = source(tmp_path, criterion="second_order", order=order)
    found = find_ticket(own, Candidate((0.5,), "weight", (4,), 3))
    made_up, dense = found.params.weights, own.dense.weights
    for new, mask, old in zip(made_up, found.masks, dense, strict=True):
        # weights that go still set the grid where quantising goes first
        assert np.array_equal(new[~mask], old[~mask] if order == "quantise_then_prune" else 0 * old[~mask])
    assert not np.array_equal(made_up[0][found.masks[0]], dense[0][found.masks[0]])


def test_the_order_is_the_studys(tmp_path):
    candidate = Candidate((0.36,), "weight", (2,), 3)
    first, other = (source(tmp_path, order=o) for o in ("quantise_then_prune", "prune_then_quantise"))
    assert (first.plan.spec.quantise_first, other.plan.spec.quantise_first) == (True, False)
    assert first.plan.digest != other.plan.digest
    masks = find_ticket(first, candidate).masks
    for index, (mask, floats) in enumerate(zip(masks, first.dense.weights, strict=True)):
        weight = torch.from_numpy(floats).unsqueeze(0)
        levels, _ = Quantiser((2,), index == 0).quantise(weight, torch.ones_like(weight))
        assert (levels[0].numpy()[~mask] == 0).all()
    assert not np.array_equal(masks[0], find_ticket(other, candidate).masks[0])


@pytest.mark.parametrize("order", ["quantise_then_prune", "prune_then_quantise"])
@pytest.mark.parametrize("granularity", ["weight", "nm:4", "block:4", "channel"])
def test_layers_that_are_cut_apart_are_those_of_the_whole_network(tmp_path, order, granularity):
    own = source(tmp_path, order=order)
    for bits in ((4, 2), (4, 3), (1, 2)):  # one layer's cut is kept for candidates that share it
        for asked in ((0.75, 0.5), (0.75, 0.0)):
            scores = score("magnitude", own.dense)
            if own.plan.spec.quantise_first:
                scores = after_quantising(scores, own.plan.spec, own.dense, bits)
            whole = prune_layers(own.plan.spec.connections, scores, granularity, asked, scores=scores)
            masks = find_ticket(own, Candidate(asked, granularity, bits, 3)).masks
            assert all(np.array_equal(a, b) for a, b in zip(masks, whole, strict=True))


FINDERS = ["magnitude", "iterative", "early_bird", "early_time", "multi_prize"]


@pytest.mark.parametrize(
    ("finder", "criterion"),
    [*((finder, "magnitude") for finder in FINDERS), ("magnitude", "second_order"), ("iterative", "second_order"),
     ("early_bird", "spike_probability")],
)  # fmt: skip
@pytest.mark.parametrize("granularity", ["weight", "channel"])
def test_each_layer_has_its_own_sparsity_by_every_finder_and_criterion(
    tmp_path, finder, criterion, granularity
):
    path = study_file(tmp_path, finder=finder, criterion=criterion)
    study = YAML(typ="safe", pure=True).load(path)
    study["space"]["per_layer"] = True
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump(study, stream)
    plan = make_plan(load_study(path), path)
    cache = Cache(tmp_path / "cache", plan.digest)
    params = initial_params(plan.spec, 5)
    own = TicketSource(plan, TicketStore(cache), params, plan.data, 0, LayerMasks(plan.spec, params))
    for asked in ((0.75, 0.5), (0.5, 0.0)):
        masks = find_ticket(own, Candidate(asked, granularity, (4, 2), 3)).masks
        if granularity == "weight":
            assert [size([m]) / m.size for m in masks] == list(asked)
        else:
            assert (~masks[0].any(1)).mean() == asked[0]
            assert np.array_equal(masks[1].all(0), masks[0].any(1))


@pytest.mark.parametrize("finder", FINDERS)
def test_each_layer_has_its_own_granularity_by_every_finder(tmp_path, finder):
    path = study_file(tmp_path, finder=finder)
    study = YAML(typ="safe", pure=True).load(path)
    study["network"]["layers"] = (
        "fc12-res(fc8-fc12)"  # an identity ties the first layer's channels to the third's
    )
    study["space"] |= {"per_layer": ["sparsity", "weight_bits", "granularity"]}
    study["space"]["granularity"] = ["weight", "nm:4", "channel"]
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump(study, stream)
    plan = make_plan(load_study(path), path)
    cache = Cache(tmp_path / "cache", plan.digest)
    params = initial_params(plan.spec, 5)
    own = TicketSource(plan, TicketStore(cache), params, plan.data, 0, LayerMasks(plan.spec, params))
    candidate = Candidate((0.5, 0.5, 0.75, 0.5), ("channel", "weight", "nm:4", "weight"), (4,), 3)
    first, inner, joined, identity, readout = find_ticket(own, candidate).masks
    gone = ~first.any(1)
    assert gone.sum() == 6
    # each is cut as if alone, and loses what the channels take with them: exactly k where these take nothing
    assert not inner[:, gone].any()
    assert inner.sum() <= inner.size // 2
    assert not joined[gone].any()
    assert joined[~gone].reshape(6, 2, 4).sum(2).tolist() == [[1, 1]] * 6
    assert np.array_equal(identity[:, 0, 0, 0], ~gone)
    assert not readout[:, gone].any()


@pytest.mark.slow
@pytest.mark.parametrize("finder", ["magnitude", "iterative", "early_time"])
def test_a_study_for_another_device_trains_no_dense_network_and_no_ladder_again(
    tmp_path, monkeypatch, finder
):
    monkeypatch.setenv("HWSEARCH_CACHE", str(tmp_path / "shared"))
    path = study_file(tmp_path, finder=finder)
    first = hwsearch.run(path, out=tmp_path / "one").summary["cost"]
    assert first["reused_train_steps"] == 0
    steps = 2 * 75 * 3
    assert first["dense_train_steps"] == steps
    content = YAML(typ="safe", pure=True).load(path)
    content["device"] = {"profile": "generic_45nm", "budgets": {"memory_bytes": 100_000}}
    content["objectives"] = ["error", "energy_j"]
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump(content, stream)
    trained = []

    def count(spec, tickets, x, y, **settings):
        trained.append(len(tickets))
        return train_stack(spec, tickets, x, y, **settings)

    monkeypatch.setattr("hwsearch.search.jobs.job.train_stack", count)
    monkeypatch.setattr("hwsearch.tickets.fit.train_stack", None)  # no finder may train
    run = hwsearch.run(path, out=tmp_path / "two")
    cost = run.summary["cost"]
    assert cost["finder_train_steps"] == 0
    # candidates and members of the front were trained, one by one counted; no dense network was
    assert cost["train_steps"] == run.trials["train_steps"].sum() + cost["final_train_steps"]
    # so few fit that all have their finals: the front and the three most accurate of the others
    tried = run.trials[(run.trials["outcome"] == "trained") & run.trials["feasible"].astype(bool)]
    assert len(tried) <= 4
    assert cost["final_train_steps"] == 75 * tried["timesteps"].sum()
    # the dense networks of the search and of one fresh seed, and what the finder rests on
    assert (cost["reused_train_steps"] > 2 * steps) == (finder != "magnitude")
    assert cost["reused_train_steps"] >= 2 * steps
    assert sum(trained) == (run.trials["outcome"] == "trained").sum() + len(tried)


def test_without_a_shared_folder_each_run_keeps_its_own(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    monkeypatch.delenv("HWSEARCH_CACHE", raising=False)
    assert folder.shared == folder.cache
    monkeypatch.setenv("HWSEARCH_CACHE", str(tmp_path / "ours"))
    assert folder.shared == tmp_path / "ours"


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

    assert "rewind_epoch may be dense_epochs at most (2)" in faults(
        {"tickets": {"finder": "iterative", "rewind_epoch": 3}}
    )
