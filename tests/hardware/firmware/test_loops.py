"""Turns of each kernel's loops, counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv, fc

from hwsearch.hardware.firmware.loops import KERNELS, connection_terms
from hwsearch.hardware.firmware.program import LibraryConnection
from hwsearch.hardware.storage import streams


def terms_of(work, name, events, calls=1.0, scan="bits"):
    kind, _, length = name.partition(":")
    layout = streams("dense" if kind == "bytes" else name, work.census, work.weight_bits)
    return dict(
        connection_terms(LibraryConnection(work, kind, layout, int(length or 1), scan, calls, events))
    )


def weights(density, shape=(8, 16)):
    return np.random.default_rng(0).random(shape) < density


def matrix(density=0.5, bits=8, rate=0.25, timesteps=4):
    return fc("fc1", "hidden", weights(density), rate, bits, timesteps=timesteps).connection


def test_dense_weights_of_a_byte_are_met_by_each_event_in_each_output():
    terms = terms_of(matrix(), "bytes", events=16.0, calls=4)
    assert terms["fc call"] == 4
    assert terms["fc_bytes event"] == 16
    assert terms["fc_bytes weight"] == 16 * 8
    assert "further byte" not in terms


def test_narrow_weights_cross_bytes():
    terms = terms_of(matrix(bits=3), "dense", events=16.0)
    # three bits begin at any of eight: at two of these they go on in the next byte
    assert terms["fc_dense weight"] == 128 * 6 / 8
    assert terms["fc_dense wide weight"] == 128 * 2 / 8
    assert terms["fc_dense column"] == 16  # 16 weights of 3 bits are whole bytes: all rows together
    odd = fc("fc1", "hidden", weights(0.5, (8, 15)), 0.25, 4).connection
    assert terms_of(odd, "dense", events=16.0)["fc_dense column"] == 16 * 2


def test_pairs_read_every_value_in_words():
    work = fc("fc1", "input", np.ones((8, 72)), 1.0, 4, timesteps=1).connection
    terms = terms_of(work, "dense", events=3.0, scan="u8")
    assert terms["scan_fc_values value"] == 72
    layout = streams("dense", work.census, 4)
    paired = LibraryConnection(work, "pairs", layout, 1, "u8", 1, 3.0)
    assert paired.function == "snnk_fc_pairs_u8_4"
    assert dict(connection_terms(paired)) == {
        "fc call": 1, "fc_pairs chunk": 2, "fc_pairs row": 16, "fc_pairs 4 word": 8 * 9,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["csr", "delta"])
def test_rows_are_worked_off_by_their_entries(name):
    work = matrix(bits=4)
    terms = terms_of(work, name, events=work.spikes_in, calls=4)
    entries = next(s for s in streams(name, work.census, 4) if s.name == "indices")
    met = work.spikes_in * entries.count / 16
    assert terms[f"fc_{name} weight"] == pytest.approx(met)
    assert terms["byte taken"] == pytest.approx(met * (entries.bits + 4) / 8)


def test_a_bitmap_is_read_in_words_once_a_list():
    work = matrix()
    terms = terms_of(work, "bitmap", events=16.0, calls=4)
    filled = 4 * (1 - 0.75**16)  # timesteps in which anything spikes
    assert terms["fc_bitmap row"] == pytest.approx(filled * 8, rel=1e-3)
    assert terms["fc_bitmap word"] == pytest.approx(filled * 8, rel=1e-3)  # 16 inputs are one word
    density, each = work.census.nonzero / 128, 16 / filled
    assert terms["fc_bitmap met"] == pytest.approx(filled * 8 * (1 - (1 - density) ** each), rel=1e-3)
    assert terms["fc_bitmap weight"] == pytest.approx(work.ops.nonzero)


def test_rows_that_end_within_a_byte_are_shifted():
    odd = fc("fc1", "hidden", weights(0.5, (8, 15)), 0.25).connection
    terms = terms_of(odd, "bitmap", events=15.0, calls=4)
    assert "fc_bitmap shifted word" in terms
    assert "fc_bitmap word" not in terms


def test_each_slot_of_a_group_with_events_is_looked_at():
    held = np.tile([1, 1, 0, 0], (8, 4))
    work = fc("fc1", "hidden", held, 1.0, timesteps=1).connection
    terms = terms_of(work, "nm:4", events=16.0)
    groups = 8 * 4 * (1 - 0.75**16)
    assert terms["fc_nm group"] == pytest.approx(groups)
    assert terms["fc_nm slot"] == pytest.approx(groups * 2)
    assert terms["fc_nm weight"] == work.ops.nonzero == 16 * 8 / 2
    # of the 15 other events a quarter are of a weight's group, half of them before it
    assert terms["fc_nm passed over"] == pytest.approx(16 * 8 / 2 * 15 / 4 / 2)


def test_a_last_group_of_few_inputs_is_met_by_fewer_lists():
    work = fc("fc1", "hidden", np.tile([1, 0, 0, 0, 1], (8, 1)), 1.0, timesteps=1).connection
    terms = terms_of(work, "nm:4", events=5.0)
    assert terms["fc_nm group"] == pytest.approx(8 * ((1 - 0.2**5) + (1 - 0.8**5)))
    assert terms["fc_nm passed over"] == pytest.approx(2 * 8 * 4 / 2 * (0.8**2 + 0.2**2))


def test_slots_without_a_weight_are_those_that_were_met_else_spread_evenly():
    held = np.tile([1, 1, 0, 0, 0, 0, 0, 0], (8, 1))
    work = fc("fc1", "hidden", held, 1.0, timesteps=1).connection
    assert work.ops.nm_unused == ()
    assert terms_of(work, "nm:4", events=8.0)["fc_nm weight"] == 8 * 2 + 8 * 2  # 16 slots without a weight
    met = replace(work, ops=replace(work.ops, nm_unused=(5.0, 0.0, 0.0)))
    assert terms_of(met, "nm:4", events=8.0)["fc_nm weight"] == 8 * 2 + 5


def test_filters_are_decoded_for_each_channel_and_tried_at_each_event():
    work = conv("conv1", "hidden", np.ones((4, 2, 3, 3)), (5, 5), rate=1.0, timesteps=1).connection
    terms = terms_of(work, "dense", events=50.0)
    assert terms["conv_dense group"] == pytest.approx(
        2 + 1 * (1 - 2 / 50)
    )  # the second list begins within a channel
    assert terms["plane weight"] == pytest.approx(terms["conv_dense group"] * 4 * 9)
    assert terms["scatter event"] == 50 * 4
    assert terms["scatter hit"] == pytest.approx(work.ops.nonzero)
    assert terms.get("scatter miss", 0) == pytest.approx(50 * 4 * 9 - work.ops.nonzero)


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_more_events_take_more_turns(name):
    kind, _, form = name.partition("_")
    form = {"nm": "nm:4", "block": "block:4", "pairs": "dense"}.get(form, form)
    held = np.zeros((8, 16) if kind == "fc" else (8, 4, 3, 3))
    held.reshape(-1)[::4] = 1
    make = fc("a", "hidden", held) if kind == "fc" else conv("a", "hidden", held, (5, 5))
    few, many = (terms_of(make.connection, form, events, calls=4) for events in (4.0, 40.0))
    assert few.keys() <= many.keys()
    assert all(many[term] >= count for term, count in few.items() if term not in (f"scan_{kind}_bits byte",))


def test_an_unknown_kernel_is_named():
    with pytest.raises(KeyError, match="fc_simd"):
        terms_of(matrix(), "dense", 1.0) and list(
            connection_terms(LibraryConnection(matrix(), "simd", (), 1, "bits", 1, 1.0))
        )


def test_planes_without_a_weight_are_passed_over():
    held = np.zeros((8, 4, 3, 3))
    held[:2] = 1  # of each input channel, two of eight planes
    work = conv("a", "hidden", held, (5, 5)).connection
    work = replace(work, ops=replace(work.ops, planes=work.ops.dense / 4))  # as events meet them
    assert terms_of(work, "dense", events=20.0)["scatter event"] == 20 * 2
    assert terms_of(work, "kernel", events=20.0)["scatter event"] == 20 * 2
