"""Functions of a library, and the bytes of its descriptors."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import chain, conv, fc, mlp

from hwsearch.hardware.firmware.code import DESCRIPTORS, code_bytes, code_parts, part_of
from hwsearch.hardware.firmware.expected import expected_library


def library(*formats):
    return expected_library(mlp((16, 8, 4)), formats, 16, 16)


def test_a_kernel_is_there_once_and_a_connection_has_its_own_function():
    parts = code_parts(library("csr", "csr"))
    assert parts["snnk_fc_csr"] == parts["bits_at"] == parts["pointer"] == 1
    assert parts["add fc"] == 2
    assert parts["fire"] == parts["read"] == 1
    assert parts["step statement"] == 2 + 2 + 2  # add, fire and read, clear


def test_descriptors_have_the_bytes_of_their_structs():
    assert code_parts(library("csr", "csr"))[DESCRIPTORS] == 2 * (24 + 32) + 2 * 32 + 2 * 20
    layers = [
        conv("conv1", "input", np.ones((2, 1, 3, 3)), (4, 4)),
        conv("conv2", "hidden", np.ones((2, 2, 3, 3)), (4, 4)),
        fc("readout", "readout", np.ones((3, 32))),
    ]
    wide = code_parts(expected_library(chain(4, 8, layers), ["dense"] * 3, 16, 16))
    # filters that are alike share a table of 9 reaches of 6 bytes, in whole words
    assert wide[DESCRIPTORS] == 3 * (24 + 32) + 2 * 12 + 56 + 3 * 32 + 3 * 20


def test_bytes_are_the_sum_of_the_parts():
    parts = code_parts(library("dense", "bitmap"))
    sizes = dict.fromkeys(parts, 10.0)
    expected = parts[DESCRIPTORS] + 10 * sum(count for name, count in parts.items() if name != DESCRIPTORS)
    assert code_bytes(library("dense", "bitmap"), sizes) == expected
    with pytest.raises(KeyError):
        code_bytes(library("dense", "bitmap"), {})


def test_a_shared_function_with_one_call_becomes_a_part_of_its_caller():
    assert {"inlined gather", "inlined met"} <= code_parts(library("bitmap", "bitmap")).keys()
    two = code_parts(library("bitmap", "nm:4"))
    assert "inlined met" in two
    assert "inlined gather" not in two
    assert not any(name.startswith("inlined") for name in code_parts(library("csr", "dense")))


def test_a_row_of_filters_scatters_in_two_places():
    layers = [
        conv("conv1", "input", np.ones((2, 1, 3, 3)), (4, 4)),
        fc("readout", "readout", np.ones((3, 32))),
    ]
    for name, once in (("dense", True), ("csr", False)):
        parts = code_parts(expected_library(chain(4, 8, layers), [name, "dense"], 16, 16))
        assert ("inlined scatter" in parts) == once


def test_scans_of_values_are_one_part():
    assert part_of("snnk_scan_fc_u8") == part_of("snnk_scan_fc_u16") == "scan fc_values"
    assert part_of("snnk_scan_conv_bits_max") == "scan conv_bits_max"
    assert part_of("pooled_u8_sum") == "pooled values_sum"
    assert part_of("snnk_fc_csr") == "snnk_fc_csr"


def test_the_parts_of_a_network_are_of_its_own_scans():
    workload = mlp((16, 8, 4), analog=True)
    parts = code_parts(expected_library(replace(workload, input_bits=12), ["dense", "csr"], 16, 16))
    assert {"scan fc_values", "scan fc_bits", "snnk_fc_bytes", "snnk_fc_csr"} <= parts.keys()
