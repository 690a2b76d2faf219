"""The section of the network: its laws, a list of connections as the graph reads it, written and read back."""

from pathlib import Path
from typing import Any

import pytest
from builders.studies import SHORT, changed, faults, load

from hwsearch.graph.entry_laws import Entry
from hwsearch.study.model import load_study, write_study
from hwsearch.study.network_section import Network

LIST: list[dict[str, Any]] = [
    {"from": "input", "to": "a", "fc": True, "units": 8, "pool": 2},
    {"from": "input", "to": "a", "conv": [3, 1], "pool": "global"},
    {"from": "a", "to": "a", "identity": True, "delay": 1},
    {"from": "a", "to": "readout", "fc": True},
]


@pytest.mark.parametrize(
    ("key", "value", "law"),
    [
        ("network.layers", "fc8-16c3", "'16c3' (token 2) must stand before the first fc or r layer"),
        ("network.layers", "16c3-p2-p2", "'p2' (token 3) must not follow another pooling"),
        ("network.layers", "16c3-p1", "'p1' (token 2): a window must be larger than 1 x 1"),
        ("network.layers", "", "'' (token 1) is no layer"),
        ("network.leak_shift", 9, "leak_shift of a lif neuron must lie in 1 .. 8; got 9"),
        ("network.leak_shift", None, "leak_shift of a lif neuron must lie in 1 .. 8; got null"),
        ("network.threshold", 0, "the value must be above 0"),
        ("network.readout", {"leak_shift": 9}, "leak_shift of a readout must lie in 1 .. 8; got 9"),
        ("network.readout", {"last": 0}, "a count must be at least 1; got 0"),
        ("network.readout", {"labels": "steps"}, "must be 'sample' or 'step'"),
        ("network.readout", {"last": 2, "labels": "step"}, "predicts after each step adds up all of them"),
        ("network.reset", "soft", "must be 'zero' or 'subtract'; got \"soft\""),
        ("network.readout", {"leak_shift": 0}, "leak_shift of a readout must lie in 1 .. 8; got 0"),
    ],
)
def test_each_law_of_the_network(tmp_path: Path, key: str, value: Any, law: str) -> None:
    (fault,) = faults(tmp_path, changed(key, value))
    assert key in fault
    assert law in fault


def test_an_if_neuron_has_no_leak(tmp_path: Path) -> None:
    assert load(tmp_path, changed("network.neuron", "if")).network.leak_shift is None


def test_a_leaky_neuron_halves_its_potential_unless_told_otherwise() -> None:
    assert Network(layers="fc8").leak_shift == 1
    assert Network(layers="fc8", leak_shift=3).leak_shift == 3


def test_has_conv(tmp_path: Path) -> None:
    assert not load(tmp_path, SHORT).network.has_conv
    assert load(tmp_path, changed("network.layers", "fc8")).network.has_conv is False
    assert load(tmp_path, changed("network.layers", "r8")).network.has_conv is False
    for layers in ("8c3-p2-fc8", "dw3", "res(4c3)-fc8"):
        assert load(tmp_path, changed("network.layers", layers)).network.has_conv is True
    assert not Network.model_validate({"connections": LIST[:1] + LIST[2:]}).has_conv
    assert Network.model_validate({"connections": LIST}).has_conv


def test_a_list_as_the_graph_reads_it() -> None:
    assert Network.model_validate({"connections": LIST}).entries == (
        Entry("input", "a", "fc", channels=8, window=(2, 2)),
        Entry("input", "a", "conv", (3, 1), window=None),
        Entry("a", "a", "identity", delay=1),
        Entry("a", "readout", "fc"),
    )
    strided = {"from": "input", "to": "b", "depthwise": 5, "channels": 2, "stride": [2, 1], "pool": [1, 3]}
    joined = [*LIST, strided, {"from": "b", "to": "readout", "fc": True}]
    entries = Network.model_validate({"connections": joined}).entries
    assert entries[4] == Entry("input", "b", "depthwise", (5, 5), 2, (2, 1), (1, 3))
    assert Network(layers="fc8").entries == ()


def test_a_list_is_written_with_the_keys_that_it_has_and_read_back(tmp_path: Path) -> None:
    study = load(tmp_path, changed("network", {"connections": LIST}))
    write_study(study, tmp_path / "again.yaml")
    again = load_study(tmp_path / "again.yaml")
    assert (again, again.digest) == (study, study.digest)
    written = study.to_yaml_dict()["network"]["connections"]
    assert written[2] == {"from": "a", "to": "a", "identity": True, "delay": 1}
    assert written[1] == {"from": "input", "to": "a", "conv": [3, 1], "pool": "global", "delay": 0}


def test_another_list_is_another_study(tmp_path: Path) -> None:
    digests = {
        load(tmp_path, changed("network", {"connections": entries})).digest
        for entries in (LIST, LIST[:2] + LIST[3:], [{**LIST[0], "units": 9}, *LIST[1:]])
    }
    assert len(digests) == 3


def test_every_entry_with_a_fault_is_named_with_its_place(tmp_path: Path) -> None:
    wrong = [{**LIST[0], "units": None}, {**LIST[1], "to": "b"}, {**LIST[2], "delay": 0}, *LIST[3:]]
    found = faults(tmp_path, changed("network", {"connections": wrong}) | {"name": "a b"})
    assert [fault.split(": ")[1] for fault in found] == [
        "name",
        *(f"network.connections.{i}" for i in (0, 1, 1, 2)),
    ]


def test_keys_are_named_as_they_are_written(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, changed("network", {"connections": [{**LIST[0], "form": "x"}, *LIST[3:]]}))
    assert "no such key here" in fault
    assert "did you mean 'from'?" in fault
