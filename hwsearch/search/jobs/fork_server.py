"""Where worker processes come from: one that has loaded what they need, and is forked for each of them.

Loading torch takes seconds of a core, and workers that are started anew take them each. A process that trains cannot be
forked: its threads hold locks. One that has loaded all and done nothing has no threads but those of libraries that
expect forks (OpenBLAS, jemalloc), which is what Python's ``forkserver`` is for. It may load while this process does,
and ends with it, however that ends. Elsewhere than on Linux workers are started anew: there libraries of the system do
not bear a fork.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import BaseContext

from hwsearch.interrupts import held

_FORKS = sys.platform.startswith("linux")
_LOADED = "hwsearch.search.jobs.loaded"
_PATHS, _SAFE = "PYTHONPATH", "PYTHONSAFEPATH"


def ready() -> BaseContext:
    """Return what starts worker processes; the server is started, unless it runs, and nobody waits until it has loaded.

    Whoever forked workers before has a server that loads nothing: then each worker loads for itself.
    """
    if not _FORKS:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_LOADED])
    with held(), _same_modules():
        forkserver.ensure_running()
    return context


def end() -> None:
    """End the server once all it forked have ended, and wait for that: what they took then counts as this process's."""
    if _FORKS:
        from multiprocessing import forkserver

        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # nothing public ends it


@contextmanager
def _same_modules() -> Iterator[None]:
    """Let a process that is started inside find modules where this one does, and not in the current folder first."""
    before = {name: os.environ.get(name) for name in (_PATHS, _SAFE)}
    os.environ |= {_PATHS: os.pathsep.join(path for path in sys.path if path), _SAFE: "1"}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
