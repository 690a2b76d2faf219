"""The confusion matrix as a table, by hand."""

from dataclasses import replace

from builders.runs import visible

from hwsearch.records.by_class import RecallRow
from hwsearch.report.confusion import Cell, Mistake, confusion_of_pick
from hwsearch.report.page import _render
from hwsearch.report.recall import recall_lines
from hwsearch.report.tables import read_run

COUNTS = [[8, 2, 0], [0, 5, 0], [3, 0, 1]]


def with_counts(run_dir, counts, names=("fine", "worn & torn", "<broken>")):
    tables = read_run(run_dir)
    trial = tables.summary.pick.trial
    recalls = tuple(
        RecallRow(trial=trial, true_class=label, name=name, samples=sum(row), answered=0, right=row[label])
        for label, (name, row) in enumerate(zip(names, counts, strict=False))
    )
    return replace(tables, confusion={trial: counts}, recalls=recalls)


def test_shares_are_of_the_true_class_and_mistakes_sorted(run_dir):
    found = confusion_of_pick(with_counts(run_dir, COUNTS))
    assert found.rows[0] == ("fine", 10, (Cell(8, 0.8), Cell(2, 0.2), Cell(0, 0.0)))
    assert found.mistakes == (
        Mistake("<broken>", "fine", 3, 0.75),
        Mistake("fine", "worn & torn", 2, 0.2),
    )


def test_the_page_shows_a_table_with_headings_and_escapes_names(run_dir):
    page = _render(with_counts(run_dir, COUNTS))
    assert '<th scope="row">worn &amp; torn</th>' in page
    assert '<th scope="col" class="n">&lt;broken&gt;</th>' in page
    assert 'style="--share: 36%" title="80.0 % of fine">8</td>' in page
    assert "&lt;broken&gt; taken for fine: 3 of its test samples (75.0 %)" in visible(page)


def test_many_classes_are_told_by_their_mistakes_alone(run_dir):
    counts = [[int(i == j) + 2 * (i == 3 and j == 4) for j in range(40)] for i in range(40)]
    found = confusion_of_pick(with_counts(run_dir, counts))
    assert found.rows == ()
    assert found.mistakes == (Mistake("3", "4", 2, 2 / 3),)
    assert "What the pick takes for what" in visible(_render(with_counts(run_dir, counts)))
    clean = [[int(i == j) for j in range(3)] for i in range(3)]
    assert "It makes no mistake on test." in _render(with_counts(run_dir, clean))


def test_a_run_of_an_earlier_version_has_none(run_dir):
    tables = read_run(run_dir)
    assert confusion_of_pick(tables) is None
    assert "What the pick takes for what" not in _render(tables)
    assert recall_lines(tables) == []
