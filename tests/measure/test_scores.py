"""Scores by hand, their laws, and how wide their intervals are."""

import math

import numpy as np
import pytest
from builders.answers import answers
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import constant_score, most_lost, score_interval, score_of

# 90 of class 0, 81 of them right; 10 of class 1, 4 right: answered with 0 are 81 + 6, with 1 are 9 + 4
UNEVEN = ((81, 9), (6, 4))
SCORES = ("accuracy", "balanced_accuracy", "macro_f1")


MATRICES = (
    st.integers(2, 5)
    .flatmap(lambda c: st.lists(st.lists(st.integers(0, 12), min_size=c, max_size=c), min_size=c, max_size=c))
    .filter(lambda rows: any(map(any, rows)))
)


def test_by_hand():
    given_answers = answers(UNEVEN)
    assert score_of(given_answers, "accuracy") == pytest.approx(85 / 100)
    assert score_of(given_answers, "balanced_accuracy") == pytest.approx((81 / 90 + 4 / 10) / 2)
    assert score_of(given_answers, "macro_f1") == pytest.approx((2 * 81 / (90 + 87) + 2 * 4 / (10 + 13)) / 2)


def test_a_class_without_samples_counts_only_where_it_is_answered():
    # class 2 has no sample: its F1 is 0 where it is answered, and it is left out where it is not
    wrong, never = answers(((8, 0, 2), (0, 5, 0), (0, 0, 0))), answers(((8, 2, 0), (0, 5, 0), (0, 0, 0)))
    assert score_of(wrong, "balanced_accuracy") == score_of(never, "balanced_accuracy") == pytest.approx(0.9)
    assert score_of(wrong, "macro_f1") == pytest.approx((16 / 18 + 1 + 0) / 3)
    assert score_of(never, "macro_f1") == pytest.approx((16 / 18 + 10 / 12) / 2)


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_balanced_accuracy_is_the_mean_recall(rows):
    counted = answers(rows)
    known = [recall for recall in counted.recalls if recall is not None]
    assert score_of(counted, "balanced_accuracy") == pytest.approx(np.mean(known))


@given(st.integers(2, 5), st.integers(1, 30), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_where_classes_are_equal_in_size_it_is_accuracy(classes, size, draw):
    rng = np.random.default_rng(draw.randrange(2**32))
    counted = answers(rng.multinomial(size, np.full(classes, 1 / classes), classes))
    assert score_of(counted, "balanced_accuracy") == pytest.approx(score_of(counted, "accuracy"))
    assert most_lost(0.02, counted.samples, "balanced_accuracy") == pytest.approx(0.02)


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_scores_are_as_scikit_learn_counts_them(rows):
    metrics = pytest.importorskip("sklearn.metrics")
    counts = np.array(rows)
    truth, guesses = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    counted = answers(rows)
    recalls = metrics.recall_score(truth, guesses, average=None, labels=np.unique(truth), zero_division=0.0)
    assert score_of(counted, "balanced_accuracy") == pytest.approx(recalls.mean())
    expected = metrics.f1_score(truth, guesses, average="macro", zero_division=0.0)
    assert score_of(counted, "macro_f1") == pytest.approx(expected)


@given(MATRICES, st.sampled_from(SCORES))
@settings(max_examples=40, deadline=None)
def test_an_interval_holds_its_score_and_lies_in_0_to_1(rows, score):
    low, high = score_interval(np.array(rows), score)
    assert 0 <= low <= score_of(answers(rows), score) <= high <= 1


def test_an_interval_is_wider_for_a_small_class_and_repeatable():
    large, small = np.diag([500, 500]), np.diag([990, 10])
    assert score_interval(large, "balanced_accuracy")[0] > 0.99
    low, high = score_interval(small, "balanced_accuracy")
    assert low < 0.92 < 1 == high  # of ten right ones the recall may be 80 %
    assert score_interval(small, "balanced_accuracy") == (low, high)


def test_a_simulated_interval_holds_the_truth_about_95_times_in_a_hundred():
    rng, shares, sizes = np.random.default_rng(1), np.array([[0.9, 0.1], [0.2, 0.8]]), (200, 20)
    drawn = [
        np.array([rng.multinomial(n, p) for n, p in zip(sizes, shares, strict=True)]) for _ in range(150)
    ]
    held = [low <= 0.85 <= high for low, high in (score_interval(d, "balanced_accuracy") for d in drawn)]
    assert 0.9 <= np.mean(held) <= 0.99


def test_who_always_answers_the_largest_class():
    assert constant_score((95, 5), "accuracy") == 0.95
    assert constant_score((95, 5), "balanced_accuracy") == 0.5
    assert constant_score((95, 5), "macro_f1") == pytest.approx((2 * 95 / (95 + 100)) / 2)
    assert constant_score((95, 0, 5), "balanced_accuracy") == 0.5


@given(MATRICES, st.data())
@settings(max_examples=100, deadline=None)
def test_no_change_of_answers_costs_more_than_the_most_that_can_be_lost(rows, data):
    before = answers(rows)
    changed = [list(row) for row in before.confusion]
    moves = 0
    for _ in range(data.draw(st.integers(1, 6))):
        filled = [(i, j) for i, row in enumerate(changed) for j, n in enumerate(row) if n]
        i, j = data.draw(st.sampled_from(filled))
        changed[i][j] -= 1
        changed[i][data.draw(st.integers(0, len(changed) - 1))] += 1
        moves += 1
    for score in SCORES:
        lost = score_of(before, score) - score_of(answers(changed), score)
        assert lost <= most_lost(moves / before.n, before.samples, score) + 1e-12


def test_a_measured_network_has_the_score_that_is_asked():
    network = Measured(
        "", None, None, 0.85, 0.9, None, None, None, None, None, 0, 0, answers_val=answers(UNEVEN)
    )
    assert network.score_val("accuracy") == 0.85
    assert network.score_val("balanced_accuracy") == pytest.approx(0.65)
    assert network.score_test("macro_f1") is None
    failed = Measured("diverged", None, None, None, None, None, None, None, None, None, 0, 0)
    assert failed.score_val("macro_f1") is None


def test_a_network_that_finds_the_small_class_has_skill_by_its_score_alone():
    # worse than always answering the large class by accuracy (76 of 100), and far better by the mean of recalls (0.8)
    finds = answers(((76, 19), (1, 4)))
    assert not finds.skilled()
    assert finds.skilled("balanced_accuracy")
    assert finds.skilled("macro_f1")
    assert not answers(((95, 0), (5, 0))).skilled("balanced_accuracy")
    # by hand: gained 1/5, lost 0, and 1/5 > sqrt(1/25) does not hold
    assert not answers(((95, 0), (4, 1))).skilled("balanced_accuracy")
    assert math.sqrt(2 / 25) < 2 / 5
    assert answers(((95, 0), (3, 2))).skilled("balanced_accuracy")
