"""Jobs that compute nothing, for `benchmarks.cluster`: what they send and what they give is as large as a rung's.

What a job gives is made by the worker: trained once, in each process, and kept. Sent along with the job it would be
packed by the driver, which has no such work in a search.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from hwsearch.measure.measured import Measured
from hwsearch.search.jobs.job import Bench, Job, run_job

_KEPT: dict[int, list[Measured]] = {}
_TRAINING = threading.Lock()


def nothing(bench: Bench, job: Job) -> list[Measured]:
    """Return what such a job gives, by its number of candidates."""
    size = len(job.tickets)
    with _TRAINING:
        if size not in _KEPT:
            _KEPT[size] = run_job(bench, replace(job, schedule=replace(job.schedule, epochs=1)))
    return _KEPT[size]


def sleep(bench: Bench, job: Job, seconds: float) -> list[Measured]:
    """Take so long, and return what such a job gives."""
    time.sleep(seconds)
    return nothing(bench, job)
