"""What Optuna, SQLAlchemy and a database raise, in words: a wrong input, a state that goes away, or a full disk.

Told apart here and nowhere else: `InputError`, `StorageAway`, `NoResources`. A database that is away is waited for
(`patiently`), with pauses that grow, before a search stops.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy
from optuna.exceptions import StorageInternalError
from sqlalchemy.engine import Engine, ExceptionContext, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from hwsearch.errors import GOES_ON, Fault, InputError, NoResources, StorageAway
from hwsearch.records.storage_url import shown_url, without_passwords
from hwsearch.search.store.address import file_of, refused

Answer = TypeVar("Answer")
_WAIT = "HWSEARCH_STORAGE_WAIT"
_WAIT_S = 60.0
"""How long a storage that is away is waited for: `_WAIT` says otherwise, and ``?timeout=`` in the URL of a file."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_LOCKED = re.compile("database (table |schema )?is locked", re.IGNORECASE)
_FILE_AWAY = re.compile("disk I/O error", re.IGNORECASE)
_FILE_FULL = re.compile("disk is full", re.IGNORECASE)
# of a server's words where it gives no code, as before a connection stands
_SERVER_REFUSES = re.compile(
    "authentication|password|denied|does not exist|unknown database|no pg_hba.conf entry|not known|"
    r"invalid (port|connection|URI|\w+ value)",
    re.IGNORECASE,
)
# Classes and codes of SQL states (PostgreSQL 15, appendix A): the connection; the server stops, starts or has no
# resources; another session holds a lock. They go away.
_AWAY_STATES = ("08", "57P", "53", "55P03", "40")
_DISK_FULL, _READ_ONLY, _NO_RIGHT = "53100", "25006", "42501"
_log = logging.getLogger("hwsearch.storage")


@contextmanager
def storage_words(url: str | None) -> Iterator[None]:
    """Turn what Optuna and SQLAlchemy raise inside into errors of ours, a line each; None: it is in memory.

    Raises:
        InputError: The storage is wrong.
        NoResources: Its disk is full.
        StorageAway: It is locked, or cannot be reached.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        if url is None:
            raise
        raise _told(url, error) from None


def patiently(url: str, do: Callable[[], Answer], again: Callable[[], Answer] | None = None) -> Answer:
    """Return what ``do`` returns, called again with growing pauses for as long as the storage is away.

    Args:
        url: Of the storage.
        do: What is to be done there.
        again: What is to be done instead after it broke off anywhere; None: the same, which makes no difference then.

    Raises:
        StorageAway: It was away for longer than it is waited for.
    """
    pause, since = _FIRST_PAUSE_S, None
    while True:
        try:
            with storage_words(url):
                return do()
        except StorageAway as away:
            now = time.monotonic()
            if since is None:
                since = now
                _log.warning("note: %s; waiting for up to %g s", away.law, patience_s(url))
            left = since + patience_s(url) - now
            if left <= 0:
                raise StorageAway(f"{away.law}, and so for {now - since:.1f} s") from None
            time.sleep(min(pause, left))
            pause, do = min(2 * pause, _LONGEST_PAUSE_S), again or do


def patience_s(url: str) -> float:
    """Return for how many seconds a storage that is away is waited for.

    Raises:
        InputError: ``HWSEARCH_STORAGE_WAIT`` is no number of seconds.
    """
    parsed = make_url(url) if "://" in url else None
    asked = os.environ.get(_WAIT, "")
    if parsed is not None and file_of(parsed) is not None:
        asked = str(parsed.query.get("timeout", asked))
    try:
        seconds = float(asked or _WAIT_S)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise InputError([Fault(_WAIT, "it must be a number of seconds, 0 or more", asked)])
    return seconds


def heed_errors(engine: Engine, url: str) -> None:
    """Have an engine raise `StorageAway` itself, as soon as its database goes away.

    Optuna asks five times for a new trial where SQLAlchemy raises an error of its own: if the answer to a commit got
    lost, that would be one trial too many.
    """

    @sqlalchemy.event.listens_for(engine, "handle_error")
    def tell(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and isinstance(told := _told(url, error), StorageAway | NoResources):
            raise told


def _told(url: str, error: Exception) -> InputError | StorageAway | NoResources:
    """Return in words what Optuna or SQLAlchemy raised."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ else error
    origin = getattr(cause, "orig", None) or cause
    lines = [text.strip() for text in str(origin).splitlines() if text.strip()]
    line = without_passwords(lines[0] if lines else type(cause).__name__, url)
    if file_of(make_url(url)) is not None:
        return _told_of_file(url, line)
    state = str(getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None) or "")
    return _told_of_server(url, line, state, broken=isinstance(cause, OperationalError))


def _told_of_file(url: str, line: str) -> InputError | StorageAway | NoResources:
    """Return in words what SQLite said."""
    file = file_of(make_url(url))
    if _LOCKED.search(line):
        return StorageAway(f"{file}: no other process may keep the storage locked; got {line}")
    if _FILE_FULL.search(line) or _FILE_AWAY.search(line):
        law = "the disk of the storage must have room, and be readable and writable"
        return NoResources(f"{file}: {law}; got {line} (free space on it; {GOES_ON})")
    return refused(url, "the storage must be a database that can be read and written", line)


def _told_of_server(
    url: str, line: str, state: str, *, broken: bool
) -> InputError | StorageAway | NoResources:
    """Return in words what a server said, or what was said of it.

    Args:
        url: Of the storage.
        line: What was said.
        state: Its SQL state; empty: none was given.
        broken: Whether it is an error of the connection rather than of what was asked.
    """
    if state == _DISK_FULL:
        law = "the server of the storage must have room on its disk"
        return NoResources(f"{shown_url(url)}: {law}; got {line} (free space on it; {GOES_ON})")
    if state.startswith(_AWAY_STATES) or (broken and not state and not _SERVER_REFUSES.search(line)):
        return StorageAway(f"{shown_url(url)}: the storage must be reachable; got {line}")
    todo = ""
    if state in (_READ_ONLY, _NO_RIGHT):
        todo = "have its owner grant CREATE and USAGE on the schema, and take no standby"
    elif make_url(url).password is None:
        todo = "give --storage with its password, or set PGPASSWORD or ~/.pgpass"
    return refused(url, "the storage must be a database that can be read and written", line, todo)
