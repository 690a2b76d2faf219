"""A private PostgreSQL server: a cluster of its own in a temporary folder, stopped, started and cut off at will.

It listens on a free port of this machine and asks for a password. Run by root, it is started as the user ``postgres``
(or ``nobody``): the server refuses to run as root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

USER = "ann"
PASSWORD = "s3cret%word"  # what has to be quoted in a URL is in it on purpose
QUOTED = "s3cret%25word"
# quick where the machine itself never fails: what is committed survives a crash of the server all the same
_SETTINGS = """
fsync = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 40
"""


def binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl, the newest; None where PostgreSQL is not installed."""
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda path: float(path.parent.name), default=None)


@dataclass
class PostgresServer:
    """A server; use it as a context manager, so that it ends and its files go.

    Attributes:
        bin: Folder of PostgreSQL's programs.
        port: Where it listens on 127.0.0.1; the same after a stop and a start.
    """

    bin: Path
    port: int = 0
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="hwsearch-pg-")))
    _guard: subprocess.Popen[bytes] = field(init=False)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def __enter__(self) -> PostgresServer:
        self.port = self.port or _free_port()
        # ends the server when this process does, however it ends: a pipe to it closes then
        end = 'read _; kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"; rm -rf "$0"'
        self._guard = subprocess.Popen(
            ["sh", "-c", end, str(self.folder)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._owned(self.folder)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        self._owned(secret)
        self._do(
            "initdb", "-D", self.data, "-U", USER, "--pwfile", secret, "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(f"{_SETTINGS}port = {self.port}\nunix_socket_directories = '{self.folder}'\n")
            settings.write("listen_addresses = '127.0.0.1'\n")
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._guard.communicate(timeout=60)

    @property
    def data(self) -> Path:
        """Folder of the cluster."""
        return self.folder / "data"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._do("pg_ctl", "-D", self.data, "-l", self.folder / "server.log", "-w", "-t", "30", "start")

    def start_if_stopped(self) -> None:
        """Start it unless it runs."""
        if not (self.data / "postmaster.pid").exists():
            self.start()

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends every session; ``immediate`` is a crash, from which it recovers at its start."""
        if (self.data / "postmaster.pid").exists():
            self._do("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", "30", "stop")

    def url(self, database: str, password: str | None = QUOTED) -> str:
        """Return the URL of a database; password: as a URL spells it, None: without."""
        secret = "" if password is None else f":{password}"
        return f"postgresql+psycopg://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """Create an empty database; return its URL."""
        name = f"db{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name}", "postgres")
        return self.url(name)

    def sql(self, text: str, database: str) -> str:
        """Return what psql answers to a statement."""
        return self._do(
            "psql", "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database, "-c", text
        )

    def _do(self, program: str, *args: object) -> str:
        """Run one of PostgreSQL's programs as the server's user; return what it says."""
        as_user = (
            {} if os.geteuid() else {"user": _user().pw_uid, "group": _user().pw_gid, "extra_groups": []}
        )
        # into a file: a server that is started would hold a pipe open for as long as it runs
        with (self.folder / "out").open("w") as out:
            done = subprocess.run(
                [str(self.bin / program), *map(str, args)], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=os.environ | {"PGPASSWORD": PASSWORD, "LC_ALL": "C"}, timeout=60,
                check=False, **as_user,
            )  # fmt: skip
        said = (self.folder / "out").read_text(errors="replace")
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {said}")
        return said

    def _owned(self, path: Path) -> None:
        """Give a path to the server's user."""
        if not os.geteuid():
            os.chown(path, _user().pw_uid, _user().pw_gid)


def _user() -> pwd.struct_passwd:
    """Return whom the server is run as where root runs the tests."""
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
