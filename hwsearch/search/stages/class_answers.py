"""What the members of a front answer, class by class: the rows of recalls.csv and confusion.csv."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.answers import Answers
from hwsearch.plan.plan import Plan
from hwsearch.records.by_class import ConfusionRow, RecallRow, write_confusion, write_recalls
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.stages.finalist import Finalist


def write_answers(plan: Plan, members: Sequence[Finalist], front: Collection[int], folder: RunFolder) -> None:
    """Write recalls.csv and confusion.csv of the finalists that are on the front.

    Args:
        plan: The question; its data name the classes.
        members: The finalists.
        front: Trials on the front.
        folder: The run's.
    """
    known = [
        (member.record.trial, answers)
        for member in members
        if member.record is not None and member.record.trial in front
        if (answers := member.measured.answers_test) is not None
    ]
    known.sort(key=lambda pair: pair[0])
    names = plan.data.class_names or tuple(str(label) for label in range(plan.data.classes))
    write_recalls(
        [row for trial, answers in known for row in recall_rows(trial, answers, names)], folder.recalls
    )
    write_confusion(
        [row for trial, answers in known for row in confusion_rows(trial, answers)], folder.confusion
    )


def recall_rows(trial: int, answers: Answers, names: Sequence[str]) -> Iterator[RecallRow]:
    """Yield a row a class, with the Wilson interval of its recall."""
    counts = zip(names, answers.samples, answers.answered, answers.right, answers.recalls, strict=True)
    for label, (name, samples, answered, right, recall) in enumerate(counts):
        low, high = (None, None) if recall is None else wilson(recall, samples)
        yield RecallRow(
            trial=trial, true_class=label, name=name, samples=samples, answered=answered, right=right,
            recall=recall, recall_low=low, recall_high=high,
        )  # fmt: skip


def confusion_rows(trial: int, answers: Answers) -> Iterator[ConfusionRow]:
    """Yield a row a pair of classes; none where an earlier version counted the answers."""
    for label, row in enumerate(answers.confusion):
        for predicted, count in enumerate(row):
            yield ConfusionRow(trial=trial, true_class=label, predicted_class=predicted, count=count)
