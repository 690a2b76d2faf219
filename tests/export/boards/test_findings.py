"""Checks of a run on a board."""

from dataclasses import replace

import numpy as np
from builders.exports import INPUTS, network

from hwsearch.export.boards.boards import BOARDS
from hwsearch.export.boards.emulate import BoardRun
from hwsearch.export.boards.findings import board_findings
from hwsearch.export.boards.predict import Prediction
from hwsearch.export.c.model import c_model
from hwsearch.export.c.project import trace_of
from hwsearch.network.integer import run_integer

MODEL = c_model(network(), ["dense", "bitmap"], 16)
RUN = run_integer(network(), INPUTS, trace=True)
ARRAYS = {"snn_weights_fc1": 4, "snn_weights_readout": 4, "snn_bias_fc1": 4, "snn_threshold_fc1": 8}
RAN = BoardRun(
    trace_of(RUN).tobytes(), np.array([[10, 20], [30, 40]]), 100, 20, 150, 60, 50, 40, ARRAYS, {}, {}
)  # fmt: skip


def found(ran):
    return {
        name: (passed, detail) for name, passed, detail in board_findings(BOARDS["microbit"], MODEL, ran, RUN)
    }


def test_a_run_as_it_should_be_passes():
    shown = found(RAN)
    assert all(passed for passed, _ in shown.values())
    assert shown["microbit flash"][1] == "150 of 262,144 bytes: 100 code, 20 constants, 30 of the test's own"
    assert shown["microbit RAM"][1] == "100 of 16,384 bytes: 50 state, 40 stack, 10 of the test's own"
    # samples of 30 and 70
    assert shown["microbit instructions"][1].startswith("50 an inference (30 to 70)")


def test_what_was_predicted_is_shown_beside_it():
    told = Prediction(98, 148, 104, 51.4)
    shown = {n: d for n, _, d in board_findings(BOARDS["microbit"], MODEL, RAN, RUN, told)}
    assert shown["microbit flash"].endswith("of the test's own; 148 were predicted")
    assert shown["microbit RAM"].endswith("; 104 were predicted")
    assert shown["microbit instructions"].endswith("; 51 were predicted")


def test_what_is_wrong_fails_by_its_name():
    wrong = trace_of(RUN)
    wrong[1, 0] += 1
    assert not found(replace(RAN, trace=wrong.tobytes()))["microbit trace"][0]
    assert not found(replace(RAN, arrays={"snn_weights_fc1": 5}))["microbit constants"][0]
    assert not found(replace(RAN, stack_bytes=16_384))["microbit RAM"][0]
    assert not found(replace(RAN, flash_bytes=262_145))["microbit flash"][0]
