"""Libraries run on every emulated board as the integer model does, and their sizes and instructions are read."""

import numpy as np
import pytest
from builders.exports import model, model_of
from builders.firmware_matrix import drawn
from builders.integer_networks import fc
from builders.integer_networks import network as chain

from hwsearch.errors import InputError
from hwsearch.export.boards import emulate
from hwsearch.export.boards.boards import BOARDS
from hwsearch.export.boards.emulate import missing_tools, refuse_too_large, run_on
from hwsearch.export.bundle import verify, write_export
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.model import c_model
from hwsearch.export.c.project import project_files
from hwsearch.network.integer import run_integer

IDENTITY = {"study_digest": "5" * 16, "trial": 1, "network_digest": "d" * 16}


def needs(ident):
    missing = missing_tools(BOARDS[ident])
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} missing")


def board(ident):
    return pytest.param(ident, marks=needs(ident))


def written(case, folder):
    """Write a case's library; return its run."""
    run = run_integer(case.model.network, case.x, trace=True)
    for name, data in project_files(case.model, IDENTITY, case.x, run).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return run


@pytest.mark.slow
@pytest.mark.parametrize("ident", [board(ident) for ident in BOARDS])
@pytest.mark.parametrize("kind", ["mlp", "sequence"])
def test_a_board_shows_what_the_integer_model_does(tmp_path, ident, kind):
    case = drawn(kind, "weight", 4, "subtract", n_inputs=3)
    run = written(case, tmp_path)
    ran = run_on(BOARDS[ident], tmp_path / "c", case.model, case.x)
    assert first_wrong(ran.trace, case.model.network, run) == ""
    weights = sum(n for name, n in ran.arrays.items() if "_weights_" in name)
    assert weights == case.model.weight_bytes
    assert sum(ran.arrays.values()) - weights == case.model.param_bytes
    state = case.model.program.n_bytes("state", "buffer", "control")
    assert state <= ran.state_bytes < state + 32
    calls = case.model.program.feed.frames or case.model.network.timesteps
    assert ran.instructions.shape == (3, calls)
    assert (ran.instructions > 0).all()
    assert ran.flash_bytes > ran.model_bytes + ran.const_bytes


@pytest.mark.slow
@needs("microbit")
def test_instructions_are_counted_alike_each_time(tmp_path):
    case = drawn("recurrent", "block:4", 3, "zero", n_inputs=2)
    written(case, tmp_path)
    one, two = (run_on(BOARDS["microbit"], tmp_path / "c", case.model, case.x) for _ in range(2))
    assert np.array_equal(one.instructions, two.instructions)


@needs("microbit")
def test_verify_tells_of_a_board(tmp_path):
    checks = {
        check.name: check for check in verify(write_export(model(), tmp_path / "model", ["c"]), "microbit")
    }
    assert all(check.passed for check in checks.values())
    assert checks["microbit constants"].detail.startswith("8 of weights, 12 of biases")
    assert "of 16,384 bytes" in checks["microbit RAM"].detail


def test_without_the_tools_a_board_is_skipped_by_their_names(tmp_path, monkeypatch):
    monkeypatch.setattr(emulate.shutil, "which", lambda name: None)
    checks = verify(write_export(model(), tmp_path / "model", ["c"]), "microbit")
    (skipped,) = [check for check in checks if check.name == "microbit"]
    assert skipped.skipped
    assert "arm-none-eabi-gcc" in skipped.detail
    assert "qemu-system-arm" in skipped.detail


def test_a_model_that_cannot_fit_is_refused_with_need_and_limit():
    layers = [
        fc(np.ones((3000, 1), int), np.zeros(3000, int), np.ones(3000, int)),
        fc([[1] * 3000], [0], name="out"),
    ]
    wide = c_model(chain(layers, timesteps=1, state_bits=16), ["dense", "dense"], 16)
    with pytest.raises(InputError) as refused:
        refuse_too_large(wide, BOARDS["stm32vldiscovery"])
    # membranes of 2 bytes, a current of 4 and a spike a neuron; a potential, an input, a counter
    need = 3000 * 6 + 375 + 4 + 1 + 2
    assert f"has 8,192 bytes of RAM; got {need:,} bytes of state and 2,048 of stack" in str(refused.value)
    refuse_too_large(wide, BOARDS["mps2-an386"])


def test_a_board_needs_a_library(tmp_path):
    folder = write_export(model(), tmp_path / "model")
    with pytest.raises(InputError, match=r"a board needs an export with a C library.*--format c"):
        verify(folder, "microbit")


@pytest.mark.slow
@needs("microbit")
def test_firmware_that_overflows_the_board_is_refused_by_the_linker(tmp_path):
    # the state fits beside the stack, the test's own buffers do not
    layers = [
        fc(np.ones((2320, 1), int), np.zeros(2320, int), np.ones(2320, int)),
        fc([[1] * 2320], [0], name="out"),
    ]
    net = chain(layers, timesteps=1, state_bits=16)
    formats = ("dense", "dense")
    folder = write_export(
        model_of(net, np.ones((1, 1, 1, 1), np.uint8), formats, packed=2 * 2320), tmp_path / "model", ["c"]
    )
    with pytest.raises(
        InputError, match=r"has 16,384 bytes of RAM; got 16,\d{3} bytes with the test's own code"
    ):
        verify(folder, "microbit")
