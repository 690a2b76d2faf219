"""What the process loads that workers are forked from (`fork_server`), which alone imports this.

It is killed when the one that started it ends, also while it still loads. What cannot be loaded, for lack of memory
say, is left to workers: they tell.
"""

import contextlib
import ctypes
import signal

from hwsearch.loading import kept

_PR_SET_PDEATHSIG = 1  # prctl(2)

with contextlib.suppress(Exception), kept():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    import hwsearch.search.jobs.pool  # noqa: F401
