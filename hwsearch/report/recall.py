"""Which classes a network recognises, and where its answers rest on little: lines and warnings from its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.scores import constant_score
from hwsearch.records.front import NetworkRow
from hwsearch.records.summary import Summary
from hwsearch.report.confusion import class_names
from hwsearch.report.quantities import UNKNOWN, count, score_words
from hwsearch.report.tables import RunTables
from hwsearch.study.laws import Score

_MANY = 0.01  # share of inputs from which on ties and answers that no input reaches are named
_WEAK = 0.5  # times the accuracy, below which a class's recall is named


@dataclass(frozen=True)
class ClassLine:
    """A class: how many test samples it has, and the recalls of the pick and the dense reference with intervals."""

    name: str
    samples: int
    pick: str
    dense: str


def recall_lines(tables: RunTables) -> list[ClassLine]:
    """Return a line a class; none without a pick or where the run recorded no recalls."""
    summary = tables.summary
    if summary.pick is None or not summary.classes.test:
        return []
    networks = recalls(summary.pick), recalls(summary.dense)
    lines, names = [], class_names(tables.recalls)
    for label, n in enumerate(summary.classes.test):
        texts = [_with_interval(known[label] if label < len(known) else None, n) for known in networks]
        lines.append(ClassLine(names.get(label, str(label)), n, *texts))
    return lines


def recalls(row: NetworkRow) -> list[float | None]:
    """Return a row's recalls on test, class by class; empty where they were not recorded."""
    text = row.cell("recalls_test")
    return (
        [float(part) if part else None for part in text.split("/")] if isinstance(text, str) and text else []
    )


def worst_class(row: NetworkRow) -> tuple[int, float] | None:
    """Return the class with the least recall on test, and that recall; None where it was not recorded."""
    known = [(recall, label) for label, recall in enumerate(recalls(row)) if recall is not None]
    if not known:
        return None
    least, label = min(known)
    return label, least


def chance_on_test(summary: Summary) -> float | None:
    """Return the study's score on test of always answering the largest class; None where it was not recorded."""
    if summary.score == "accuracy" or not summary.classes.test:
        return summary.classes.largest_class_share_test
    return constant_score(summary.classes.test, summary.score)


def warnings(
    row: NetworkRow, chance: float | None, score: Score = "accuracy", names: Mapping[int, str] | None = None
) -> list[str]:
    """Return what is wrong with a network's answers, a sentence each.

    Args:
        row: Its row of front.csv.
        chance: The score on test of always answering the largest class.
        score: Of the study.
        names: What the data call each class (`class_names`); None: their numbers.
    """
    said = []
    low = row.number("accuracy_test_low" if score == "accuracy" else "score_test_low")
    if low is not None and chance is not None and low <= chance:
        what = score_words(score)
        said.append(
            f"The interval of its test {what} reaches down to {chance:.1%}, the {what} of always answering the largest "
            "class."
        )
    worst, accuracy = worst_class(row), row.number("accuracy_test_own")
    if worst is not None and accuracy is not None and worst[1] < _WEAK * accuracy:
        said.append(
            f"Class {(names or {}).get(worst[0], worst[0])} is recognised in {worst[1]:.1%} of its test samples only."
        )
    if (silent := row.number("silent_layers_test")) is not None and silent > 0:
        said.append(f"In {count(silent)} of its layers no neuron fires for any test sample.")
    if (unheard := row.number("input_independent_test")) is not None and unheard >= _MANY:
        said.append(
            f"Nothing of {unheard:.1%} of the test samples reaches the readout: their answer is always the same."
        )
    if (ties := row.number("ties_test")) is not None and ties >= _MANY:
        said.append(
            f"For {ties:.1%} of the test samples several classes reach the same largest potential; the first of them "
            "is the answer."
        )
    return said


def _with_interval(recall: float | None, n: int) -> str:
    if recall is None or n == 0:
        return UNKNOWN
    low, high = wilson(
        round(recall * n) / n, n
    )  # a row has four digits: intervals of these may end elsewhere
    return f"{100 * recall:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
