"""Where a Dask cluster's scheduler is, and the certificates that it is spoken to with. Nothing is opened here."""

from __future__ import annotations

import importlib.util
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from hwsearch.errors import Fault, InputError

_ADDRESS = re.compile(r"(?P<protocol>tcp|tls)://(?P<host>\[[0-9a-fA-F:.%]+\]|[\w.-]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Scheduler:
    """A scheduler.

    Attributes:
        address: ``tcp://HOST:PORT`` or ``tls://HOST:PORT``.
        ca: File of the authority whose certificates are trusted (PEM); with ``tls://``, as are the others.
        cert: File of the own certificate.
        key: File of its key.
    """

    address: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Refuse what cannot be spoken to.

        Raises:
            InputError: The address is none, certificates are missing or too many, or Dask is not installed.
        """
        faults = [*self._address_faults(), *self._file_faults()]
        if importlib.util.find_spec("distributed") is None:
            law, todo = "a cluster needs Dask", "install hwsearch[cluster]"
            faults.append(Fault("--scheduler", law, "no distributed", todo))
        if faults:
            raise InputError(faults)

    @property
    def secure(self) -> bool:
        """Whether it is spoken to with certificates."""
        return self.address.startswith("tls://")

    def _address_faults(self) -> list[Fault]:
        match = _ADDRESS.fullmatch(self.address)
        if match is not None and 0 < int(match["port"]) < 2**16:
            return []
        law = "a scheduler must be tcp://HOST:PORT or tls://HOST:PORT"
        return [Fault("--scheduler", law, repr(self.address), "`dask scheduler` prints its address")]

    def _file_faults(self) -> list[Fault]:
        given = {"--tls-ca": self.ca, "--tls-cert": self.cert, "--tls-key": self.key}
        if not self.secure:
            law, todo = "certificates are for tls://", "give the scheduler as tls://HOST:PORT"
            return [Fault(name, law, self.address, todo) for name, path in given.items() if path is not None]
        law = "tls:// needs a file of the authority, the own certificate and its key"
        faults = [Fault(name, law, "none") for name, path in given.items() if path is None]
        law = "it must be a file that can be read"
        faults += [
            Fault(name, law, "no file", path=path)
            for name, path in given.items()
            if path is not None and not path.is_file()
        ]
        return faults or self._pem_faults()

    def _pem_faults(self) -> list[Fault]:
        """Return what is wrong with files that are all there."""
        assert self.ca is not None
        assert self.cert is not None
        faults, context = [], ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(self.ca)
        except OSError as error:  # ssl's errors are among them
            faults.append(Fault("--tls-ca", "it must be a certificate (PEM)", str(error), path=self.ca))
        try:
            # an empty password: nobody is asked for one on a terminal
            context.load_cert_chain(self.cert, self.key, password="")
        except OSError as error:
            law = "it must be a certificate (PEM), with its key in --tls-key, without a password"
            faults.append(Fault("--tls-cert", law, str(error), path=self.cert))
        return faults
