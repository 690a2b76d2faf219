"""A run folder's files, read and checked; every later module trusts what comes from here.

Not for judging candidates: what is on the front and what is picked was settled by the search.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hwsearch.errors import RecordError
from hwsearch.records.by_class import RecallRow, read_confusion, read_recalls
from hwsearch.records.files import damaged
from hwsearch.records.front import FrontRow, read_front
from hwsearch.records.rival import RivalRow, read_rivals
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.stress import StressRow, read_stress
from hwsearch.records.summary import Summary, read_summary
from hwsearch.records.trial_table import TrialRow, read_trials

_ABSOLUTE = re.compile(r"""^(\s*(?:[\w ]+: |- )['"]?)(?:/|[A-Za-z]:\\).*[/\\]""", re.MULTILINE)


@dataclass(frozen=True)
class RunTables:
    """What a run folder holds.

    Attributes:
        run_dir: The folder.
        trials: trials.csv, one row a candidate.
        front: front.csv; no rows when nothing fits.
        summary: summary.json.
        recalls: recalls.csv, and confusion: confusion.csv by member; none of a run of an earlier version.
        stress: stress.csv; none where `hwsearch stress` was not asked.
        rivals: rival.csv; none where no plain network was tried.
        study_text, profile_text: study.yaml and profile.yaml; of a whole path on this machine its last part.
    """

    run_dir: Path
    trials: tuple[TrialRow, ...]
    front: tuple[FrontRow, ...]
    summary: Summary
    study_text: str
    profile_text: str
    recalls: tuple[RecallRow, ...] = ()
    confusion: Mapping[int, list[list[int]]] = field(default_factory=dict)
    stress: tuple[StressRow, ...] = ()
    rivals: tuple[RivalRow, ...] = ()

    @property
    def trained_front(self) -> list[FrontRow]:
        """Members of the front that were trained in full."""
        return [row for row in self.front if not row.is_foretold]


def read_run(run_dir: Path | str) -> RunTables:
    """Read a run folder.

    Raises:
        RecordError: A file is missing or damaged; the message says which, and what to do.
    """
    folder = RunFolder(Path(run_dir))
    if not folder.path.is_dir():
        raise RecordError(
            f"{folder.path}: a report needs a run's folder; got: no such folder (name the run's folder)"
        )
    summary = read_summary(folder.summary)
    return RunTables(
        run_dir=folder.path,
        trials=tuple(read_trials(folder.trials)),
        front=tuple(read_front(folder.front, summary.front_size)),
        summary=summary,
        study_text=_ABSOLUTE.sub(r"\1", _text(folder.study)),
        profile_text=_text(folder.profile),
        recalls=tuple(read_recalls(folder.recalls)),
        confusion=read_confusion(folder.confusion),
        stress=tuple(read_stress(folder.stress)),
        rivals=tuple(read_rivals(folder.rival)),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        law = "a run's folder must have this file, in UTF-8"
        raise RecordError(damaged(path, law, type(error).__name__)) from None
