"""The run folder: the one module that knows every file name in it."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.records.files import damaged

_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}  # control characters, bytes that are no text, ends of lines
_TURNED = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # what is written from right to left
_PLAIN = "/\\ !$&'()*+,;:=@[]~"  # in a path; the others would mean something in a URL


@dataclass(frozen=True)
class RunFolder:
    """Names of a run's files.

    Raises:
        InputError: The folder's name is no text, or not of one line: it could be neither printed nor kept in a URL.
    """

    path: Path

    def __post_init__(self) -> None:
        name = str(self.path.absolute())
        if any(unicodedata.category(sign) in _NO_TEXT or sign in _TURNED for sign in name):
            law = "the name of a run's folder, and of those that it lies in, must be text of one line"
            raise InputError([Fault("", law, ascii(name), "choose another folder")])

    @property
    def study(self) -> Path:
        """The study as used, defaults filled in."""
        return self.path / "study.yaml"

    @property
    def profile(self) -> Path:
        """The hardware profile as used."""
        return self.path / "profile.yaml"

    @property
    def network(self) -> Path:
        """The trained network of another framework that the study names, as used."""
        return self.path / "network.nir"

    @property
    def data(self) -> Path:
        """The arrays that a search in Python was given."""
        return self.path / "data.npz"

    @property
    def database(self) -> Path:
        """The default storage's file."""
        return self.path / "study.db"

    @property
    def storage(self) -> str:
        """URL of the default storage."""
        return f"sqlite:///{quote(str(self.database), safe=_PLAIN)}"

    @property
    def storage_place(self) -> Path:
        """Where the search is kept: URL of the storage, and the name of its study there."""
        return self.path / "storage.json"

    @property
    def environment(self) -> Path:
        """What the run was begun with: versions, the loops, the device, the samples."""
        return self.path / "environment.json"

    @property
    def trials(self) -> Path:
        """Every candidate ever asked."""
        return self.path / "trials.csv"

    @property
    def front(self) -> Path:
        """The Pareto front, with test accuracies."""
        return self.path / "front.csv"

    @property
    def recalls(self) -> Path:
        """Of each member of the front the recall of every class on test."""
        return self.path / "recalls.csv"

    @property
    def confusion(self) -> Path:
        """Of each member of the front which class its test samples were answered with."""
        return self.path / "confusion.csv"

    @property
    def finals(self) -> Path:
        """What was trained with fresh seeds, on the front or not: for prices on other devices."""
        return self.path / "finals.json"

    @property
    def rival(self) -> Path:
        """The front of plain networks, of the same question."""
        return self.path / "rival.csv"

    @property
    def rival_finals(self) -> Path:
        """What an inference of each of them works off: for prices on other devices."""
        return self.path / "rival.json"

    @property
    def left_out(self) -> Path:
        """How the dense reference does on each group that it was not trained on."""
        return self.path / "leave_out.csv"

    @property
    def stress(self) -> Path:
        """What networks keep under disturbances, where that was asked."""
        return self.path / "stress.csv"

    @property
    def stress_png(self) -> Path:
        """The same as a picture."""
        return self.path / "stress.png"

    @property
    def front_png(self) -> Path:
        """The front as a picture."""
        return self.path / "front.png"

    @property
    def front_table(self) -> Path:
        """The same as a table for a slide, where that was asked."""
        return self.path / "front_table.csv"

    @property
    def report(self) -> Path:
        """The run as a page."""
        return self.path / "report.html"

    def plan(self, language: str) -> Path:
        """The first page and the staged plan as text, in a language."""
        return self.path / f"plan.{language}.md"

    @property
    def unfinished(self) -> Path:
        """What there is of a run that has not ended, as a page."""
        return self.path / "unfinished.html"

    @property
    def summary(self) -> Path:
        """The run in numbers."""
        return self.path / "summary.json"

    @property
    def log(self) -> Path:
        """One JSON object an event."""
        return self.path / "log.jsonl"

    @property
    def confirmed(self) -> Path:
        """Lies there once somebody asked for final trainings with every seed."""
        return self.path / "confirmed.txt"

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


def open_run(path: Path) -> RunFolder:
    """Return the folder of an existing run.

    Raises:
        InputError: There is no run there.
        RecordError: There is one, but the study that it ran is gone, or one of its files is none.
    """
    folder = RunFolder(path)
    refuse_irregular(folder)
    if not folder.study.exists() and (folder.summary.exists() or folder.trials.exists()):
        raise RecordError(damaged(folder.study, "a run must have the study as used", "no such file"))
    if not folder.study.exists():
        law = "a run folder must hold a study.yaml"
        raise InputError([Fault("", law, todo="give the folder that hwsearch run wrote", path=path)])
    return folder


def refuse_irregular(folder: RunFolder) -> None:
    """Refuse a folder where something else lies in the place of a file: a pipe would be waited for without end.

    Raises:
        RecordError: It does.
    """
    files = (
        folder.study, folder.profile, folder.network, folder.data, folder.database, folder.storage_place,
        folder.environment, folder.trials, folder.front, folder.recalls, folder.confusion, folder.finals,
        folder.left_out, folder.front_png, folder.front_table, folder.report, folder.unfinished, folder.summary,
        folder.log, folder.lock, folder.confirmed, folder.stress, folder.stress_png, folder.rival,
        folder.rival_finals,
    )  # fmt: skip
    for path in files:
        if path.exists() and not path.is_file():
            got = "a folder" if path.is_dir() else "a pipe or a device"
            raise RecordError(damaged(path, "it must be a file", got, "move it away: a run wrote none there"))
