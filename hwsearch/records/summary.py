"""summary.json: a run in numbers, written once it has ended.

A run of an earlier version may lack what came later, which then has its default; what is not set is not written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from hwsearch.errors import RecordError
from hwsearch.hardware.arithmetic import Claim
from hwsearch.records.files import NEWER, damaged, first_fault, write_text
from hwsearch.records.front import DenseRow, FrontRow
from hwsearch.records.summary_parts import (
    Answered,
    Audit,
    Classes,
    Completion,
    Program,
    Rival,
    Samples,
    Section,
    SimilarityQuality,
    Spent,
    WithoutSkill,
)
from hwsearch.study.laws import Score

SUMMARY_FORMAT = 1
"""Rises when a reader of this version could not make sense of what is written; front.csv and trials.csv share it."""


class Summary(Section):
    """A run in numbers.

    Attributes:
        format: Version of this layout; 0: from before there were versions.
        study: Name of the study.
        study_digest: 16 hex digits that name what was asked.
        profile: Id of the device's profile.
        profile_digest: 16 hex digits that name the profile's numbers.
        seed: Of all chance.
        versions: Of the libraries, by name.
        objectives: What was minimised: ``error`` and costs.
        score: What ``error`` is 1 minus of.
        budgets: Upper limits by quantity, in its unit (``memory_bytes``: bytes).
        dense: The dense reference; of several the most accurate, from which losses are counted.
        references: Every dense reference, where a study lists several networks; those that no finalist was cut from are
            of the search alone.
        counts: Candidates by outcome, and ``asked``.
        cost: What the run spent.
        similarity: How good its predictions were.
        audit: How often it was wrong to cut.
        left: What was stopped or cut.
        front_size: Rows of front.csv.
        hypervolume: Share of the box up to ``reference_point`` that the front dominates.
        reference_point: By objective, in its unit.
        pick: The row of the front that the study's rule picks; None when there is none.
        nearest_miss: When nothing fits: what came closest.
        samples: How many there were to train on and to judge by.
        classes: How they are spread over the classes.
        labels: How each number came about, by quantity: estimated, measured, ...
        arithmetic: Whether the device computes as the integer model does; None when not recorded.
        no_skill: What was no model.
        notes: What a reader of the run must know.
        answers: What it answers; None when not recorded.
        rival: The plain network that it is held against; None where none was asked for, or not yet.
        program: What the pick's program takes; None: nobody counted it on this device, or prices hold it already.
        pick_chance_below: Chance that the pick's recipe, in the mean over fresh splits and seeds, scores less than the
            pick needs, by all that was trained; None: not recorded, or there is no pick.
    """

    format: int = 0
    study: str
    study_digest: str = ""
    profile: str
    profile_digest: str = ""
    seed: int | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    objectives: tuple[str, ...]
    score: Score = "accuracy"
    budgets: dict[str, float] = Field(default_factory=dict)
    dense: DenseRow
    references: tuple[DenseRow, ...] = ()
    counts: dict[str, int]
    cost: Spent
    similarity: SimilarityQuality
    audit: Audit
    left: Completion
    front_size: int
    hypervolume: float | None = None
    reference_point: dict[str, float | None] = Field(default_factory=dict)
    pick: FrontRow | None
    nearest_miss: str | None = None
    samples: Samples = Samples()
    classes: Classes = Classes()
    labels: dict[str, str] = Field(default_factory=dict)
    arithmetic: Claim | None = None
    no_skill: WithoutSkill = WithoutSkill()
    notes: tuple[str, ...] = ()
    answers: Answered | None = None
    rival: Rival | None = None
    program: Program | None = None
    pick_chance_below: float | None = None

    def plain(self) -> dict[str, Any]:
        """Return what summary.json holds, for whoever has no use for types."""
        return self.model_dump(mode="json", exclude_unset=True)


_NEEDED = tuple(name for name, field in Summary.model_fields.items() if field.is_required())


def write_summary(summary: Summary, path: Path) -> None:
    """Write summary.json."""
    write_text(path, json.dumps(summary.plain(), indent=1))


def read_summary(path: Path) -> Summary:
    """Return summary.json.

    Raises:
        RecordError: It is missing, damaged, or of a newer format.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda _: None)
    except (OSError, ValueError, RecursionError) as error:
        got = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise RecordError(damaged(path, "a finished run must have a summary", got)) from None
    missing = [name for name in _NEEDED if not isinstance(values, dict) or name not in values]
    if missing:
        law = f"a summary must have {', '.join(_NEEDED)}"
        raise RecordError(damaged(path, law, f"none of {', '.join(missing)}"))
    version = values.get("format", 0)
    if isinstance(version, int) and version > SUMMARY_FORMAT:
        law = f"a summary must be of format {SUMMARY_FORMAT} or an earlier one"
        raise RecordError(damaged(path, law, str(version), NEWER))
    try:
        return Summary.model_validate(values)
    except ValidationError as error:
        law = "every value of a summary must have its documented type"
        raise RecordError(damaged(path, law, first_fault(error))) from None
