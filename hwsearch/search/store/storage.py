"""The Optuna storage of a search, opened with care: its schema and version are checked, and reading creates nothing.

What it raises is told in words by `faults`; where it is, by `place`. Not for what the search keeps there (`propose`).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import optuna
import sqlalchemy
from optuna.storages import BaseStorage, RDBStorage, get_storage
from optuna.storages._rdb import models
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import URL

from hwsearch.search.store.address import file_of, parsed_url, refused
from hwsearch.search.store.faults import Answer, heed_errors, patience_s, patiently
from hwsearch.search.store.trial_rows import read_trials

_DIGEST = "hwsearch:study_digest"
FORMAT = 2
"""Of what a search keeps in its Optuna study (`stored_trial`); 1, which has no mark, is that of earlier versions."""
_FORMAT = "hwsearch:format"
_TABLES = {*models.BaseModel.metadata.tables, "alembic_version"}
_LONGEST_LOCK_S = 2.0
"""How long SQLite itself waits for a lock: an interrupt is heeded only after it, so the rest is waited for here."""
_MOST_NAMED = 500  # trials in one statement: databases bound how many values it may name
# A server is not given up before the network has had its time, nor waited for when the network is cut for good
_LIBPQ = {
    "connect_timeout": 10, "keepalives": 1, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4,
    "tcp_user_timeout": 40_000,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class StoredStudy:
    """An Optuna study, in a storage that is waited for where it is away.

    Attributes:
        url: Of the storage; None: it is in memory.
        study: The study.
        format: Of what it holds.
    """

    url: str | None
    study: optuna.Study
    format: int = FORMAT

    def patiently(self, do: Callable[[], Answer], again: Callable[[], Answer] | None = None) -> Answer:
        """Return what is done with the study (see `faults.patiently`)."""
        return do() if self.url is None else patiently(self.url, do, again)


class _Storage(RDBStorage):
    """Optuna's, which reads trials by fewer steps, and closes its connections when it goes or fails to come."""

    def __init__(self, url: str, *, engine_kwargs: dict[str, Any], skip_table_creation: bool) -> None:
        try:
            super().__init__(url, engine_kwargs, skip_table_creation=skip_table_creation)
        except BaseException:
            if (engine := getattr(self, "engine", None)) is not None:
                engine.dispose()
            raise
        weakref.finalize(self, self.engine.dispose)

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        again = [ident for ident in sorted(included_trial_ids) if ident <= trial_id_greater_than]
        if states is not None or len(again) > _MOST_NAMED:
            return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)
        with _create_scoped_session(self.scoped_session) as session:
            return read_trials(session, study_id, again, trial_id_greater_than)


def open_study(url: str | None, name: str, digest: str, n_objectives: int) -> StoredStudy:
    """Open the Optuna study of a search, or create it; url None: in memory.

    It is the one of that name, else the one with the same digest: the study may have been renamed.

    Raises:
        InputError: The storage cannot be used, or holds another search under this name.
        StorageAway: It is locked or cannot be reached.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url is None:
        return StoredStudy(None, optuna.create_study(directions=["minimize"] * n_objectives))
    return patiently(url, partial(_open_study, url, name, digest, n_objectives))


def _open_study(url: str, name: str, digest: str, n_objectives: int) -> StoredStudy:
    parsed = parsed_url(url)
    new = _is_new(url, parsed)
    storage = _opened(url, parsed, create=new)
    held = {} if new else _studies(storage)
    found = find_study(url, held, name, digest)
    study = optuna.create_study(
        storage=storage,
        study_name=found or name,
        directions=["minimize"] * n_objectives,
        load_if_exists=True,
    )
    if study.user_attrs.get(_DIGEST) is None:
        study.set_user_attr(_FORMAT, FORMAT)
        study.set_user_attr(_DIGEST, digest)
    return _checked(url, study)


def read_study(url: str, name: str) -> StoredStudy:
    """Return the Optuna study of a search that is there; nothing is created.

    Raises:
        InputError: The storage cannot be used, or does not hold the search.
        StorageAway: It is locked or cannot be reached.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return patiently(url, partial(_read_study, url, name))


def _read_study(url: str, name: str) -> StoredStudy:
    parsed = parsed_url(url)
    file = file_of(parsed)
    missing = refused(
        url, "the storage must hold the search", f"no {name}", "give --storage if it is elsewhere"
    )
    if (file is not None and not file.exists()) or _is_new(url, parsed):
        raise missing
    storage = _opened(url, parsed)
    if name not in _studies(storage):
        raise missing
    return _checked(url, optuna.load_study(study_name=name, storage=storage))


def held_studies(url: str) -> dict[str, Any]:
    """Return the digest of every study in a storage, by name; nothing is created.

    Raises:
        InputError: The storage cannot be used.
        StorageAway: It is locked or cannot be reached.
    """
    parsed = parsed_url(url)
    file = file_of(parsed)
    if file is not None and not file.exists():
        return {}
    return patiently(url, lambda: {} if _is_new(url, parsed) else _studies(_opened(url, parsed)))


def _checked(url: str, study: optuna.Study) -> StoredStudy:
    """Return a study with the format of what it holds.

    Raises:
        InputError: A newer hwsearch wrote it.
    """
    found = int(study.user_attrs.get(_FORMAT, 1))
    if found > FORMAT:
        law = f"what a storage holds of a search must be of format {FORMAT} or before"
        raise refused(url, law, f"{study.study_name}: format {found}", "use the newer hwsearch that wrote it")
    return StoredStudy(url, study, found)


def _studies(storage: BaseStorage) -> dict[str, Any]:
    """Return the digest of every study in a storage, by name; None where it was created and not yet begun."""
    return {study.study_name: study.user_attrs.get(_DIGEST) for study in storage.get_all_studies()}


def find_study(url: str, held: Mapping[str, Any], name: str, digest: str) -> str | None:
    """Return what the study of a digest is called in a storage; None: it is not there.

    Raises:
        InputError: Another study has its name.
    """
    if name in held and held[name] not in (None, digest):
        law = "a storage holds one study of a name, and this one or its data have changed since (or hwsearch has)"
        todo = "choose another --out or --storage, or put the study back"
        raise refused(url, law, f"{name}: {digest}, there it is {held[name]}", todo)
    return name if name in held else next((title for title, other in held.items() if other == digest), None)


def _opened(url: str, parsed: URL, *, create: bool = False) -> BaseStorage:
    """Return the storage of a checked URL.

    Raises:
        InputError: Its tables are those of another Optuna.
    """
    try:
        storage = _Storage(url, engine_kwargs=_engine_settings(url, parsed), skip_table_creation=not create)
    except RuntimeError as error:
        raise refused(url, "the storage must be one of this Optuna", str(error)) from None
    heed_errors(storage.engine, url)
    return get_storage(storage)  # as Optuna does with a URL: finished trials are read once


def _is_new(url: str, parsed: URL) -> bool:
    """Return whether a database is empty, or Optuna was cut off when it created its tables.

    Raises:
        InputError: It holds something else, or what an Optuna wrote that nobody can read any more.
    """
    law = "the storage must be a database of Optuna's, or an empty one"
    engine = sqlalchemy.create_engine(parsed, **_engine_settings(url, parsed))
    try:
        tables = set(sqlalchemy.inspect(engine).get_table_names())
        if strange := sorted(tables - _TABLES):
            raise refused(url, law, f"a table {strange[0]}", "choose another")
        if "version_info" not in tables:
            return True
        with engine.connect() as connection:
            version = connection.execute(sqlalchemy.text("SELECT schema_version FROM version_info")).scalar()
    finally:
        engine.dispose()
    if version not in (None, models.SCHEMA_VERSION):
        got = f"schema {version}, this Optuna ({optuna.__version__}) has {models.SCHEMA_VERSION}"
        raise refused(url, law, got, "choose another")
    return version is None


def _engine_settings(url: str, parsed: URL) -> dict[str, Any]:
    """Return what SQLAlchemy is to open a database with."""
    if file_of(parsed) is not None:
        return {"connect_args": {"timeout": min(_LONGEST_LOCK_S, patience_s(url))}}
    settings: dict[str, Any] = {
        "pool_pre_ping": True
    }  # a server may have been started anew between two batches
    if parsed.get_driver_name() in ("psycopg", "psycopg2"):
        settings["connect_args"] = {name: value for name, value in _LIBPQ.items() if name not in parsed.query}
    return settings
