"""What a library takes on a board is told as the board shows it."""

import numpy as np
import pytest
from builders.c_networks import case
from builders.devices import SHIPPED
from builders.firmware_matrix import drawn, every
from builders.integer_networks import fc
from builders.integer_networks import network as chain

from hwsearch.export.boards.boards import BOARDS
from hwsearch.export.boards.emulate import missing_tools, run_on
from hwsearch.export.boards.predict import predicted, state_bytes
from hwsearch.export.c.project import project_files
from hwsearch.export.c.work import library_of
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.profiles.cores import core_of
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer


def library(each):
    run = run_integer(each.model.network, each.x)
    return library_of(each.model, count_workload(each.model.network, run.input_maps, run.spikes))


def small():
    layers = [fc([[2, 1], [0, 3]], [0, 0], [5, 5]), fc([[1, 0], [1, 1]], [0, 0], name="readout")]
    net = chain(layers, timesteps=2, shape=(1, 1, 2), input_max=10, input_bits=4, state_bits=16)
    return case("small", net, np.array([[[[3, 0]]], [[[1, 9]]]], np.uint8), ["dense", "csr"])


def test_the_state_is_aligned_as_a_struct_is():
    members = {m.name: m.n_bytes for m in small().model.program.members}
    assert (
        sum(members.values()) == 8 + 8 + 4 + 2 + 2 + 1
    )  # current, potentials, membranes, image, timestep, spikes
    assert state_bytes(small().model) == 28


def test_a_core_that_knows_nothing_tells_nothing():
    each = small()
    assert predicted(each.model, library(each), Core("m")) is None


@pytest.mark.slow
@pytest.mark.parametrize("ident", BOARDS)
@pytest.mark.parametrize("place", [3, 500])
def test_it_is_within_the_errors_that_the_core_states(tmp_path, ident, place):
    board = BOARDS[ident]
    if missing_tools(board):
        pytest.skip(", ".join(missing_tools(board)))
    each = drawn(*every()[place], n_inputs=2)
    run = run_integer(each.model.network, each.x, trace=True)
    identity = {"study_digest": "5" * 16, "trial": 1, "network_digest": "d" * 16}
    for name, data in project_files(each.model, identity, each.x, run).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    ran = run_on(board, tmp_path / "c", each.model, each.x)
    told = predicted(each.model, library(each), core_of(board.core, (SHIPPED,)))
    assert told.flash_bytes == pytest.approx(ran.flash_bytes, rel=0.03)
    assert told.ram_bytes == pytest.approx(ran.ram_bytes + ran.stack_bytes, rel=0.03)
    assert told.instructions == pytest.approx(ran.instructions.sum(1).mean(), rel=0.25)


def test_the_state_is_that_of_the_linked_file():
    for place in range(0, len(every()), 53):
        model = drawn(*every()[place], n_inputs=1).model
        total = sum(m.n_bytes for m in model.program.members)
        assert total <= state_bytes(model) < total + 8 + model.program.feed.raw_length * 4 + 4
