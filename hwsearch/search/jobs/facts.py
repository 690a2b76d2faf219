"""What the last bit of a result may depend on besides its job: versions and code, of the driver and of every worker.

Not for what a run writes of itself; nothing heavy is imported until facts are asked for, since a scheduler, which
computes nothing, imports this too.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache

from hwsearch.errors import Fault
from hwsearch.own_code import code_digest

_LAW = "a worker must have what the driver has, or its results may be others"
_WORDS = {
    "hwsearch": "hwsearch",
    "code": "code of hwsearch, by its digest",
    "torch": "torch",
    "numpy": "numpy",
    "python": "Python",
    "loops": "loops in",
}


@dataclass(frozen=True)
class Facts:
    """What must be the same everywhere, in words.

    Attributes:
        hwsearch: Version.
        code: Digest of the package's code that results depend on.
        torch: Version, without its build: CPU and CUDA builds of one version train alike on a CPU.
        numpy: Version.
        python: Version, two numbers of it.
        loops: ``C`` or ``torch``: what runs the loops of training.
    """

    hwsearch: str
    code: str
    torch: str
    numpy: str
    python: str
    loops: str


@dataclass(frozen=True)
class Worker:
    """What a worker says of itself.

    Attributes:
        facts: To be compared.
        host: The machine.
        threads: Tasks that it would run at a time.
        gpus: That torch can use.
        instructions: Of the processor, the most that torch uses (``AVX2``, ``AVX512``).
    """

    facts: Facts
    host: str
    threads: int
    gpus: int
    instructions: str


@cache
def facts_here() -> Facts:
    """Return the facts of this process."""
    import numpy
    import torch

    import hwsearch
    from hwsearch.native.library import library

    return Facts(
        hwsearch.__version__,
        code_digest(),
        torch.__version__.partition("+")[0],
        numpy.__version__,
        ".".join(platform.python_version_tuple()[:2]),
        "torch" if library() is None else "C",
    )


def worker_here(threads: int) -> Worker:
    """Return what this process says of itself as a worker."""
    import torch

    return Worker(
        facts_here(),
        platform.node(),
        threads,
        torch.cuda.device_count() if torch.cuda.is_available() else 0,
        torch.backends.cpu.get_cpu_capability(),
    )


def differences(theirs: Facts, ours: Facts) -> str:
    """Return in words where facts differ: what they have, and what the driver has; empty: nowhere."""
    pairs = [(_WORDS[f.name], getattr(theirs, f.name), getattr(ours, f.name)) for f in fields(Facts)]
    return ", ".join(f"{what} {there}, the driver has {here}" for what, there, here in pairs if there != here)


def worker_faults(workers: Mapping[str, Worker | BaseException], ours: Facts) -> list[Fault]:
    """Return why workers may not train: a fault of each that may not, by its address.

    Args:
        workers: What each says of itself, or what it failed with when it was asked.
        ours: The facts of the driver.
    """
    faults = []
    for address, worker in sorted(workers.items()):
        where = f"--scheduler: worker {address}"
        if isinstance(worker, BaseException):
            law, got = "a worker must have hwsearch installed", f"{type(worker).__name__}: {worker}"
            faults.append(Fault(where, law, got, "start it in an environment like the driver's"))
            continue
        if differing := differences(worker.facts, ours):
            faults.append(Fault(where, _LAW, differing, "start it in an environment like the driver's"))
        if worker.threads != 1:
            law = "a worker must run one job at a time"
            faults.append(Fault(where, law, f"{worker.threads} threads", "start it with --nthreads 1"))
    return faults


def device_of(wanted: str, workers: Mapping[str, Worker]) -> tuple[str, list[Fault]]:
    """Return what workers train on, and what stands against it.

    Args:
        wanted: ``cpu``, ``cuda``, or ``auto``: GPUs where every worker has one, processors where none has.
        workers: Who trains, by address.
    """
    without = sorted(address for address, worker in workers.items() if not worker.gpus)
    if wanted == "cpu" or (wanted == "auto" and len(without) == len(workers)):
        return "cpu", []
    law = (
        "all workers must train on GPUs, or none" if wanted == "auto" else "cuda needs a GPU on every worker"
    )
    return "cuda", [
        Fault("--device", law, f"worker {address} has none", "give --device cpu, or stop that worker")
        for address in without
    ]


def instruction_words(workers: Mapping[str, Worker]) -> str:
    """Return what is to be said of workers with processors of several kinds; empty: they are of one."""
    kinds = sorted({worker.instructions for worker in workers.values()})
    if len(kinds) < 2:
        return ""
    return f"workers have processors with {' and '.join(kinds)}: the last bits of a result depend on which trained it"
