"""The dense architecture of a study on its data: what a string and a list give, and every fault at its key."""

import numpy as np
import pytest
from builders.studies import changed

from hwsearch.data.samples import Dataset
from hwsearch.errors import InputError
from hwsearch.graph.graph import Readout
from hwsearch.plan.architecture import MOST_WEIGHTS, network_specs
from hwsearch.study.model import Study

LIST = [
    {"from": "input", "to": "a", "conv": [3, 3], "channels": 4},
    {"from": "a", "to": "b", "conv": [3, 3], "channels": 4},
    {"from": "a", "to": "b", "identity": True},
    {"from": "b", "to": "readout", "fc": True},
]


def study(network, timesteps=(2, 4), **more):
    content = changed("network", network) | more
    content["space"]["timesteps"] = list(timesteps)
    return Study.model_validate(content)


def data(frames=None, labels_each_frame=False, shape=(1, 6, 6)):
    x = np.zeros((4, *(() if frames is None else (frames,)), *shape), np.uint8)
    y = np.zeros((4, frames) if labels_each_frame else 4, np.int64)
    return Dataset("windows", x, y, x, y, x, y, 16, 5, 3, shape, frames)


def faults(asked, given):
    with pytest.raises(InputError) as refused:
        network_specs(asked, given)
    return [str(fault) for fault in refused.value.faults]


def test_a_string_and_a_list_of_one_study_are_one_network():
    (spelled,) = network_specs(study({"layers": "4c3-res(4c3)", "batch_norm": True, "leak_shift": 2}), data())
    (listed,) = network_specs(study({"connections": LIST, "batch_norm": True, "leak_shift": 2}), data())
    assert [p.norm for p in spelled.populations] == [True, True, False]
    assert [p.law for p in spelled.populations] == [p.law for p in listed.populations]
    assert spelled.laws[0].leak_shift == 2
    assert [c.weight_shape for c in spelled.connections] == [c.weight_shape for c in listed.connections]


def test_what_else_the_study_and_the_data_say():
    network = {"layers": "fc8", "readout": {"labels": "step", "leak_shift": 3}, "neuron": "if"}
    asked = study(network, tickets={"order": "prune_then_quantise"})
    (spec,) = network_specs(asked, data(frames=4, labels_each_frame=True))
    assert spec.readout == Readout(leak_shift=3, labels="step")
    assert (spec.input.frames, spec.classes, spec.quantise_first) == (4, 3, False)
    assert spec.laws[0].leak_shift is None


def test_time_and_shapes_that_do_not_go_together_are_told_at_once():
    asked = study({"layers": "p9-fc8", "readout": {"labels": "step"}})
    assert faults(asked, data(frames=3)) == [
        "space.timesteps: timesteps may be 3 at most, the frames of a sample of windows; got 4 (a bin holds at least "
        "one frame)",
        "network.readout.labels: the readout must predict as often as windows has labels: one a sample; got step (set "
        "labels: sample)",
        "network.layers: 'p9' (token 1): pooling by 9 x 9 leaves nothing of a map of 6 x 6; got p9-fc8",
    ]


def test_an_entry_that_does_not_fit_stands_at_its_place():
    wrong = [LIST[0], {**LIST[1], "stride": 2}, *LIST[2:]]
    (fault,) = faults(study({"connections": wrong}), data())
    assert fault.startswith(
        "network.connections.2: a -> b: all that enters 'b' must give maps of one size; got 6 x 6"
    )


def test_more_weights_than_can_be_trained_are_refused():
    (fault,) = faults(study({"layers": "fc8-fc65536-fc65536"}), data())
    assert fault.startswith(f"network.layers: a network may have {MOST_WEIGHTS:,} weights at most; got ")
    # 36 * 8 + 8 * 65536 + 65536 * 65536 + 65536 * 3
    assert (
        "4,295,688,480, 4,294,967,296 of them into 'fc3' (use fewer channels, or pool what it reads)" in fault
    )
