"""What runs in a Dask worker. A scheduler imports this as well, so that nothing heavy is imported until it is called.

Tasks and results travel as compressed bytes: the scheduler keeps a task until it is done, and cannot open it.
"""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from typing import TYPE_CHECKING, Any

from distributed.protocol import deserialize_bytes, serialize_bytes

from hwsearch.search.jobs.facts import Facts, Worker, facts_here, worker_here

if TYPE_CHECKING:
    from hwsearch.search.jobs.job import Bench

_LEVEL = 1
"""Of zlib: masks and integers become a tenth, floats nearly nothing less, and higher levels gain little more."""


def pack(value: object) -> bytes:
    """Return a value as compressed bytes, for a worker or the driver."""
    return zlib.compress(serialize_bytes(value, compression=None), _LEVEL)


def unpack(packed: bytes) -> Any:
    """Return what was packed. It is unpickled: only what comes from the own cluster may be given."""
    return deserialize_bytes(zlib.decompress(packed))


async def ask(dask_worker: Any) -> Worker:
    """Return what this worker says of itself, which Dask gives; torch is imported beside its loop of events."""
    return await asyncio.to_thread(worker_here, dask_worker.state.nthreads)


def present() -> bool:
    """Return that this package can be imported: asked of a scheduler."""
    return True


def work(packed: bytes, bench: Bench, expected: Facts) -> bytes | Facts:
    """Run a task in this worker.

    Args:
        packed: The task.
        bench: What it is run on.
        expected: The driver's facts.

    Returns:
        The packed result; this worker's facts where they are others than the driver's, and nothing was run: it came
        when the run had begun.
    """
    if facts_here() != expected:
        return facts_here()
    from hwsearch.train.machine import tune_process

    tune_process()  # a worker's thread has settings of its own
    with _own_gpu() if bench.device == "cuda" else contextlib.nullcontext():
        return pack(unpack(packed)(bench))


def _own_gpu() -> contextlib.AbstractContextManager[object]:
    """Return what makes ``cuda`` this worker's own GPU."""
    import torch

    from hwsearch.search.jobs.gpus import pinned, visible_gpus

    return torch.cuda.device(pinned(visible_gpus()))
