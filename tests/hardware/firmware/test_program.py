"""Names of a library's functions, as `export.c` says them."""

from dataclasses import replace

import numpy as np
from builders.devices import fc, mlp

from hwsearch.graph.graph import Pooling
from hwsearch.hardware.firmware.expected import expected_library
from hwsearch.hardware.firmware.program import LibraryConnection, LibraryPopulation
from hwsearch.hardware.storage import Stream


def test_a_connection_is_named_by_its_kernel_and_its_scan():
    work = fc("fc1", "hidden", np.ones((2, 4))).connection
    c = LibraryConnection(work, "csr", (Stream("indices", 8, 3),), 1, "u16", 4, 2.0)
    assert (c.name, c.scan_name) == ("fc_csr", "fc_values")
    pooled = replace(c, work=replace(work, pooling=Pooling((2, 2), "max")), scan="bits")
    assert pooled.scan_name == "fc_bits_max"
    assert c.stream("indices").count == 8
    assert c.stream("bitmap").count == 0


def test_a_population_is_named_by_what_is_added():
    p = LibraryPopulation(3, 12, 5.0, 4, False, "i16", constant=True, saturate=True)
    assert p.name == "fire_i16_sum_constant_sat"
    assert replace(p, params="i32", wide=True, sum=False).name == "fire_i16_p32_wide_constant_sat"
    assert replace(p, readout=True, state="i32").name == "read_i32_sum_constant_sat"


def test_a_core_that_multiplies_pairs_has_another_kernel():
    made = expected_library(mlp((16, 8, 4), analog=True), ["dense", "dense"], 16, 16)
    assert [c.kernel for c in made.connections] == ["bytes", "bytes"]
    assert made.on("cortex-m0") is made
    assert [c.kernel for c in made.on("cortex-m4").connections] == ["pairs", "bytes"]
