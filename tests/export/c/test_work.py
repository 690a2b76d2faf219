"""What a library does in an inference, read off its statements."""

from dataclasses import replace

import numpy as np
import pytest
from builders.c_networks import case
from builders.drawn_integers import drawn_integers
from builders.firmware_matrix import drawn, every

from hwsearch.export.c.work import library_of
from hwsearch.graph.graph import Readout
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer


def library(each):
    run = run_integer(each.model.network, each.x)
    return library_of(each.model, count_workload(each.model.network, run.input_maps, run.spikes))


def made(spelling="fc12-fc8", shape=(1, 4, 4), x_max=16, **settings):
    net = replace(drawn_integers(spelling, shape, timesteps=4, **settings), state_bits=16)
    x = np.random.default_rng(0).integers(0, x_max, (3, *shape)).astype(np.uint8)
    return case("n", net, x, ["dense"] * len(net.connections))


def test_a_still_image_is_looked_at_once():
    found = library(made())
    assert [c.calls for c in found.connections] == [1, 4, 4]
    assert [c.scan for c in found.connections] == ["u8", "bits", "bits"]
    assert found.connections[0].events == found.connections[0].work.spikes_in
    cleared = [(loop.elements, loop.calls) for loop in found.loops if loop.name == "clear"]
    assert cleared[0] == (12, 1)


def test_a_late_readout_is_computed_in_its_own_timesteps():
    each = made()
    net = replace(each.model.network, readout=Readout(1))
    found = library(case("n", net, each.x, ["dense"] * 3))
    assert found.connections[-1].calls == found.populations[-1].calls == 1
    assert found.connections[-1].events == pytest.approx(found.connections[-1].work.spikes_in / 4)


def test_binned_frames_are_counted():
    found = library(drawn("sequence", "weight", 4, "zero", n_inputs=2))
    assert found.frames == 10
    assert {loop.name for loop in found.loops} >= {"frame_values", "mean_narrow"} or found.loops[
        -1
    ].name == "mean_wide"


@pytest.mark.parametrize("place", range(0, len(every()), 37))
def test_its_functions_are_those_of_the_kernels_file(place):
    each = drawn(*every()[place], n_inputs=2)
    found, use = library(each), each.model.program.use
    assert {p.name for p in found.populations} == {f"fire_{u.name}" for u in use.fire} | {
        f"read_{u.name}" for u in use.read
    }
    assert {(c.work.kind, c.kernel) for c in found.connections} == use.connections
    plain = {loop.name for loop in found.loops if not loop.name.startswith(("frame", "mean"))}
    assert plain - {"clear"} == use.other
