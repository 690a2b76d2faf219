"""The score of several final trainings, and how long recipes are trained in full."""

from types import SimpleNamespace

import numpy as np
import pytest

from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import score_interval
from hwsearch.search.stages import finals
from hwsearch.search.stages.finals import _scored, finalise_until


def answers(confusion):
    counts = np.array(confusion)
    return Answers(
        tuple(counts.sum(1).tolist()), tuple(counts.sum(0).tolist()), tuple(counts.diagonal().tolist()),
        0, 0, (), 0, tuple(map(tuple, counts.tolist())),
    )  # fmt: skip


def test_a_score_is_the_mean_of_the_trainings_with_the_interval_of_their_mean_answers():
    one, other = answers(((80, 10), (5, 5))), answers(((90, 0), (1, 9)))
    trained = [
        Measured(
            "", None, None, 0.9, 0.9, 0.9, None, None, None, None, 0, 0, answers_val=val, answers_test=test
        )
        for val, test in ((one, other), (other, one))
    ]
    found = _scored(trained, "balanced_accuracy")
    each = ((80 / 90 + 5 / 10) / 2, (1 + 9 / 10) / 2)
    assert found.score_val == found.score_test == pytest.approx(np.mean(each))
    low, high = score_interval(np.array(((85, 5), (3, 7))), "balanced_accuracy")
    assert (found.score_test_low, found.score_test_high) == (low, high)


def test_others_are_trained_for_as_long_as_none_is_accurate_enough(monkeypatch):
    enough, trained = {3}, []

    def finalise(context, chosen, on_trained):
        trained.append([record.trial for record in chosen])
        return SimpleNamespace(accurate_enough=lambda pick: enough & {record.trial for record in chosen})

    monkeypatch.setattr(finals, "finalise", finalise)
    context = SimpleNamespace(plan=SimpleNamespace(study=SimpleNamespace(pick=None)))
    records = [SimpleNamespace(trial=trial) for trial in range(5)]

    def more(tried):
        return next((record for record in records if record.trial not in tried), None)

    finalise_until(context, records[3:4], more)
    assert trained == [[3]]  # nothing more than the search's own finalists
    trained.clear()
    finalise_until(context, records[:2], more)
    assert trained == [[0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]  # ``more`` says when it ends
