"""Settings of a process that trains, put back where they are not its own."""

import platform
import subprocess
import sys

import pytest
import torch

from hwsearch.train import machine
from hwsearch.train.machine import OneThread, keep_freed_memory, take_long_slices


def fails_on(threads):
    """Fail in ``OneThread``, having noted the number of threads."""
    with OneThread():
        threads.append(torch.get_num_threads())
        raise ZeroDivisionError


def test_the_number_of_threads_is_put_back_even_after_a_fault():
    before, within = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        with pytest.raises(ZeroDivisionError):
            fails_on(within)
        assert (within, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)


def test_only_glibc_is_told_to_keep_memory(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    assert keep_freed_memory() is False
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine.ctypes, "CDLL", lambda name: object())  # without mallopt
    assert keep_freed_memory() is False


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
def test_a_process_that_only_trains():
    code = (
        "import torch; from hwsearch.train.machine import tune_process; torch.set_num_threads(2)\n"
        "tune_process(); print(torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
def test_holes_of_the_heap_are_given_back():
    code = (
        "import torch; from hwsearch.train.machine import give_back_holes, tune_process\n"
        "resident = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "tune_process(); print(give_back_holes())\n"
        "tensors = [torch.ones(1_000_000) for _ in range(400)]; del tensors[:-1]\n"
        "before = resident(); print(give_back_holes()); print(before - resident())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    little, much, given_back = done.stdout.split()
    assert (little, much) == ("False", "True")
    assert int(given_back) > 1_000_000_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")
def test_a_thread_that_trains_keeps_its_core_for_long_and_its_priority():
    code = (
        "import os, threading; from hwsearch.train.machine import take_long_slices\n"
        "nice, taken = os.nice(5), []\n"
        "thread = threading.Thread(target=lambda: taken.append(take_long_slices())); thread.start(); thread.join()\n"
        "print(taken[0], take_long_slices(), os.nice(0) == nice, os.sched_getscheduler(0) == os.SCHED_OTHER)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version = tuple(int(part) for part in platform.release().split(".")[:2])
    known = version >= (6, 12) and platform.machine() in machine._CALLS
    assert done.stdout.split() == [str(known), str(known), "True", "True"]


@pytest.mark.parametrize(("system", "kind"), [("darwin", "x86_64"), ("linux", "s390x")])
def test_other_systems_and_machines_are_left_alone(monkeypatch, system, kind):
    monkeypatch.setattr(machine.sys, "platform", system)
    monkeypatch.setattr(machine.platform, "machine", lambda: kind)
    monkeypatch.setattr(machine.ctypes, "CDLL", lambda name: pytest.fail("asked"))
    assert take_long_slices() is False


def test_where_idle_time_cannot_be_asked_for_the_lowest_priority_is(monkeypatch):
    asked = []

    def refused(*given):
        raise PermissionError

    monkeypatch.setattr(machine.os, "sched_setscheduler", refused, raising=False)
    monkeypatch.setattr(machine.os, "nice", asked.append, raising=False)
    machine.yield_to_others()
    assert asked == [19]
