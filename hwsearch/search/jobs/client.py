"""Dask's client, as a search needs it."""

from __future__ import annotations

from typing import Any

import dask.config
from distributed import Client, Security
from distributed.comm.core import FatalCommClosedError

from hwsearch.errors import Fault, InputError
from hwsearch.search.jobs.scheduler import Scheduler


class _Client(Client):  # type: ignore[misc]  # Dask has no types
    """Dask's client, but one that cannot connect ends its event loop; Dask leaves the thread of it running."""

    def start(self, **options: Any) -> None:
        try:
            super().start(**options)
        except BaseException:
            self._loop_runner.stop()
            raise


def connect(scheduler: Scheduler, timeout_s: float) -> Client:
    """Connect to a scheduler once.

    Raises:
        InputError: Its certificate is not of the authority that is trusted.
        OSError: It cannot be reached in so many seconds.
    """
    security = Security(
        tls_ca_file=str(scheduler.ca),
        tls_client_cert=str(scheduler.cert),
        tls_client_key=str(scheduler.key),
        require_encryption=True,
    )
    # tasks hold what is trained from, so that they outlive a worker: Dask warns of more than 10 MB
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})
    try:
        return _Client(
            scheduler.address,
            security=security if scheduler.secure else None,
            timeout=timeout_s,
            set_as_default=False,
            name="hwsearch",
        )
    except FatalCommClosedError as error:
        law, todo = "it must have signed the scheduler's certificate", "give the ca.pem of the cluster"
        got = f"{scheduler.address}: {error.__cause__ or error}"
        raise InputError([Fault("--tls-ca", law, got, todo, scheduler.ca)]) from None
