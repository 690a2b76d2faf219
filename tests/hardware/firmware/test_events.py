"""Events in lists and channels, against counting and drawing."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv, fc, mlp
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.export.c.kernels import Use
from hwsearch.export.c.render import kernel_files
from hwsearch.graph.graph import Pooling
from hwsearch.hardware.firmware.events import bits_looked_at, further_bytes, listed, lists_of
from hwsearch.hardware.firmware.program import LIST_EVENTS, LibraryConnection


def library_connection(work, events, calls=1.0, scan="bits"):
    return LibraryConnection(work, "dense", (), 1, scan, calls, events)


def wide(n_in, events, calls=1.0):
    return library_connection(fc("fc", "hidden", np.ones((2, n_in))).connection, events, calls)


def test_a_list_holds_what_the_library_says():
    assert f"#define SNNK_EVENTS {LIST_EVENTS}u" in kernel_files(Use())["snn_kernels.h"]


def test_few_events_are_one_list_a_call():
    lists = lists_of(wide(100, events=6.0, calls=3.0))
    assert lists.all == pytest.approx(3.0, abs=1e-6)
    assert lists.filled < lists.all  # a call may find nothing
    assert lists_of(wide(100, events=0.0)).groups == 0.0


def test_certain_events_fill_lists_exactly():
    lists = lists_of(wide(96, events=96.0))
    assert lists.all == pytest.approx(4)  # three full ones, and one that finds the end
    assert lists.groups == pytest.approx(1 + 3 * (1 - 1 / 96))


@pytest.mark.parametrize(("n", "rate"), [(40, 0.9), (200, 0.3), (784, 0.2), (64, 0.05)])
def test_lists_are_those_of_drawn_events(n, rate):
    drawn = np.random.default_rng(0).binomial(n, rate, 20_000)
    lists = lists_of(wide(n, events=n * rate))
    assert lists.all == pytest.approx((drawn // LIST_EVENTS + 1).mean(), rel=0.02)
    assert lists.filled == pytest.approx(np.ceil(drawn / LIST_EVENTS).mean(), rel=0.06)


def test_runs_of_channels_are_those_of_drawn_events():
    rng = np.random.default_rng(0)
    work = conv("conv", "hidden", np.ones((2, 6, 3, 3)), (5, 5)).connection
    runs = []
    for _ in range(2_000):
        channels = np.nonzero(rng.random((6, 25)) < 0.3)[0]
        parts = [channels[i : i + LIST_EVENTS] for i in range(0, len(channels), LIST_EVENTS)]
        runs.append(sum(len(np.unique(part)) for part in parts))
    assert lists_of(library_connection(work, 45.0)).groups == pytest.approx(np.mean(runs), rel=0.03)


@given(st.floats(0.0, 1.0))
def test_bits_looked_at_are_those_of_a_scan(rate):
    rng, n = np.random.default_rng(1), 800
    spikes = rng.random((50, n // 8, 8)) < rate
    turns = [
        (0, 1) if not byte.any() else (last := int(np.nonzero(byte)[0][-1]) + 1, int(last < 8))
        for byte in spikes.reshape(-1, 8)
    ]
    looked, passed = (sum(each) / 50 for each in zip(*turns, strict=True))
    bits, rest = bits_looked_at(wide(n, events=n * rate))
    assert bits == pytest.approx(looked, rel=0.1, abs=8)
    assert rest == pytest.approx(passed, rel=0.1, abs=8)


def test_fields_that_cross_a_byte():
    assert [further_bytes(bits) for bits in (0, 1, 2, 4, 8)] == [0, 0, 0, 0, 0]
    assert further_bytes(3) == 2 / 8  # of its eight beginnings those at bits 6 and 7
    assert further_bytes(6) == 2 / 4  # beginnings 0, 2, 4, 6: 4 and 6 cross
    assert further_bytes(16) == 1


def test_a_pooled_sum_is_one_event_and_a_late_readout_looks_at_its_own_timesteps():
    workload = mlp((16, 4), timesteps=4)
    c = replace(workload.connections[0], spikes_in=32.0)
    assert listed(c, workload, 4) == 32.0
    assert listed(c, workload, 1) == 8.0
    pooled = replace(c, pooling=Pooling((2, 2), "sum"))
    assert listed(pooled, workload, 4) == pytest.approx(64 * (1 - (1 - 32 / 256) ** 4))
