"""The parts of summary.json."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from hwsearch.records.rival import RivalRow


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
        chance: To be worse than that, at most, of spiking networks (``pick.chance``); of plain ones the means decide.
        candidates: Plain networks that were trained.
        finalists: Those of them that were trained with every fresh seed.
        dense_epochs: Epochs of a dense plain network.
        epochs: Epochs of what is cut from one.
        train_steps: Samples that went through a network, which has no timesteps; in no count of ``cost``.
        most_steps: What it may cost, by the study.
        wall_s: Seconds on the clock that the run waited for it after its search.
        processor_s: Seconds of a processor that its trainings took, in the search and after it; None: not recorded.
    """

    why_none: str = ""
    pick: RivalRow | None = None
    front_size: int = 0
    floor: float | None = None
    chance: float | None = None
    candidates: int = 0
    finalists: int = 0
    dense_epochs: int = 0
    epochs: int = 0
    train_steps: int = 0
    most_steps: int = 0
    wall_s: float | None = None
    processor_s: float | None = None


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
