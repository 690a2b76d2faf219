"""Names become identifiers, each once."""

from builders.integer_networks import dense, graph, population

from hwsearch.export.c.names import names_of


def test_names_are_identifiers_and_differ():
    names = ["conv3.skip", "conv3_skip", "for", "input", "1st", "readout"]
    populations = [population(name, [0], [1]) for name in names[:-1]] + [population("readout", [0])]
    connections = [dense(f"{name}.back", i - 1, i, [[1]]) for i, name in enumerate(names)]
    found = names_of(graph(populations, connections, timesteps=1), "snn")
    assert found.populations == ("conv3_skip", "conv3_skip_1", "for_2", "input_3", "n1st", "readout")
    assert all(name.isidentifier() for name in found.populations + found.connections)
    assert len(set(found.connections)) == len(names)


def test_a_name_is_none_that_the_state_makes_of_another():
    populations = [population("a", [0], [1]), population("spikes_a", [0], [1]), population("readout", [0])]
    connections = [dense(name, i - 1, i, [[1]]) for i, name in enumerate("abc")]
    found = names_of(graph(populations, connections, timesteps=1), "snn")
    assert found.populations == ("a", "spikes_a_1", "readout")
