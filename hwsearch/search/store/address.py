"""The URL of a storage: what it means, whether it is one, and how one is refused, its password in no message."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from hwsearch.errors import Fault, InputError
from hwsearch.records.storage_url import SECRET, shown_url, without_passwords

_DRIVERS = {
    "psycopg": "pip install 'hwsearch[postgres]'",
    "psycopg2": "write postgresql+psycopg://, and pip install 'hwsearch[postgres]'",
}


def parsed_url(url: str) -> URL:
    """Return a storage's URL in parts.

    Raises:
        InputError: It is none, its dialect or driver is missing, or it is no file where it has to be one.
    """
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
        url.format(SCHEMA_VERSION="")  # Optuna fills this in
    except ImportError as error:
        law, missing = "the driver of a storage must be installed", str(error.name or error)
        todo = _DRIVERS.get(missing, "install it, or choose another storage")
        raise refused(url, law, f"{shown_url(url)}: no {missing}", todo) from None
    except (ArgumentError, ValueError, LookupError) as error:
        law = "a storage must be a URL of a database that SQLAlchemy knows"
        got = f"{shown_url(url)}: {without_passwords(str(error).splitlines()[0], url)}"
        todo = "for example sqlite:///study.db, or postgresql+psycopg://USER@HOST/DATABASE"
        raise InputError([Fault("--storage", law, got, todo)]) from None
    _check_parts(url, parsed)
    return parsed


def file_of(parsed: URL) -> Path | None:
    """Return the file of an SQLite URL; None: it is none, or in memory."""
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def without_secrets(parsed: URL) -> str:
    """Return a URL without passwords, its file by its whole path: equal for two ways to write one storage."""
    query = {name: value for name, value in parsed.query.items() if not SECRET.search(name)}
    file = file_of(parsed)
    database = parsed.database if file is None else str(file.resolve())
    bare = URL.create(parsed.drivername, parsed.username, None, parsed.host, parsed.port, database, query)
    return bare.render_as_string(hide_password=False)


def refused(url: str, law: str, got: str, todo: str = "") -> InputError:
    """Return the refusal of a storage, by its file or as the option."""
    file = None if "://" not in url or not url.startswith("sqlite") else file_of(make_url(url))
    where = "--storage" if file is None else ""
    return InputError([Fault(where, law, without_passwords(got, url), todo, file)])


def _check_parts(url: str, parsed: URL) -> None:
    """Refuse a URL that means something else than whoever wrote it will have meant.

    Raises:
        InputError: Why.
    """
    if parsed.get_backend_name() != "sqlite":
        if "@" in (parsed.host or ""):  # the rest of a password
            law = "an @, : or / in a password must be written with its number"
            raise InputError([Fault("--storage", law, shown_url(url), "%40, %3A or %2F")])
        return
    if file_of(parsed) is None:
        raise InputError([Fault("--storage", "an SQLite storage must be a file", url, "sqlite:///FILE")])
    # read here, since SQLAlchemy passes over a name without a value, and with it over the end of a file's name
    asked = [text.partition("=")[::2] for text in url.partition("?")[2].split("&") if text]
    wrong = [name for name, value in asked if name != "timeout" or not _is_seconds(value)]
    if wrong or len(asked) > 1:
        # whatever else Python's sqlite3 takes would change what a name means, or whether what is written stays
        law = "what follows the ? of an SQLite storage must be timeout=SECONDS"
        todo = "a ? in the name of a file is written %3F"
        raise InputError([Fault("--storage", law, url.partition("?")[2], todo)])


def _is_seconds(text: str) -> bool:
    try:
        return 0 <= float(text) < float("inf")
    except ValueError:
        return False
