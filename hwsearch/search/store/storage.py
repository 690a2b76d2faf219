"""Where a search is kept: its Optuna storage, opened with care, and every fault of it in words.

A run folder remembers its storage (``storage.json``), without a password, so that whoever reads the run finds it. What
Optuna and SQLAlchemy raise is told apart here, and nowhere else: a wrong input (`InputError`), or a state that goes
away (`StorageAway`). Reading creates nothing. Not for what the search keeps there (`propose`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage, get_storage
from optuna.storages._rdb import models
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from hwsearch.errors import Fault, InputError, StorageAway
from hwsearch.records.files import write_text
from hwsearch.records.run_folder import RunFolder

_DIGEST = "hwsearch:study_digest"
_PATIENCE_S = 60.0
"""How long a locked SQLite file is waited for; ``?timeout=`` in a URL goes before it."""
_TABLES = {*models.BaseModel.metadata.tables, "alembic_version"}
_SECRET = re.compile("pass|pwd|secret|token", re.IGNORECASE)
_LOCKED = re.compile("database (table )?is locked", re.IGNORECASE)
_FILE_AWAY = re.compile("disk I/O error|disk is full", re.IGNORECASE)
_SERVER_REFUSES = re.compile("authentication|password|denied|does not exist|unknown database", re.IGNORECASE)
_GOES_ON = "nothing finished is lost: the same line goes on"


@dataclass(frozen=True)
class Place:
    """Where a folder's search is kept.

    Attributes:
        url: Of the storage.
        name: Of its Optuna study there: what the study was called at first.
        inside: Whether it is the file in the run folder.
        elsewhere: The storage that the folder remembers, where another one was asked for; empty otherwise.
    """

    url: str
    name: str
    inside: bool
    elsewhere: str = ""


def place_of(folder: RunFolder, study_name: str, storage: str | None = None) -> Place:
    """Return where a run folder's search is kept, or is to be kept.

    Args:
        folder: The run's.
        study_name: Name of the study, for a folder that remembers none.
        storage: URL that was asked for; None: the one that the folder remembers, else a file in the folder.

    Raises:
        InputError: The URL is none, or what the folder remembers cannot be read.
    """
    inside_url, remembered = folder.storage, _remembered(folder)
    known = remembered.get("url") or (inside_url if folder.database.exists() else "")
    url = storage or known or inside_url
    asked, inside = _without_secrets(_parsed(url)), url == inside_url
    if not inside and asked == _without_secrets(make_url(inside_url)):
        url, inside = inside_url, True
    elsewhere = known if known and _without_secrets(make_url(known)) != asked else ""
    return Place(url, remembered.get("study") or study_name, inside, elsewhere)


def remember(folder: RunFolder, place: Place, name: str) -> None:
    """Write where a folder's search is kept: without a password, and a file outside the folder by its whole path."""
    url = None if place.inside else _without_secrets(make_url(place.url))
    write_text(folder.storage_place, json.dumps({"url": url, "study": name}, indent=1))


def check_place(place: Place, digest: str) -> None:
    """Refuse a storage that cannot be used for a search, before anything is written; nothing is created.

    Args:
        place: Where.
        digest: Of the plan.

    Raises:
        InputError: It cannot be used, holds another search, or is not the one that the folder's search is in.
        StorageAway: It is locked or cannot be reached.
    """
    parsed = _parsed(place.url)
    file, held = _file_of(parsed), dict[str, Any]()
    if file is not None and not place.inside:
        _check_writable(place.url, file)
    if file is None or file.exists():
        with storage_words(place.url):
            if not _is_new(place.url, parsed):
                held = _studies(_opened(place.url, parsed))
    name = _find(place.url, held, place.name, digest)
    if name is None and place.elsewhere:
        law, todo = (
            "a run folder keeps its search in one storage",
            "leave --storage out, or choose another --out",
        )
        got = f"{_shown(place.url)}, the search is in {_shown(place.elsewhere)}"
        raise InputError([Fault("--storage", law, got, todo)])
    if name is None and place.inside and held:
        law = "a run folder holds one study, of the data as they were"
        todo = "choose another --out, or put the study and its data back"
        raise InputError([Fault("", law, f"another than {', '.join(held)}, or changed data", todo, file)])


def open_study(url: str, name: str, digest: str, n_objectives: int) -> optuna.Study:
    """Open the Optuna study of a search, or create it.

    It is the one of that name, else the one with the same digest: the study may have been renamed.

    Raises:
        InputError: The storage cannot be used, or holds another search under this name.
        StorageAway: It is locked or cannot be reached.
    """
    parsed = _parsed(url)
    with storage_words(url):
        new = _is_new(url, parsed)
        storage = _opened(url, parsed, create=new)
        found = _find(url, {} if new else _studies(storage), name, digest)
        study = optuna.create_study(
            storage=storage,
            study_name=found or name,
            directions=["minimize"] * n_objectives,
            load_if_exists=True,
        )
        if study.user_attrs.get(_DIGEST) is None:
            study.set_user_attr(_DIGEST, digest)
        return study


def read_study(url: str, name: str) -> optuna.Study:
    """Return the Optuna study of a search that is there; nothing is created.

    Raises:
        InputError: The storage cannot be used, or does not hold the search.
        StorageAway: It is locked or cannot be reached.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    parsed = _parsed(url)
    file = _file_of(parsed)
    missing = _fault(
        url, "the storage must hold the search", f"no {name}", "give --storage if it is elsewhere"
    )
    if file is not None and not file.exists():
        raise missing
    with storage_words(url):
        if _is_new(url, parsed):
            raise missing
        storage = _opened(url, parsed)
        if name not in _studies(storage):
            raise missing
        return optuna.load_study(study_name=name, storage=storage)


@contextmanager
def storage_words(url: str | None) -> Iterator[None]:
    """Turn what Optuna and SQLAlchemy raise inside into errors of ours, a line each; None: it is in memory.

    Raises:
        InputError: The storage is wrong.
        StorageAway: It is locked, or cannot be reached.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        if url is None:
            raise
        raise _told(url, error) from None


def _remembered(folder: RunFolder) -> Mapping[str, str]:
    """Return url (empty: in the folder) and study of ``storage.json``; nothing where there is none."""
    if not folder.storage_place.exists():
        return {}
    try:
        values = json.loads(folder.storage_place.read_text(encoding="utf-8"))
        return {"url": str(values["url"] or ""), "study": str(values["study"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        law = "the file must say where the search is kept (url, study)"
        todo = "delete it, and give --storage if the search is kept elsewhere"
        raise InputError([Fault("", law, repr(error), todo, folder.storage_place)]) from None


def _studies(storage: BaseStorage) -> dict[str, Any]:
    """Return the digest of every study in a storage, by name; None where it was created and not yet begun."""
    return {study.study_name: study.user_attrs.get(_DIGEST) for study in storage.get_all_studies()}


def _check_writable(url: str, file: Path) -> None:
    """Refuse a file that SQLite could not create or write."""
    law = "an SQLite storage must be a file in a folder that exists, and both must be writable"
    if not file.parent.is_dir() or file.is_dir():
        got = f"no folder {file.parent}" if not file.is_dir() else "a folder"
        raise _fault(url, law, got, "create the folder, or choose another file")
    if not all(os.access(path, os.W_OK) for path in (file.parent, file) if path.exists()):
        raise _fault(url, law, "no permission", "change it, or choose another file")


def _find(url: str, held: Mapping[str, Any], name: str, digest: str) -> str | None:
    """Return what the study of a digest is called in a storage; None: it is not there.

    Raises:
        InputError: Another study has its name.
    """
    if name in held and held[name] not in (None, digest):
        law = "a storage holds one study of a name, and this one or its data have changed since (or hwsearch has)"
        todo = "choose another --out or --storage, or put the study back"
        raise _fault(url, law, f"{name}: {digest}, there it is {held[name]}", todo)
    return name if name in held else next((title for title, other in held.items() if other == digest), None)


def _opened(url: str, parsed: URL, *, create: bool = False) -> BaseStorage:
    """Return the storage of a checked URL.

    Raises:
        InputError: Its tables are those of another Optuna.
    """
    try:
        storage = RDBStorage(url, engine_kwargs=_engine_settings(parsed), skip_table_creation=not create)
    except RuntimeError as error:
        raise _fault(url, "the storage must be one of this Optuna", str(error)) from None
    return get_storage(storage)  # as Optuna does with a URL: finished trials are read once


def _is_new(url: str, parsed: URL) -> bool:
    """Return whether a database is empty, or Optuna was cut off when it created its tables.

    Raises:
        InputError: It holds something else, or what an Optuna wrote that nobody can read any more.
    """
    law = "the storage must be a database of Optuna's, or an empty one"
    engine = sqlalchemy.create_engine(parsed, **_engine_settings(parsed))
    try:
        tables = set(sqlalchemy.inspect(engine).get_table_names())
        if strange := sorted(tables - _TABLES):
            raise _fault(url, law, f"a table {strange[0]}", "choose another")
        if "version_info" not in tables:
            return True
        with engine.connect() as connection:
            version = connection.execute(sqlalchemy.text("SELECT schema_version FROM version_info")).scalar()
    finally:
        engine.dispose()
    if version not in (None, models.SCHEMA_VERSION):
        got = f"schema {version}, this Optuna ({optuna.__version__}) has {models.SCHEMA_VERSION}"
        raise _fault(url, law, got, "choose another")
    return version is None


def _engine_settings(parsed: URL) -> dict[str, Any]:
    if _file_of(parsed) is None or "timeout" in parsed.query:
        return {}
    return {"connect_args": {"timeout": _PATIENCE_S}}


def _parsed(url: str) -> URL:
    """Return a URL in parts.

    Raises:
        InputError: It is none, its dialect or driver is missing, or it is no file in a folder that is there.
    """
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
        url.format(SCHEMA_VERSION="")  # Optuna fills this in
    except ImportError as error:
        law, todo = "the driver of a storage must be installed", "install it, or choose another storage"
        raise _fault(url, law, f"{_shown(url)}: no {error.name or error}", todo) from None
    except (ArgumentError, ValueError, LookupError) as error:
        law = "a storage must be a URL of a database that SQLAlchemy knows"
        got = f"{_shown(url)}: {str(error).splitlines()[0]}"
        raise InputError([Fault("--storage", law, got, "for example sqlite:///study.db")]) from None
    file = _file_of(parsed)
    if parsed.get_backend_name() == "sqlite" and file is None:
        raise InputError([Fault("--storage", "an SQLite storage must be a file", url, "sqlite:///FILE")])
    return parsed


def _file_of(parsed: URL) -> Path | None:
    """Return the file of an SQLite URL; None: it is none, or in memory."""
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def _without_secrets(parsed: URL) -> str:
    """Return a URL without passwords, its file by its whole path: equal for two ways to write one storage."""
    query = {name: value for name, value in parsed.query.items() if not _SECRET.search(name)}
    file = _file_of(parsed)
    database = parsed.database if file is None else str(file.resolve())
    bare = URL.create(parsed.drivername, parsed.username, None, parsed.host, parsed.port, database, query)
    return bare.render_as_string(hide_password=False)


def _shown(url: str) -> str:
    """Return a URL as it may be printed."""
    return re.sub(r"//.*@", "//***@", url).partition("?")[0]


def _fault(url: str, law: str, got: str, todo: str = "") -> InputError:
    """Return the refusal of a storage, by its file or as the option."""
    file = None if "://" not in url or not url.startswith("sqlite") else _file_of(make_url(url))
    where = "--storage" if file is None else ""
    return InputError([Fault(where, law, got, todo, file)])


def _told(url: str, error: Exception) -> InputError | StorageAway:
    """Return in words what Optuna or SQLAlchemy raised."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ else error
    parsed = make_url(url)
    file, lines = _file_of(parsed), str(getattr(cause, "orig", None) or cause).strip().splitlines()
    line = lines[0] if lines else type(cause).__name__
    if parsed.password:
        line = line.replace(str(parsed.password), "***")
    if file is not None and _LOCKED.search(line):
        seconds = float(str(parsed.query.get("timeout", _PATIENCE_S)))
        law = f"{file}: no other process may keep the storage locked; got {seconds:g} s"
        return StorageAway(f"{law} ({_GOES_ON})")
    unreachable = isinstance(cause, OperationalError) and not _SERVER_REFUSES.search(line)
    if _FILE_AWAY.search(line) if file is not None else unreachable:
        return StorageAway(f"{file or _shown(url)}: the storage must be reachable; got {line} ({_GOES_ON})")
    todo = "give --storage with its password" if file is None and parsed.password is None else ""
    return _fault(url, "the storage must be a database that can be read and written", line, todo)
