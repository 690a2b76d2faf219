"""The jobs of `benchmarks.cluster`: a rung's, and such that compute nothing, but send and give what is as large.

What a job gives is made by the worker: trained once, in each process, and kept. Sent along with the job it would be
packed by the driver, which has no such work in a search.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from hwsearch.compress.masks import prune
from hwsearch.measure.measured import Measured
from hwsearch.network.params import Ticket, initial_params
from hwsearch.plan.plan import make_plan
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.study.model import load_study
from hwsearch.train.loop import Schedule

STUDY = Path("studies/digits_mcu.yaml")
_KEPT: dict[int, list[Measured]] = {}
_TRAINING = threading.Lock()


def bench_of_study() -> Bench:
    plan = make_plan(load_study(STUDY), STUDY)
    return Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)


def job_of_study(epochs: int, candidates: int = 4) -> Job:
    """Return a stack of candidates of the study's network, four at most, as a rung's is."""
    plan = make_plan(load_study(STUDY), STUDY)
    params = initial_params(plan.spec, 0)
    cuts = [("weight", 0.9, 4), ("weight", 0.5, 2), ("nm:4", 0.75, 8), ("channel", 0.5, 4)]
    tickets = tuple(
        Ticket(
            params,
            tuple(prune(plan.spec.connections, params.weights, kind, share)),
            (bits,) * len(params.weights),
        )
        for kind, share, bits in cuts[:candidates]
    )
    train = plan.study.train
    return Job(
        tickets,
        max(plan.space.timesteps),
        Schedule(epochs, train.batch_size, train.learning_rate),
        0,
        keep_params=True,
    )


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
