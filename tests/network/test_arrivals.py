"""Events by calls, lists and channels, counted by hand and against a scan."""

import numpy as np
import torch

from hwsearch.hardware.arrivals import LIST_EVENTS
from hwsearch.network.arrivals import count_arrivals


def test_a_timestep_without_events_has_one_list_and_it_is_empty():
    received = torch.zeros(1, 2, 1, 40)
    received[0, 1, 0, :33] = 1.0  # in the second timestep one list is full, another has one event
    assert count_arrivals(received, False).tolist() == [[33, 3, 2, 2]]


def test_each_channel_of_a_list_is_a_run():
    received = torch.zeros(1, 1, 1, 3, 5, 8)
    received[0, 0, 0, 0, 0] = 7.0  # 8 events; a value is an event, however large
    received[0, 0, 0, 2] = 1.0  # 40 events: 24 in the first list, 16 in the second
    assert count_arrivals(received, True).tolist() == [[48, 2, 2, 3]]
    assert count_arrivals(received.flatten(3), False).tolist() == [[48, 2, 2, 2]]


def test_events_fall_as_a_scan_lists_them():
    held = np.random.default_rng(0).random((1, 3, 4, 5, 6, 7)) < 0.4
    runs = 0
    for call in held.reshape(-1, 5, 42):
        channels = np.nonzero(call)[0]
        runs += sum(
            len(np.unique(channels[i : i + LIST_EVENTS])) for i in range(0, len(channels), LIST_EVENTS)
        )
    (found,) = count_arrivals(torch.from_numpy(held), True)
    assert found[0] == held.sum() / 4
    assert found[3] == runs / 4
