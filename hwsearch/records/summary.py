"""summary.json: a run in numbers, written once it has ended.

A run of an earlier version may lack what came later, which then has its default; what is not set is not written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hwsearch.errors import RecordError
from hwsearch.hardware.arithmetic import Claim
from hwsearch.records.files import NEWER, damaged, first_fault, write_text
from hwsearch.records.front import DenseRow, FrontRow
from hwsearch.records.rival import RivalRow
from hwsearch.study.laws import Score

SUMMARY_FORMAT = 1
"""Rises when a reader of this version could not make sense of what is written; front.csv and trials.csv share it."""


class Section(BaseModel):
    """A part of a summary."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore")


class Spent(Section):
    """What a run cost; steps are samples times timesteps.

    Attributes:
        train_steps: Trained on: candidates, the dense network, finders and final trainings.
        eval_steps: Pushed forward only.
        foresee_eval_steps: Those of ``eval_steps`` that calibrated similarity.
        dense_train_steps: Of one dense training, whichever run did it: a unit.
        finder_train_steps: Those of ``train_steps`` that found tickets.
        final_train_steps: Those of ``train_steps`` that were final trainings.
        reused_train_steps: Spent by another run of the same task; in no count above but ``dense_train_steps``.
        model_steps: The train_steps that take as long as probes and model took; in no count above.
        model_s: Seconds of probes and model.
        wall_s: Seconds of the run.
    """

    train_steps: int
    eval_steps: int = 0
    foresee_eval_steps: int = 0
    dense_train_steps: int
    finder_train_steps: int = 0
    final_train_steps: int = 0
    reused_train_steps: int = 0
    model_steps: int | None = None
    model_s: float | None = None
    wall_s: float | None = None


class SimilarityQuality(Section):
    """How well ticket similarity predicted the agreement of held-out candidates; None where there was none.

    Attributes:
        n: Candidates.
        spearman: Rank correlation of predicted and measured agreement.
        mae: Mean absolute error of predicted agreement.
        brier: Mean squared difference of prediction and each input's agreement.
        ece: Expected calibration error.
    """

    n: int = 0
    spearman: float | None = None
    mae: float | None = None
    brier: float | None = None
    ece: float | None = None


class Audit(Section):
    """How often the search was wrong to cut.

    Attributes:
        continued: Candidates that would have been cut or stopped, and were trained all the same.
        left: Those of them that the search would not have completed.
        false_cuts: Those of these that came to the front.
        low: Lower end of the 95 % interval of the share that was wrongly cut; None where there is none.
        high: Its upper end.
    """

    continued: int = 0
    left: int = 0
    false_cuts: int = 0
    low: float | None = None
    high: float | None = None


class Completion(Section):
    """What was stopped or cut.

    Attributes:
        finishing: Taken up again at the end.
        n: Never taken up again.
        ruled_out: Those of ``n`` that have next to no chance (below 2 %) to be on the front.
        expected: Members that the front lacks, by their chances.
        low: Lower end of the 95 % interval of ``expected``.
        high: Its upper end.
    """

    finishing: int = 0
    n: int = 0
    ruled_out: int = 0
    expected: int | float = 0
    low: int | None = None
    high: int | None = None


class Samples(Section):
    """Samples of each split; None when not recorded.

    Attributes:
        train: Of the training split.
        val: Of the validation split.
        test: Of the test split.
    """

    train: int | None = None
    val: int | None = None
    test: int | None = None


class Classes(Section):
    """Samples of each class, and the share of the largest: what always answering it reaches.

    Attributes:
        val: Validation samples of each class, class 0 first.
        largest_class_share_val: Share of the largest class on validation.
        test: Test samples of each class, class 0 first.
        largest_class_share_test: Share of the largest class on test.
    """

    val: tuple[int, ...] = ()
    largest_class_share_val: float | None = None
    test: tuple[int, ...] = ()
    largest_class_share_test: float | None = None


class WithoutSkill(Section):
    """Networks that are no better than always answering the largest class, in the search and after it.

    Attributes:
        trained: Candidates that the search trained.
        final: Networks of the final trainings.
    """

    trained: int = 0
    final: int = 0


class Rival(Section):
    """What became of the search for a plain network (`hwsearch.rival`).

    Attributes:
        why_none: Why there is none; empty where there is one.
        pick: The row of rival.csv that the study's rule picks, at the same tolerance; None: none is accurate enough.
        front_size: Rows of rival.csv.
        floor: The score on validation that a pick needs.
        candidates: Plain networks that were trained.
        finalists: Those of them that were trained with every fresh seed.
        dense_epochs: Epochs of a dense plain network.
        epochs: Epochs of what is cut from one.
        train_steps: Samples that went through a network, which has no timesteps; in no count of ``cost``.
        most_steps: A quarter of what the search cost, by ``cost.train_steps`` and ``cost.reused_train_steps``.
        wall_s: Seconds that it took.
    """

    why_none: str = ""
    pick: RivalRow | None = None
    front_size: int = 0
    floor: float | None = None
    candidates: int = 0
    finalists: int = 0
    dense_epochs: int = 0
    epochs: int = 0
    train_steps: int = 0
    most_steps: int = 0
    wall_s: float | None = None


class Program(Section):
    """What the exported C library of the pick takes by counts on an emulated core, predicted; in no price of the run.

    Attributes:
        core: Whose counts they are.
        code_bytes: Program code, in the memory of the weights.
        latency_s: Time of one inference at one instruction a cycle; None: the clock is not known.
        energy_j: Likewise energy; None: unknown.
    """

    core: str
    code_bytes: int
    latency_s: float | None = None
    energy_j: float | None = None


class Answered(Section):
    """What a run answers.

    Attributes:
        question: Digest of the whole study, the profile and the storage.
        candidates: How many were asked for.
        inside: Whether the storage is a file in the run folder.
        files: Digests of the tables that were written with the summary.
    """

    question: str
    candidates: int
    inside: bool
    files: dict[str, str]


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
            pick needs, by the final trainings of all recipes; None: not recorded, or there is no pick.
    """

    format: int = 0
    study: str
    study_digest: str = ""
    profile: str
    profile_digest: str = ""
    seed: int | None = None
    versions: dict[str, str] = {}
    objectives: tuple[str, ...]
    score: Score = "accuracy"
    budgets: dict[str, float] = {}
    dense: DenseRow
    references: tuple[DenseRow, ...] = ()
    counts: dict[str, int]
    cost: Spent
    similarity: SimilarityQuality
    audit: Audit
    left: Completion
    front_size: int
    hypervolume: float | None = None
    reference_point: dict[str, float | None] = {}
    pick: FrontRow | None
    nearest_miss: str | None = None
    samples: Samples = Samples()
    classes: Classes = Classes()
    labels: dict[str, str] = {}
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
