"""The run folder: the one module that knows every file name in it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hwsearch.errors import Fault, InputError, RecordError

_PLAIN = "/\\ !$&'()*+,;:=@[]~"  # in a path; the others would mean something in a URL
REBUILD = "run the study again into the same folder: what is finished is kept, and its files are written anew"
_SUMMARISED = ("study", "dense", "counts", "cost", "similarity", "audit", "left", "front_size", "pick")


@dataclass(frozen=True)
class RunFolder:
    """Names of a run's files."""

    path: Path

    @property
    def study(self) -> Path:
        """The study as used, defaults filled in."""
        return self.path / "study.yaml"

    @property
    def profile(self) -> Path:
        """The hardware profile as used."""
        return self.path / "profile.yaml"

    @property
    def database(self) -> Path:
        """The default storage's file."""
        return self.path / "study.db"

    @property
    def storage(self) -> str:
        """URL of the default storage."""
        return f"sqlite:///{quote(str(self.database), safe=_PLAIN)}"

    @property
    def kept_in(self) -> Path:
        """Where the search is kept: URL of the storage, and the name of its study there."""
        return self.path / "storage.json"

    @property
    def trials(self) -> Path:
        """Every candidate ever asked."""
        return self.path / "trials.csv"

    @property
    def front(self) -> Path:
        """The Pareto front, with test accuracies."""
        return self.path / "front.csv"

    @property
    def finals(self) -> Path:
        """What was trained with fresh seeds, on the front or not: for prices on other devices."""
        return self.path / "finals.json"

    @property
    def front_png(self) -> Path:
        """The front as a picture."""
        return self.path / "front.png"

    @property
    def report(self) -> Path:
        """The run as a page."""
        return self.path / "report.html"

    @property
    def summary(self) -> Path:
        """The run in numbers."""
        return self.path / "summary.json"

    @property
    def log(self) -> Path:
        """One JSON object an event."""
        return self.path / "log.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the process that runs here."""
        return self.path / "run.lock"

    @property
    def cache(self) -> Path:
        """Trained networks; deletable."""
        return self.path / "cache"

    @property
    def shared(self) -> Path:
        """Dense networks and finders' work, for other runs as well: ``HWSEARCH_CACHE``, else the run's own cache."""
        return Path(os.environ.get("HWSEARCH_CACHE") or self.cache)

    def read_summary(self) -> dict[str, Any]:
        """Return summary.json.

        Raises:
            RecordError: It is missing or damaged.
        """
        try:
            summary = json.loads(self.summary.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            got = "no such file" if isinstance(error, FileNotFoundError) else str(error)
            raise RecordError(damaged(self.summary, "a finished run must have a summary", got)) from None
        missing = [name for name in _SUMMARISED if not isinstance(summary, dict) or name not in summary]
        if missing:
            law = f"a summary must have {', '.join(_SUMMARISED)}"
            raise RecordError(damaged(self.summary, law, f"none of {', '.join(missing)}"))
        return dict(summary)


def damaged(path: Path, law: str, got: str) -> str:
    """Say what is wrong with a file of a run, and what to do."""
    return f"{path}: {law}; got: {got} ({REBUILD})"


def open_run(path: Path) -> RunFolder:
    """Return the folder of an existing run.

    Raises:
        InputError: There is no run there.
        RecordError: There is one, but the study that it ran is gone.
    """
    folder = RunFolder(path)
    if not folder.study.exists() and (folder.summary.exists() or folder.trials.exists()):
        raise RecordError(damaged(folder.study, "a run must have the study as used", "no such file"))
    if not folder.study.exists():
        law = "a run folder must hold a study.yaml"
        raise InputError([Fault("", law, todo="give the folder that hwsearch run wrote", path=path)])
    return folder
