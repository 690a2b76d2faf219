"""Settings of the process that training is faster with, and why each.

One torch thread: two threads in each of two processes wait for each other and are slower than one thread in each;
stacks use the cores by processes instead. malloc: glibc gives every large tensor fresh pages from the kernel and takes
them back; keeping them in the process saves the page faults (up to half the time of nets with large maps; Linux and
glibc only). What is kept must not grow for ever: tensors of ever other sizes leave holes that fit no other, which are
given back every few steps (`give_back_holes`). Slices: where more processes train than there are cores, each switch
throws away what the last one had in the core's cache; with slices of 3 ms that costs a tenth to a fifth of the time,
with slices of 100 ms nothing that could be measured (Linux 6.12 on: P. Zijlstra, "sched/eevdf: Use
sched_attr::sched_runtime to set request/slice suggestion", 2024). Others, who ask for shorter slices, still get the
core soon after they wake.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from functools import cache
from types import TracebackType

import torch

_MOST_IDLE = 256 << 20  # bytes of a heap that may lie idle
_SLICE_NS = 100_000_000  # the longest that Linux gives
_CALLS = {"x86_64": (315, 314), "aarch64": (275, 274), "riscv64": (275, 274)}
"""Numbers of Linux's ``sched_getattr`` and ``sched_setattr``, by machine."""
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def tune_process() -> None:
    """Set up a process that does nothing but train."""
    torch.set_num_threads(1)
    keep_freed_memory()
    take_long_slices()


def yield_to_others() -> None:
    """Let this process compute only while no other one wants its core (elsewhere than on Linux: hardly otherwise)."""
    if hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):  # a sandbox may not allow it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    if hasattr(os, "nice"):
        os.nice(19)


class _SchedAttr(ctypes.Structure):
    """Linux's ``struct sched_attr``, in its first version; of an ordinary thread ``runtime`` is its slice."""

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    ]


def take_long_slices() -> bool:
    """Ask Linux to let the calling thread compute for long before another one's turn; return whether it does.

    Kernels before 6.12 know no slices of a thread's own and take no notice.
    """
    calls = _CALLS.get(platform.machine()) if sys.platform.startswith("linux") else None
    if calls is None:
        return False
    read, write = calls
    syscall = ctypes.CDLL(None).syscall
    attr = _SchedAttr()
    if syscall(read, 0, ctypes.byref(attr), ctypes.sizeof(attr), 0) or attr.policy != 0:
        return False  # a real-time thread, say, which is somebody's choice
    attr.runtime = _SLICE_NS
    if syscall(write, 0, ctypes.byref(attr), 0):
        return False
    found = _SchedAttr()
    return not syscall(read, 0, ctypes.byref(found), ctypes.sizeof(found), 0) and found.runtime == _SLICE_NS


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory for the next tensor; return whether it accepted."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # musl has neither
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 64 << 20))
    accepted = [mallopt(option, value) for option, value in settings]
    return all(accepted)


class _MallInfo(ctypes.Structure):
    """What glibc's ``mallinfo2`` says of the heap; ``fordblks``: bytes that are free in it."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


def give_back_holes() -> bool:
    """Give freed memory back to the system where much lies idle; return whether that was so."""
    heap = _heap()
    if heap is None or heap.mallinfo2().fordblks < _MOST_IDLE:
        return False
    return bool(heap.malloc_trim(0))


@cache
def _heap() -> ctypes.CDLL | None:
    """Return glibc; None where there is none, or one before 2.33."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallinfo2.restype = _MallInfo
    except (OSError, AttributeError):
        return None
    return libc


class OneThread:
    """Run torch on one thread, and put the number back."""

    def __enter__(self) -> None:
        self._threads = torch.get_num_threads()
        torch.set_num_threads(1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        torch.set_num_threads(self._threads)
