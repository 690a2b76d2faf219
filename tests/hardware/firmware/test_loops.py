"""Turns of each kernel's loops, counted by hand."""

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
    assert terms["fc_dense weight"] == 128
    assert terms["further byte"] == 128 * 2 / 8


@pytest.mark.parametrize("name", ["csr", "delta"])
def test_rows_are_worked_off_by_their_entries(name):
    work = matrix(bits=4)
    terms = terms_of(work, name, events=work.spikes_in, calls=4)
    entries = next(s for s in streams(name, work.census, 4) if s.name == "indices")
    met = work.spikes_in * entries.count / 16
    assert terms[f"fc_{name} weight"] == pytest.approx(met)
    assert terms["byte taken"] == pytest.approx(met * (entries.bits + 4) / 8)


def test_a_bitmap_is_passed_once_a_list_and_looked_up_for_each_output():
    work = matrix()
    terms = terms_of(work, "bitmap", events=16.0, calls=4)
    assert terms["fc_bitmap event"] == 16 * 8
    assert terms["fc_bitmap row"] == pytest.approx(4 * 8, rel=1e-3)
    assert terms["bitmap byte"] == pytest.approx(4 * 16, rel=0.03)  # 8 x 16 bits are 16 bytes
    assert terms["fc_bitmap weight"] == pytest.approx(work.ops.nonzero)


def test_each_slot_of_a_group_is_looked_at():
    held = np.tile([1, 1, 0, 0], (8, 4))
    work = fc("fc1", "hidden", held, 1.0, timesteps=1).connection
    terms = terms_of(work, "nm:4", events=16.0)
    assert terms["fc_nm slot"] == 16 * 8 * 2
    assert terms["fc_nm weight"] == work.ops.nonzero == 16 * 8 / 2


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
    form = {"nm": "nm:4", "block": "block:4"}.get(form, form)
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
