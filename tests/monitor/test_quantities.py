"""What is watched of an inference, worked out by hand."""

from dataclasses import replace

import numpy as np
from builders.exports import INPUTS, network
from builders.integer_networks import dense, fc, graph, population
from builders.integer_networks import network as chain

from hwsearch.graph.graph import Readout
from hwsearch.monitor.quantities import MOST, quantities_of, readers_sources, seen


def names(net):
    return [quantity.name for quantity in quantities_of(net)]


def test_sums_spikes_margin_and_ties_of_two_samples():
    # [3, 0]: neuron 0 gets 2 * 3 = 6 >= 5 and fires in both timesteps; both classes get 1 each time: a tie of 2 and 2
    # [1, 9]: 11 and 27: both fire twice; the classes get 1 and 2 each time: 2 and 4
    net = network()
    found = seen(net, INPUTS)
    assert names(net) == ["input", "spikes_fc1", "margin", "no_answer"]
    assert found.values.tolist() == [[3, 2, 0, 1], [10, 4, 2, 0]]
    assert found.classes.tolist() == [0, 1]


def test_an_answer_that_no_spike_led_to_is_none():
    # the readout's bias alone: 2 and 0 after two timesteps
    net = network()
    readout = replace(net.populations[1], bias=np.array([1, 0], np.int32))
    net = replace(net, populations=(net.populations[0], readout))
    found = seen(net, np.array([[[[0, 0]]], [[[3, 0]]]], np.uint8))
    # 3: neuron 0 fires twice: 2 + 2 and 0 + 2
    assert found.values.tolist() == [[0, 0, 2, 1], [3, 2, 2, 0]]


def test_a_sequence_adds_up_over_its_timesteps_and_each_channel_has_a_sum():
    net = chain(
        [fc([[1, 1]], [0], [2]), fc([[1], [0]], [0, 0], name="readout")],
        timesteps=2, shape=(2, 1, 1), input_max=9, frames=4,
    )  # fmt: skip
    # four frames of two channels; two are one timestep: sums 1 + 2, 3 + 4 of the first channel; 0, 1 of the second
    x = np.array([[[[[1]], [[0]]], [[[2]], [[0]]], [[[3]], [[1]]], [[[4]], [[0]]]]], np.uint8)
    assert names(net) == ["input_0", "input_1", "spikes_fc1", "margin", "no_answer"]
    assert seen(net, x).values.tolist() == [[10, 1, 2, 2, 0]]


def test_of_labels_a_timestep_the_last_potentials_count():
    net = chain(
        [fc([[1]], [0], [2]), fc([[1], [0]], [0, 1], name="readout")],
        timesteps=2, shape=(1, 1, 1), input_max=9, frames=2, readout=Readout(labels="step"),
    )  # fmt: skip
    # a spike at the first timestep alone: potentials 1, 1 and then 1, 2
    found = seen(net, np.array([[[[[2]]], [[[0]]]]], np.uint8))
    assert found.values.tolist() == [[2, 1, 1, 0]]
    assert found.classes.tolist() == [1]


def test_a_readout_that_reads_inputs_is_never_silent():
    net = graph(
        [population("fc1", [0], [5]), population("readout", [0, 0])],
        [
            dense("fc1", -1, 0, [[1]]),
            dense("skip", -1, 1, [[1], [0]], readout=True),
            dense("readout", 0, 1, [[1], [0]], readout=True),
        ],
        timesteps=1,
    )
    assert readers_sources(net) == ()
    assert seen(net, np.array([[[[3]]]], np.uint8)).values.tolist() == [[3, 0, 3, 0]]


def test_a_sole_class_has_no_margin():
    net = chain([fc([[1]], [0], [2]), fc([[1]], [0], name="readout")], timesteps=1)
    assert seen(net, np.array([[[[3]]]], np.uint8)).values.tolist() == [[3, 1, 0, 1]]


def test_of_many_channels_and_populations_there_are_no_more_than_a_word_tells():
    wide = chain(
        [fc([[1] * 9], [0], [2]), fc([[1], [0]], [0, 0], name="readout")], timesteps=1, shape=(9, 1, 1)
    )
    assert names(wide)[0] == "input"
    layers = [fc([[1]], [0], [2], name=f"fc{i}") for i in range(9)]
    deep = chain([*layers, fc([[1], [0]], [0, 0], name="readout")], timesteps=1)
    assert names(deep) == ["input", *(f"spikes_fc{i}" for i in range(3, 9)), "margin", "no_answer"]
    assert MOST == 16


def test_quantities_have_names_in_sentences():
    words = [quantity.words for quantity in quantities_of(network())]
    assert words == [
        "the inputs' sum",
        "the number of spikes of fc1",
        "the margin",
        "the share without an answer",
    ]
