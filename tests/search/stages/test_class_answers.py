"""Rows by class, by hand."""

import pytest

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.answers import Answers
from hwsearch.search.stages.class_answers import confusion_rows, recall_rows

ANSWERS = Answers((4, 0), (3, 1), (3, 0), 0, 0, (), 0, ((3, 1), (0, 0)))


def test_recalls_have_names_counts_and_intervals():
    first, second = recall_rows(7, ANSWERS, ("fine", "worn"))
    assert (first.trial, first.true_class, first.name) == (7, 0, "fine")
    assert (first.samples, first.answered, first.right, first.recall) == (4, 3, 3, 0.75)
    assert (first.recall_low, first.recall_high) == pytest.approx(wilson(0.75, 4))
    assert (second.samples, second.answered, second.recall, second.recall_low) == (0, 1, None, None)


def test_every_pair_of_classes_has_a_row():
    rows = [(row.true_class, row.predicted_class, row.count) for row in confusion_rows(7, ANSWERS)]
    assert rows == [(0, 0, 3), (0, 1, 1), (1, 0, 0), (1, 1, 0)]
    earlier = Answers((4, 0), (3, 1), (3, 0), 0, 0, (), 0)
    assert list(confusion_rows(7, earlier)) == []
