"""Arguments to sections: each spelling of a network, what is proposed under what is said, and what is called how."""

from pathlib import Path

import numpy as np
import pytest
from builders.nir_graphs import chain, fc, lif

from hwsearch.api_sections import Arguments, known_profile, said
from hwsearch.data.readers.arrays import samples_of
from hwsearch.errors import InputError
from hwsearch.hardware.profiles.load import load_profile

SAMPLES = samples_of(np.arange(48, dtype=np.uint8).reshape(12, 4), np.arange(12) % 2)
PROFILE = load_profile("nrf52840")
GRAPH = chain(fc(8, 4), lif(8), fc(2, 8), shape=[4], classes=2)


def content(sections=None, arrays=(), **given):
    """Return what is said, and nothing else is given than that."""
    nothing = dict.fromkeys(("network", "budgets", "axes", "score", "within", "candidates"))
    arguments = {"device": "nrf52840", "seed": 0, "sections": sections or {}, **nothing, **given}
    return said(Arguments(**arguments), SAMPLES, PROFILE, dict.fromkeys(arrays))


def test_without_a_word_all_is_proposed():
    found = content()
    assert found.content["network"] == {"layers": "fc32-fc32", "batch_norm": True}
    assert found.content["device"] == {"profile": "nrf52840", "budgets": {}}
    assert found.content["data"] == {"npz": "data.npz"}
    assert found.content["objectives"] == ["error", "energy_j", "memory_bytes"]
    assert found.content["search"]["candidates"] == 64
    assert "pick" not in found.content  # a study's default


@pytest.mark.parametrize(
    ("network", "section"),
    [
        ("fc8", {"layers": "fc8", "batch_norm": True}),
        (["fc8", "fc16"], {"layers": ["fc8", "fc16"], "batch_norm": True}),
        ([{"from": "input", "to": "readout", "fc": True}], {
            "connections": [{"from": "input", "to": "readout", "fc": True}], "batch_norm": True,
        }),
        ("net.nir", {"nir": {"file": str(Path("net.nir").resolve())}}),
        (Path("net.nir"), {"nir": {"file": str(Path("net.nir").resolve())}}),
        (GRAPH, {"nir": {"file": "network.nir"}}),
        ({"nir": GRAPH}, {"nir": {"file": "network.nir"}}),
        ({"nir": {"file": GRAPH, "fine_tune": False}}, {"nir": {"file": "network.nir", "fine_tune": False}}),
        ({"batch_norm": False}, {"layers": "fc32-fc32", "batch_norm": False}),
        ({"layers": "fc8", "leak_shift": 2}, {"layers": "fc8", "leak_shift": 2, "batch_norm": True}),
    ],
)  # fmt: skip
def test_each_spelling_of_a_network(network, section):
    found = content(network=network)
    assert found.content["network"] == section
    in_memory = network is GRAPH or (isinstance(network, dict) and "nir" in network)
    assert found.graph is (GRAPH if in_memory else None)


def test_sections_are_put_key_by_key_over_what_is_proposed():
    found = content(
        {"space": {"weight_bits": [4]}, "data": {"validation": 0.1}, "objectives": ["error", "memory_bytes"]}
    )
    assert found.content["space"]["weight_bits"] == [4]
    assert found.content["space"]["timesteps"] == [4]
    assert found.content["data"] == {"npz": "data.npz", "validation": 0.1}
    assert found.content["objectives"] == ["error", "memory_bytes"]


def test_arguments_stand_at_their_keys_and_are_called_as_they_are():
    found = content(
        arrays=("group", "part"), within="2%", candidates=8, axes="NC", score="macro_f1", budgets={"energy_j": 1}
    )  # fmt: skip
    assert found.content["pick"] == {"within": "2%"}
    assert found.content["search"] == {"candidates": 8}
    assert found.content["data"] == {"npz": "data.npz", "group": "group", "part": "part", "axes": "NC"}
    assert found.content["score"] == "macro_f1"
    assert found.names["search.candidates"] == "candidates"
    assert found.names["pick.within"] == "within"
    assert "pick.within" not in content({"pick": {"within": 0.1}}).names


def test_what_is_said_twice_is_a_fault():
    (fault,) = content({"search": {"candidates": 9}}, candidates=8).faults
    assert (fault.where, fault.law) == ("candidates", "search.candidates may be said once")


def test_a_device_may_be_an_id_a_file_or_a_profile():
    assert known_profile(PROFILE) is PROFILE
    assert known_profile("nrf52840").id == "nrf52840"
    assert content(device=PROFILE).content["device"]["profile"] == str(PROFILE.path.resolve())
    mine = content(device="mine.yaml").content["device"]["profile"]
    assert mine == str(Path("mine.yaml").resolve())
    with pytest.raises(InputError, match=r"device: a hardware profile must exist"):
        known_profile("nrf5284")


def test_samples_and_devices_that_are_at_fault_do_not_hide_other_faults():
    nothing = dict.fromkeys(("network", "budgets", "axes", "score", "within", "candidates"))
    found = said(Arguments(device="x", seed=0, sections={}, **nothing), None, None, {})
    assert found.content["device"]["profile"] == "x"
    assert found.content["network"]["layers"]
