"""Seeds of the final trainings, and the score of several of them."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import score_interval
from hwsearch.plan.plan import make_plan
from hwsearch.search.stages.finals import _scored, final_seeds
from hwsearch.study.model import load_study


def test_no_study_has_another_ones_and_more_seeds_keep_the_first(tiny):
    plan = make_plan(load_study(tiny), tiny)

    def seeds(own, n):
        final = plan.study.final.model_copy(update={"seeds": n})
        return final_seeds(replace(plan, study=plan.study.model_copy(update={"seed": own, "final": final})))

    everything = [seed for own in (0, 1, 2, 9_999, 10_000, 10_001) for seed in seeds(own, 5)]
    assert len(set(everything)) == len(everything)
    assert min(everything) >= 2**32  # a study's own are below
    assert seeds(0, 2) == seeds(0, 5)[:2]


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
