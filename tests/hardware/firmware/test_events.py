"""Events in lists and channels, against counting and drawing."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv, fc, mlp

from hwsearch.export.c.kernels import Use
from hwsearch.export.c.render import kernel_files
from hwsearch.graph.graph import Pooling
from hwsearch.hardware.arrivals import LIST_EVENTS
from hwsearch.hardware.firmware.events import bits_looked_at, further_bytes, listed, lists_of
from hwsearch.hardware.firmware.program import LibraryConnection


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


@pytest.mark.parametrize("n", [96, 101])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_bits_looked_at_are_those_of_a_scan(n, rate):
    drawn, looked, passed = np.random.default_rng(1).random((200, n)) < rate, 0, 0
    for spikes in drawn:
        i = 0
        while i < n:  # as the scan's loop
            if spikes[i : (i | 7) + 1].any():
                looked, i = looked + 1, i + 1
            else:
                passed, i = passed + 1, (i | 7) + 1
    bits, rest = bits_looked_at(wide(n, events=n * rate))
    assert bits == pytest.approx(looked / 200, rel=0.03, abs=1)
    assert rest == pytest.approx(passed / 200, rel=0.03, abs=1)


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
