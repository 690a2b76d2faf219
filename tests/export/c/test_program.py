"""The statements of a timestep, and the state that they need."""

from dataclasses import replace

import numpy as np
import pytest
from builders.drawn_integers import drawn_integers
from builders.integer_networks import dense, fc, graph, network, population

from hwsearch.export.c.model import c_model
from hwsearch.hardware.cost_model import price
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer


def program_of(net):
    return c_model(net, ["dense"] * len(net.connections), 16).program


def test_a_still_images_current_is_computed_once():
    layers = [fc([[3]], [1], [10]), fc([[1]], [0], name="readout")]
    steps = program_of(network(layers, timesteps=2)).step
    assert steps == (
        "if (s->timestep == 0u) {",
        "    snnk_clear(s->constant_fc1, 1u);",
        "    add_fc1(s->input, s->constant_fc1);",
        "}",
        "snnk_fire_i32_constant(&fc1_neurons, s->constant_fc1, s->fc1, s->spikes_fc1);",
        "snnk_read_i32(&readout_neurons, s->readout);",
        "add_readout(s->spikes_fc1, s->readout);",
        "s->timestep++;",
    )


@pytest.mark.parametrize(
    ("bits", "inputs", "settings", "expected"),
    [
        (8, 6, {}, ("u8", 8)),
        (4, 6, {}, ("u8", 4)),
        (2, 6, {}, None),  # a row of 12 bits ends within a byte
        (5, 8, {}, None),
        (8, 6, {"input_max": 1000}, ("u16", 8)),
        (8, 6, {"input_max": 2000}, None),  # 64 products may leave 32 bits
        (8, 6, {"input_max": 1, "frames": 2}, None),  # spikes
    ],
)
def test_pairs_are_multiplied_where_a_row_is_whole_bytes_over_small_values(bits, inputs, settings, expected):
    net = graph(
        [population("fc1", [0], [5]), population("readout", [0])],
        [dense("fc1", -1, 0, [[1] * inputs]), dense("readout", 0, 1, [[1]], readout=True)],
        timesteps=2, shape=(1, 1, inputs), **settings,
    )  # fmt: skip
    made = program_of(replace(net, weight_bits=(bits, bits)))
    assert [call.pairs for call in made.calls] == [expected, None]
    assert made.use.pairs == ({expected} if expected else set())


def joined(f_one, f_two, **settings):
    return graph(
        [population("a", [0], [1]), population("b", [0], [1]), population("readout", [0])],
        [dense("a", -1, 0, [[1]]), dense("b", 0, 1, [[1]], f=f_one), dense("b.skip", 0, 1, [[1]], f=f_two),
         dense("readout", 1, 2, [[1]], readout=True)],
        timesteps=2, frames=2, **settings,
    )  # fmt: skip


def test_connections_with_more_fraction_bits_come_first():
    steps = "\n".join(program_of(joined(1, 3)).step)
    order = [
        "add_b_skip(s->spikes_a, s->sums);",
        "snnk_rescale(s->sums, 1u, 4);",
        "add_b(s->spikes_a, s->sums);",
    ]
    places = [steps.index(each) for each in order]
    assert places == sorted(places)
    assert program_of(joined(1, 3)).scales["b_scale"] == (0, 2, -(2**31), 2**31 - 1, 0)


def test_sums_that_are_rounded_are_scaled_one_by_one():
    made = program_of(joined(0, -2))
    assert any("s->part" in line for line in made.step)
    assert made.scales["b_scale_1"][0::4] == (2, 2)  # half a step, and the shift
    assert "part" in {member.name for member in made.members}


def test_a_late_readout_is_guarded():
    net = joined(0, 0)
    late = replace(net, readout=replace(net.readout, last=1))
    assert "if (s->timestep >= 1u) {" in program_of(late).step


def test_the_state_has_the_bytes_that_a_microcontroller_is_priced_at():
    for spelling, shape, settings in [
        ("fc12-fc8", (1, 4, 4), {}), ("4c3-p2-fc8", (1, 6, 6), {"pool": "sum"}), ("fc9-r7", (1, 4, 4), {}),
        ("r10-fc3", (1, 1, 9), {"frames": 5, "input_max": 1}), ("res(4c3-4c3)-gap", (2, 5, 5), {"frames": 4}),
    ]:  # fmt: skip
        net = replace(drawn_integers(spelling, shape, timesteps=4, **settings), state_bits=16)
        run = run_integer(
            net, np.zeros((1, *(() if net.input.still else (net.input.frames,)), *shape), np.uint8)
        )
        cost = price(count_workload(net, run.input_maps, run.spikes), load_profile("nrf52840"))
        made = program_of(net)
        assert made.n_bytes("state") == cost.state_bytes, spelling
        assert made.n_bytes("buffer") == cost.buffer_bytes, spelling
