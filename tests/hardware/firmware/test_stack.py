"""The deepest way down a library's functions."""

from dataclasses import replace

import numpy as np
from builders.devices import chain, conv, fc, mlp

from hwsearch.hardware.firmware.expected import expected_library
from hwsearch.hardware.firmware.stack import stack_bytes

FRAMES = {
    "snn_step": 16, "add fc": 280, "add conv": 540, "scan fc_bits": 16, "scan conv_bits": 40, "snnk_fc_csr": 48,
    "snnk_fc_bytes": 16, "snnk_conv_dense": 64, "bits_at": 8, "pointer": 0, "plane_dense": 24, "scatter": 40,
    "locate": 8,
}  # fmt: skip


def test_the_deepest_connection_counts():
    library = expected_library(mlp((16, 8, 4)), ["dense", "csr"], 16, 16)
    assert stack_bytes(library, FRAMES) == 16 + 280 + 48 + 8
    assert stack_bytes(library, {**FRAMES, "snnk_fc_bytes": 100}) == 16 + 280 + 100


def test_decoded_weights_of_a_plane_are_on_the_stack():
    layers = [
        conv("conv1", "input", np.ones((2, 1, 3, 3)), (4, 4)),
        fc("readout", "readout", np.ones((3, 32))),
    ]
    library = expected_library(chain(4, 8, layers), ["dense", "dense"], 16, 16)
    # 9 taps of 4 bytes; scatter and plane_dense have one caller, whose parts they become
    assert stack_bytes(library, FRAMES) == 16 + 540 + 36 + 64 + 8
    assert stack_bytes(library, {**FRAMES, "alignment": 16}) == 16 + 576 + 64 + 8  # 576 is 36 times 16
    assert stack_bytes(library, {**FRAMES, "alignment": 64}) == 16 + 576 + 64 + 8
    assert stack_bytes(library, {**FRAMES, "merged snnk_conv_dense": 80}) == 16 + 576 + 80 + 8


def test_what_takes_a_frame_calls_the_timestep():
    library = replace(expected_library(mlp((16, 8, 4)), ["dense", "csr"], 16, 16), frames=8)
    assert stack_bytes(library, FRAMES) is None
    assert stack_bytes(library, {**FRAMES, "snn_frame": 24}) == 24 + 16 + 280 + 48 + 8


def test_an_unknown_frame_leaves_it_unknown():
    library = expected_library(mlp((16, 8, 4)), ["dense", "nm:4"], 16, 16)
    assert stack_bytes(library, FRAMES) is None
