"""What probing measured comes back as it was, and a damaged file counts as none."""

import numpy as np
import pytest

from hwsearch.predict.probes import Probed, Probes
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.probe_store import ProbeStore

RNG = np.random.default_rng(0)
PROBES = Probes(
    logits=RNG.normal(size=(4, 3)), levels=np.array([0.0, 0.5]), bits=np.array([2, 8]),
    pruned={"weight": RNG.normal(size=(2, 2, 4, 3)), "nm:4": RNG.normal(size=(2, 2, 4, 3))},
    quantised=RNG.normal(size=(2, 2, 4, 3)), eval_steps=123,
)  # fmt: skip


def stored_in(folder, environment="key"):
    cache = Cache(folder, "plan", environment=environment, tell=lambda text: None)
    return ProbeStore(cache, cache.path("probes"))


@pytest.mark.parametrize("probes", [PROBES, None])
def test_it_comes_back_to_the_last_bit(tmp_path, probes):
    probed = Probed(probes, np.array([0.25, 1.0]), np.array([[True, False], [True, True]]))
    store = stored_in(tmp_path)
    store.save(probed)
    back = store.load()
    assert (back.settled == probed.settled).all()
    assert back.agree.dtype == bool
    assert (back.agree == probed.agree).all()
    if probes is None:
        assert back.probes is None
        return
    assert back.probes.eval_steps == 123
    assert (back.probes.quantised == probes.quantised).all()
    assert {name: value.tolist() for name, value in back.probes.pruned.items()} == {
        name: value.tolist() for name, value in probes.pruned.items()
    }


@pytest.mark.parametrize("environment", ["key", ""])
def test_what_is_missing_or_cut_off_is_probed_again(tmp_path, environment):
    store = stored_in(tmp_path, environment)
    assert store.load() is None
    store.save(Probed(None, np.zeros(2), np.zeros((1, 2), bool)))
    store.path.write_bytes(store.path.read_bytes()[:-1])
    assert store.load() is None
    store.cache.write(store.path, {"settled": np.zeros(2)}, {})  # whole, but no probes
    assert store.load() is None
    assert not store.path.exists()
