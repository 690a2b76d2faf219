"""The library that a workload tells of is the one that is exported."""

from dataclasses import replace

import numpy as np
import pytest
from builders.c_networks import case
from builders.drawn_integers import drawn_integers

from hwsearch.export.c.work import library_of
from hwsearch.hardware.firmware.code import code_parts
from hwsearch.hardware.firmware.expected import expected_library
from hwsearch.hardware.firmware.instructions import terms
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer

NETWORKS = [
    ("fc12-fc8", (1, 4, 4), {}),
    ("4c3-p2-fc8", (1, 6, 6), {}),
    ("fc9-r7", (1, 4, 4), {}),
    ("fc10-fc6", (1, 1, 9), {"frames": 4, "input_max": 1}),
    ("res(4c3-4c3)-gap", (2, 5, 5), {}),
]


@pytest.mark.parametrize(("spelling", "shape", "settings"), NETWORKS)
def test_it_calls_the_same_loops_as_often(spelling, shape, settings):
    net = replace(drawn_integers(spelling, shape, timesteps=4, **settings), state_bits=16)
    rng = np.random.default_rng(0)
    frames = () if net.input.still else (net.input.frames,)
    x = rng.integers(0, net.input.max + 1, (3, *frames, *shape)).astype(np.uint8)
    formats = ["dense"] * len(net.connections)
    run = run_integer(net, x)
    workload = count_workload(net, run.input_maps, run.spikes)
    exported = library_of(case("n", net, x, formats).model, workload)
    told = expected_library(workload, formats, 16, 16)
    ours, theirs = terms(told), terms(exported)
    # what sums become hangs on fraction bits and widths, which a workload does not have
    unknown = ("sum", "saturate", "clip", "settle", "rescale", "clear", "constant")
    for name in ours.keys() | theirs.keys():
        if not any(word in name for word in unknown):
            assert ours.get(name, 0) == pytest.approx(theirs.get(name, 0)), name
    kernels = {
        name for name in code_parts(told) if name.startswith(("snnk_fc", "snnk_conv", "scan", "pooled"))
    }
    assert kernels == {
        name for name in code_parts(exported) if name.startswith(("snnk_fc", "snnk_conv", "scan", "pooled"))
    }
    assert len(told.connections) == len(exported.connections)
