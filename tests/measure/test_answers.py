"""What networks answer, counted by hand on networks of a neuron or two."""

from dataclasses import replace

import numpy as np
import pytest
from builders.integer_networks import fc
from builders.integer_networks import network as chain

from hwsearch.graph.graph import Readout
from hwsearch.measure.answers import Answers, answers_of, readouts_without_input
from hwsearch.network.integer import run_integer


def network(hidden, readout, inputs, timesteps=1):
    return chain(
        [hidden, readout], timesteps=timesteps, leak_shift=None, shape=(1, 1, inputs), input_max=4, input_bits=3,
        state_bits=16,
    )  # fmt: skip


def images(*rows):
    return np.array(rows, np.uint8)[:, None, None, :]


def counted(net, x, labels, classes):
    run = run_integer(net, x)
    return answers_of(net, run, np.array(labels), readouts_without_input([net])[0], classes)


# the first neuron fires from a pixel of 1 on, the second would need a 5, and pixels end at 4
ONE_OF_TWO = network(
    fc([[1, 0], [0, 1]], [0, 0], [1, 5]), fc([[1, 0], [0, 1], [0, 1]], [0, 0, 0], name="readout"), 2
)
# fires for a blank input (0 + 3 >= 3), and for no other (3 - 1 < 3)
ONLY_BLANK = network(fc([[-1]], [3], [3]), fc([[1], [0]], [0, 1], name="readout"), 1)


def test_recall_ties_and_what_no_input_reaches():
    # readouts: (0 0 0), a tie that class 0 wins; (1 0 0); (0 0 0)
    answers = counted(ONE_OF_TWO, images([0, 0], [1, 0], [0, 4]), [0, 0, 2], 4)
    assert answers == Answers(
        samples=(2, 0, 1, 0), answered=(3, 0, 0, 0), right=(2, 0, 0, 0), ties=2, input_independent=2,
        silent_layers=(), silent_channels=1, confusion=((2, 0, 0, 0), (0,) * 4, (1, 0, 0, 0), (0,) * 4),
    )  # fmt: skip
    assert answers.recalls == (1.0, None, 0.0, None)
    assert answers.accuracy == answers.largest_class_share == pytest.approx(2 / 3)
    assert not answers.skilled()


def test_without_input_is_a_blank_input_or_no_spike_at_the_readout():
    assert readouts_without_input([ONLY_BLANK]).tolist() == [[[1, 1], [0, 1]]]
    twice = replace(ONLY_BLANK, timesteps=2)
    assert readouts_without_input([twice]).tolist() == [[[2, 2], [0, 2]]]


def test_a_layer_that_only_a_blank_input_fires_is_silent_and_no_input_counts():
    answers = counted(ONLY_BLANK, images([1], [4]), [1, 0], 2)
    assert (answers.silent_layers, answers.silent_channels, answers.input_independent, answers.ties) == (
        ("fc1",),
        1,
        2,
        0,
    )
    blank = counted(ONLY_BLANK, images([1], [0]), [1, 0], 2)
    assert (blank.silent_layers, blank.input_independent, blank.ties) == ((), 2, 1)


def test_in_a_stack_each_network_reaches_what_it_reaches_alone():
    wide = network(
        fc([[-1], [0], [2]], [3, 9, 0], [3, 9, 1]), fc([[1, 4, 1], [2, 0, 1]], [-1, 1], name="readout"), 1
    )
    both = readouts_without_input([ONLY_BLANK, wide])
    alone = [readouts_without_input([net])[0] for net in (ONLY_BLANK, wide)]
    assert both.tolist() == [readouts.tolist() for readouts in alone]
    assert both[1].tolist() == [[4, 3], [-1, 1]]  # 1 + 4 - 1 and 2 + 1: two neurons fire by their bias alone


@pytest.mark.parametrize(
    ("right", "skilled"),
    [
        ((182, 0), False),  # one answer to everything
        ((182, 1), False),  # 1 > sqrt(1) does not hold: one sample more may be luck
        ((182, 2), True),  # 2 > sqrt(2)
        ((181, 2), False),  # one sample better than the largest class, of three that differ: 1 < sqrt(3)
        ((179, 6), False),  # 3 = sqrt(9)
        ((179, 7), True),  # 4 > sqrt(10)
        ((100, 18), False),  # all of the small class, and half of the large one: worse than the largest class
        ((182, 18), True),
    ],
)
def test_a_model_is_better_than_the_largest_class_by_more_than_luck(right, skilled):
    answers = Answers((182, 18), (0, 0), right, 0, 0, (), 0)
    assert answers.skilled() is skilled
    assert answers.accuracy > answers.largest_class_share or not answers.skilled()


def test_on_even_classes_guessing_is_no_skill():
    assert not Answers((20,) * 10, (200,) + (0,) * 9, (20,) + (0,) * 9, 0, 0, (), 0).skilled()
    assert not Answers((20,) * 10, (20,) * 10, (2,) * 10, 0, 0, (), 0).skilled()  # 18 gained, 18 lost
    assert Answers((20,) * 10, (20,) * 10, (6,) * 10, 0, 0, (), 0).skilled()  # 54 gained, 14 lost


def test_every_timestep_of_a_sequence_is_an_answer():
    # potentials 0 0, 1 0, 1 1 of the first sequence, and 0 1, 0 2, 0 3 of the second
    net = chain(
        [fc([[1, 0], [0, 1]], [0, 0], [1, 1]), fc([[1, 0], [0, 1]], [0, 0], name="readout")],
        timesteps=3, leak_shift=None, shape=(1, 1, 2), input_max=4, frames=3, readout=Readout(labels="step"),
    )  # fmt: skip
    x = np.array([[[0, 0], [1, 0], [0, 1]], [[0, 1], [0, 1], [0, 1]]], np.uint8).reshape(2, 3, 1, 1, 2)
    answers = counted(net, x, [[0, 1, 0], [1, 1, 0]], 2)
    assert answers == Answers(
        samples=(3, 3), answered=(3, 3), right=(2, 2), ties=2, input_independent=1, silent_layers=(), silent_channels=0,
        confusion=((2, 1), (1, 2)),
    )  # fmt: skip
    assert answers.n == 6


def test_without_input_a_sequence_is_blank():
    sequence = network(fc([[-1]], [3], [3]), fc([[1], [0]], [0, 1], name="readout"), 1, 2)
    frames = replace(sequence, input=replace(sequence.input, frames=4))
    assert readouts_without_input([frames]).tolist() == [[[2, 2], [0, 2]]]
    by_step = replace(frames, readout=Readout(labels="step"))
    assert readouts_without_input([by_step]).tolist() == [[[[1, 1], [2, 2]], [[0, 1], [0, 2]]]]
