"""The page on networks: its studies are valid, its list is the string that it says, and every token is in its table."""

import re
from pathlib import Path

import pytest
from builders.graphs import spec
from ruamel.yaml import YAML

from hwsearch.graph.explicit import read_list
from hwsearch.graph.graph import Input
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.study.network_section import Network

PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text()
SECTIONS = [
    YAML(typ="safe", pure=True).load(text)["network"] for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: next(iter(section)))
def test_each_network_is_valid(section):
    network = Network.model_validate(section)
    for spelling in network.spellings:
        assert spec(spelling, (1, 8, 8)).connections[-1].readout


def test_the_list_is_the_string_with_one_connection_more():
    network = Network.model_validate(SECTIONS[1])
    data, law = Input((1, 6, 6), 16, 5), NeuronLaw(1, 1.0, "zero")
    populations, connections = read_list(network.entries, data, 3, law)
    (spelling,) = re.findall(r"This is `(.*?)` with one more", PAGE)
    spelled = spec(spelling)
    assert [(p.channels, p.size) for p in populations] == [(p.channels, p.size) for p in spelled.populations]
    listed = [(c.source, c.target, c.weight_shape, c.delay) for c in connections]
    others = [(c.source, c.target, c.weight_shape, c.delay) for c in spelled.connections]
    assert [joint for joint in listed if joint not in others] == [(0, 2, (8, 4), 0)]
    assert [joint for joint in others if joint not in listed] == []
