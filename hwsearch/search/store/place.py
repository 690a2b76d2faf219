"""Where a run folder's search is kept: remembered there without a password, so that whoever reads the run finds it.

Whether it can be kept there is checked before anything is written (`check_place`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from hwsearch.errors import Fault, InputError
from hwsearch.records.files import write_text
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.storage_url import shown_url
from hwsearch.search.store.address import file_of, parsed_url, refused, without_secrets
from hwsearch.search.store.storage import find_study, held_studies


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
    asked, inside = without_secrets(parsed_url(url)), url == inside_url
    if not inside and asked == without_secrets(make_url(inside_url)):
        url, inside = inside_url, True
    elsewhere = known if known and without_secrets(make_url(known)) != asked else ""
    return Place(url, remembered.get("study") or study_name, inside, elsewhere)


def remember(folder: RunFolder, place: Place, name: str) -> None:
    """Write where a folder's search is kept: without a password, and a file outside the folder by its whole path."""
    url = None if place.inside else without_secrets(make_url(place.url))
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
    parsed = parsed_url(place.url)
    file = file_of(parsed)
    if file is not None and not place.inside:
        _check_writable(place.url, file)
    held = held_studies(place.url)
    name = find_study(place.url, held, place.name, digest)
    if name is None and place.elsewhere:
        law, todo = (
            "a run folder keeps its search in one storage",
            "leave --storage out, or choose another --out",
        )
        got = f"{shown_url(place.url)}, the search is in {shown_url(place.elsewhere)}"
        raise InputError([Fault("--storage", law, got, todo)])
    if name is None and place.inside and held:
        law = "a run folder holds one study, of the data as they were"
        todo = "choose another --out, or put the study and its data back"
        raise InputError([Fault("", law, f"another than {', '.join(held)}, or changed data", todo, file)])


def _remembered(folder: RunFolder) -> Mapping[str, str]:
    """Return url (empty: in the folder) and study of ``storage.json``; nothing where there is none."""
    if not folder.storage_place.exists():
        return {}
    try:
        values = json.loads(folder.storage_place.read_text(encoding="utf-8"))
        return {"url": str(values["url"] or ""), "study": str(values["study"])}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        law = "the file must say where the search is kept (url, study)"
        todo = "delete it, and give --storage if the search is kept elsewhere"
        raise InputError([Fault("", law, repr(error), todo, folder.storage_place)]) from None


def _check_writable(url: str, file: Path) -> None:
    """Refuse a file that SQLite could not create or write."""
    law = "an SQLite storage must be a file in a folder that exists, and both must be writable"
    if not file.parent.is_dir() or file.is_dir():
        got = f"no folder {file.parent}" if not file.is_dir() else "a folder"
        raise refused(url, law, got, "create the folder, or choose another file")
    if not all(os.access(path, os.W_OK) for path in (file.parent, file) if path.exists()):
        raise refused(url, law, "no permission", "change it, or choose another file")
