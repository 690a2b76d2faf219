"""What a core must tell of."""

from dataclasses import replace
from pathlib import Path

import pytest

from hwsearch.hardware.firmware.complete import every_kernel, missing
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.firmware.loops import KERNELS
from hwsearch.hardware.firmware.stack import stack_bytes
from hwsearch.hardware.profiles.cores import FOLDER, core_of

CORES = Path(__file__).parents[3] / "hardware_profiles" / FOLDER


def test_a_core_that_says_nothing_lacks_every_kernel():
    terms, parts = missing(Core("m"))
    assert {f"{name} list" for name in KERNELS if name != "fc_pairs"} <= set(terms)
    assert "fc_pairs row" not in terms  # a core that is not known to multiply pairs needs no such kernel
    assert "fc_pairs row" in missing(Core("cortex-m4"))[0]
    assert {f"snnk_{name}" for name in KERNELS if name != "fc_pairs"} <= set(parts)
    assert {
        "scatter miss",
        "scatter strided miss",
        "scan_conv_values_sum list",
    } <= set(terms)


def test_pairs_of_every_width_and_rows_of_whole_bytes_are_asked_for():
    terms, parts = missing(Core("cortex-m4"))
    for bits in (2, 4, 8):
        assert {f"fc_pairs {bits} word", f"fc_pairs {bits} rest"} <= set(terms)
        assert {f"snnk_fc_pairs_u8_{bits}", f"snnk_fc_pairs_u16_{bits}"} <= set(parts)
    for name in ("fc_bitmap", "fc_block"):
        assert {f"{name} word", f"{name} shifted word"} <= set(terms)


def test_a_core_that_tells_of_all_lacks_nothing():
    terms, parts = missing(Core("m"))
    whole = Core("m", instructions=dict.fromkeys(terms, 1.0), code_bytes=dict.fromkeys(parts, 1.0))
    assert missing(whole) == ([], [])


@pytest.mark.parametrize("name", sorted(path.stem for path in CORES.iterdir()))
def test_a_shipped_core_knows_the_frame_of_every_function(name):
    core = core_of(name, (CORES.parent,))
    assert stack_bytes(every_kernel(core), core.stack_bytes) > 0
    without = {frame: n for frame, n in core.stack_bytes.items() if not frame.startswith("add ")}
    assert stack_bytes(every_kernel(core), without) is None


@pytest.mark.parametrize("name", sorted(path.stem for path in CORES.iterdir()))
def test_a_shipped_core_knows_the_bytes_of_functions_that_a_library_has_of_its_own(name):
    """They are fitted on networks that are built; of those that no such network has the fit says 0."""
    code = core_of(name, (CORES.parent,)).code_bytes
    assert min(code[own] for own in ("frame_bits", "frame_values", "mean_narrow", "add fc", "add conv")) > 20


def test_the_functions_that_take_frames_are_asked_for():
    known = core_of("cortex-m0", (CORES.parent,))
    without = {part: n for part, n in known.code_bytes.items() if part not in ("frame_bits", "mean_narrow")}
    assert missing(replace(known, code_bytes=without))[1] == ["frame_bits", "mean_narrow"]
