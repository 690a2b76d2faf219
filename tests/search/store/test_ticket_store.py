"""What finders trained is counted by the run that did it, and found by the others."""

from dataclasses import replace

import numpy as np
from builders.finders import params_of

from hwsearch.network.store import save_tensors
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.ticket_store import StoredWork, TicketStore


def test_work_is_counted_by_the_run_that_did_it(tmp_path):
    first, other = (
        TicketStore(Cache(tmp_path / name, name, tmp_path / "shared")) for name in ("first", "other")
    )
    path = first.cache.shared_path("bird", 1)
    assert path == other.cache.shared_path("bird", 1)
    assert path != first.cache.shared_path("bird", 2)
    assert first.load(path) is None
    mask = np.array([[True, False]])
    first.save(path, StoredWork(7, masks=(mask,), values={"told": 3}))
    stored = other.load(path)
    assert stored is not None
    assert (stored.train_steps, stored.values["told"], stored.masks[0].tolist()) == (7, 3, mask.tolist())
    assert (first.spent, first.reused) == ({path.stem: 7}, {})
    assert (other.spent, other.reused) == ({}, {path.stem: 7})
    other.save(path, stored)
    assert (other.spent, other.reused) == ({path.stem: 7}, {})
    path.write_bytes(path.read_bytes()[:-1])
    assert first.load(path) is None


def test_networks_come_back_with_and_without_their_norm(tmp_path):
    store = TicketStore(Cache(tmp_path, "owner"))
    plain = params_of(np.ones((2, 3)), np.ones((2, 2)))
    normed = replace(plain, norms=(np.arange(8.0).reshape(4, 2), None))
    path = store.cache.shared_path("rung", 1)
    store.save(path, StoredWork(5, {"start": plain, "trained": normed}))
    stored = store.load(path)
    assert stored.nets["start"].norms == (None, None)
    assert stored.nets["trained"].norms[1] is None
    assert (stored.nets["trained"].norms[0] == normed.norms[0]).all()
    assert all((a == b).all() for a, b in zip(stored.nets["start"].weights, plain.weights, strict=True))
    assert [bias.shape for bias in stored.nets["start"].biases] == [(2,), (2,)]


def test_a_network_of_an_earlier_layout_is_not_there(tmp_path):
    # one entry a layer, as versions before populations and connections wrote them
    store = TicketStore(Cache(tmp_path, "owner"))
    path = store.cache.shared_path("dense", 1)
    arrays = {"trained.0.weight": np.ones((2, 3), np.float32), "trained.0.bias": np.zeros(2, np.float32)}
    save_tensors(path, arrays, {"nets": ["trained"], "made_by": "other", "train_steps": 3})
    assert store.load(path) is None
    assert (store.spent, store.reused) == ({}, {})


def test_what_is_stored_is_not_made_again(tmp_path):
    store = TicketStore(Cache(tmp_path, "owner"))
    path, made = store.cache.shared_path("bird", 1), []

    def make():
        made.append(1)
        return StoredWork(3, values={"n": 1})

    assert store.fetch(path, make).values == store.fetch(path, make).values == {"n": 1}
    assert made == [1]


def test_an_uncounted_store_has_the_files_and_no_counts(tmp_path):
    store = TicketStore(Cache(tmp_path, "owner"))
    path = store.cache.shared_path("bird", 1)
    store.save(path, StoredWork(3))
    other = store.uncounted()
    assert (other.spent, other.reused) == ({}, {})
    assert other.load(path).train_steps == 3
    assert other.spent == store.spent == {path.stem: 3}
