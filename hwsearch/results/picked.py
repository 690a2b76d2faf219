"""Which member of a run's front is asked for: by the study's rule and tolerance, or by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from hwsearch.errors import Fault, InputError, NothingFits
from hwsearch.records.front import FORETOLD, trained_members
from hwsearch.search.decide.pick import chances_of, pick_row, score_column
from hwsearch.stress.demand import robust_members
from hwsearch.study.laws import Accuracy, Chance, Score
from hwsearch.study.model import Study
from hwsearch.study.yaml_border import check_option


@dataclass(frozen=True)
class Tolerance:
    """How accurate a pick must be, and how sure that is; one of the first two is given.

    Attributes:
        within: Score that may be lost against the dense reference.
        needed: Score that is needed.
        chance: To be worse than that, at most; None: the mean of the trainings decides.
    """

    within: float | None
    needed: float | None
    chance: float | None = None

    def floor(self, dense_score: float | None) -> float:
        """Return the score needed where the dense reference has this one."""
        return self.needed or 0.0 if self.within is None else (dense_score or 0.0) - self.within


def tolerance_of(
    study: Study,
    within: float | str | None,
    min_accuracy: float | str | None,
    min_score: float | str | None,
    chance: float | str | None = None,
) -> Tolerance:
    """Return what is asked for, the study's own where nothing is; see `Result.pick`.

    Raises:
        InputError: A tolerance is no share, two are given, or ``min_accuracy`` where the score is another.
    """
    lost: float | None = check_option("within", Accuracy | None, within)
    needed: float | None = check_option("min_accuracy", Accuracy | None, min_accuracy)
    least: float | None = check_option("min_score", Accuracy | None, min_score)
    needed = _needed(study.score, needed, least)
    most: float | None = check_option("chance", Chance | None, chance)
    most = study.pick.chance if most is None else most
    if lost is None and needed is None:
        return Tolerance(study.pick.within, study.pick.needed, most)
    return Tolerance(lost, needed, most)


def picked_of(
    front: pd.DataFrame,
    study: Study,
    rule: str | None,
    tolerance: Tolerance,
    dense_score: Callable[[], float | None],
) -> pd.Series:
    """Return the member that a rule picks.

    Args:
        front: front.csv, with a member at least.
        study: The study as used.
        rule: ``smallest``, ``frugal`` or ``accurate``; None: the study's.
        tolerance: How accurate it must be.
        dense_score: Tells that of the dense reference on validation, where a loss against it is counted.

    Raises:
        InputError: The rule is unknown, or two tolerances are given.
        NothingFits: No member is accurate enough, or keeps what the study asks under noise.
    """
    score = None if tolerance.within is None else dense_score()
    able = robust_members(front, study.robustness)
    asked = (score or 0.0, tolerance.within, tolerance.needed)
    row = pick_row(able, rule or study.pick.rule, *asked, tolerance.chance)
    if row is None and able.empty:
        raise NothingFits(f"no member of the front keeps its accuracy under noise: {study.robustness}")
    if row is None:
        trained = trained_members(able)
        if trained.empty:
            raise NothingFits("no member of the front was trained in full")
        best = trained[score_column(able)].max()
        if tolerance.chance is not None and pick_row(able, "accurate", *asked) is not None:
            least, most = 100 * chances_of(trained, tolerance.floor(score)).min(), 100 * tolerance.chance
            law = "no member of the front is sure enough: the surest is worse than needed with a chance of"
            raise NothingFits(f"{law} {least:.3g}%, and {most:.3g}% may be")
        raise NothingFits(f"no member of the front is accurate enough: the best reaches {best} on validation")
    return row


def chance_of_pick(row: pd.Series, tolerance: Tolerance, dense_score: float | None) -> float | None:
    """Return how likely a member's recipe is worse than asked, on fresh splits; None: its run does not tell.

    Args:
        row: Of front.csv.
        tolerance: How accurate it must be.
        dense_score: That of the dense reference on validation.
    """
    if pd.isna(row.get("believed")):
        return None
    return float(chances_of(row.to_frame().T, tolerance.floor(dense_score)).iloc[0])


def foretold_instead(
    front: pd.DataFrame, study: Study, rule: str | None, tolerance: Tolerance, dense_score: float | None
) -> str:
    """Say which member of a front would be picked if what is foretold of it came true; nothing where none would.

    Args:
        front: front.csv.
        study: The study as used.
        rule: ``smallest``, ``frugal`` or ``accurate``; None: the study's.
        tolerance: How accurate it must be.
        dense_score: That of the dense reference on validation.
    """
    if len(trained_members(front)) == len(front):
        return ""
    as_trained = front.assign(evidence="")
    row = pick_row(
        as_trained,
        rule or study.pick.rule,
        dense_score or 0.0,
        tolerance.within,
        tolerance.needed,
        tolerance.chance,
    )
    foretold = front.loc[front["evidence"] == FORETOLD, "trial"].tolist()
    if row is None or row["trial"] not in foretold:
        return ""
    return (
        f"trial {row['trial']} would be picked, with {row['memory_bytes']:,} B, if it reaches what is foretold of it "
        f"({row['accuracy_val']:.1%} on validation): hwsearch front DIR --confirm trains it"
    )


def _needed(score: Score, min_accuracy: float | None, min_score: float | None) -> float | None:
    """Return the score that is needed; None: neither says it.

    Raises:
        InputError: Both say it, or an accuracy is needed where the study's score is another.
    """
    if min_accuracy is not None and min_score is not None:
        law = "at most one of min_accuracy and min_score may be given"
        raise InputError([Fault("", law, f"min_accuracy {min_accuracy}, min_score {min_score}")])
    if min_accuracy is not None and score != "accuracy":
        law = f"what a pick needs must be of the study's score, which is {score}"
        raise InputError([Fault("min_accuracy", law, str(min_accuracy), "give min_score")])
    return min_score if min_accuracy is None else min_accuracy
