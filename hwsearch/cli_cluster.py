"""Options of a Dask cluster: where its scheduler is, and with what certificates it is spoken to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwsearch.errors import Fault, InputError

if TYPE_CHECKING:
    from hwsearch.search.jobs.scheduler import Scheduler

SchedulerAddress = Annotated[
    str | None,
    typer.Option(help="Train on a Dask cluster: tcp://HOST:PORT or tls://HOST:PORT.", metavar="URL"),
]
TlsCa = Annotated[Path | None, typer.Option(help="With tls://: file of the authority that is trusted (PEM).")]
TlsCert = Annotated[Path | None, typer.Option(help="With tls://: file of the own certificate (PEM).")]
TlsKey = Annotated[Path | None, typer.Option(help="With tls://: file of its key (PEM).")]


def scheduler_of(
    address: str | None, certificates: tuple[Path | None, Path | None, Path | None], workers: int | None
) -> Scheduler | None:
    """Return the scheduler that options name; None: they name none.

    Args:
        address: Of ``--scheduler``.
        certificates: Of ``--tls-ca``, ``--tls-cert`` and ``--tls-key``.
        workers: Of ``--workers``.

    Raises:
        InputError: They name none that can be spoken to, or contradict each other.
    """
    names = ("--tls-ca", "--tls-cert", "--tls-key")
    if address is None:
        law, todo = "certificates are for a cluster", "give --scheduler tls://HOST:PORT with it"
        given = [name for name, path in zip(names, certificates, strict=True) if path is not None]
        if given:
            raise InputError([Fault(name, law, "no --scheduler", todo) for name in given])
        return None
    from hwsearch.search.jobs.scheduler import Scheduler

    found = Scheduler(address, *certificates)
    faults = []
    if workers is not None:
        law = "a cluster has the workers that were started for it"
        faults = [Fault("--workers", law, f"{workers} and {address}", "leave --workers or --scheduler out")]
    try:
        found.check()
    except InputError as error:
        faults += error.faults
    if faults:
        raise InputError(faults)
    return found
