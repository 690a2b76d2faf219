"""What probing measured comes back as it was, and a damaged file counts as none."""

import numpy as np
import pytest

from hwsearch.predict.probes import Probes
from hwsearch.search.store.probe_store import Probed, load_probed, save_probed

RNG = np.random.default_rng(0)
PROBES = Probes(
    logits=RNG.normal(size=(4, 3)), levels=np.array([0.0, 0.5]), bits=np.array([2, 8]),
    pruned={"weight": RNG.normal(size=(2, 2, 4, 3)), "nm:4": RNG.normal(size=(2, 2, 4, 3))},
    quantised=RNG.normal(size=(2, 2, 4, 3)), eval_steps=123,
)  # fmt: skip


@pytest.mark.parametrize("probes", [PROBES, None])
def test_it_comes_back_to_the_last_bit(tmp_path, probes):
    probed = Probed(probes, np.array([0.25, 1.0]), np.array([[True, False], [True, True]]))
    save_probed(tmp_path / "probes.safetensors", probed)
    back = load_probed(tmp_path / "probes.safetensors")
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


def test_what_is_missing_or_cut_off_is_probed_again(tmp_path):
    path = tmp_path / "probes.safetensors"
    assert load_probed(path) is None
    save_probed(path, Probed(None, np.zeros(2), np.zeros((1, 2), bool)))
    path.write_bytes(path.read_bytes()[:-1])
    assert load_probed(path) is None
