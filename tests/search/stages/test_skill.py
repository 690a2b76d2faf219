"""What knows nothing is on no front, is not what a search starts from, and is said in words."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from builders.records import state_of

from hwsearch.api import load_run
from hwsearch.errors import HwsearchError
from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.plan.plan import make_plan
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.finalists import finalists
from hwsearch.search.decide.front import front_records, worst_of
from hwsearch.search.decide.nothing_fits import nothing_known
from hwsearch.search.stages import final_race, final_trainings
from hwsearch.search.stages.skill import answer_columns, lack_of_skill, refuse_without_skill
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study

CONSTANT = Answers((182, 18), (200, 0), (182, 0), 0, 0, (), 3)
SILENT = Answers((20,) * 10, (200,) + (0,) * 9, (20,) + (0,) * 9, 200, 200, ("fc1", "fc2"), 64)
SOUND = Answers((20, 0, 10), (18, 2, 10), (18, 0, 10), 3, 0, (), 1)
COSTS = {"memory_bytes": 4000.0, "energy_j": 4e-6, "weight_bytes": 4000.0}


def measured(answers, floats=0.5):
    return Measured(
        "", None, None, answers.accuracy, floats, None, None, None, None, None, 0, 0, answers_val=answers
    )


def record(trial, accuracy, cost, *, skilled=True, outcome="trained"):
    costs = COSTS | {"memory_bytes": cost}
    return TrialRecord(
        trial, Candidate((0.1 * trial,), "weight", (4,), 3), outcome, "" if skilled else "no better", costs, costs,
        accuracy_val=accuracy, curve=(accuracy,), skilled=skilled,
    )  # fmt: skip


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


@pytest.fixture
def uneven(plan):
    """91 % of the validation samples are of class 0, and the dense network loses three points."""
    labels = np.repeat(np.arange(10), [91] + [1] * 9)
    return replace(plan, data=replace(plan.data, y_val=labels))


def test_words_say_what_it_answers():
    assert lack_of_skill(measured(SOUND)) == ""
    said = lack_of_skill(measured(CONSTANT))
    assert "right on 91.0% of 200 validation samples, 91.0% of which are class 0" in said
    assert "it answers class 0 to 100.0%" in said
    assert "no neuron of fc1, fc2 fires" in lack_of_skill(measured(SILENT))


@pytest.mark.parametrize(
    ("answers", "floats", "cause"),
    [
        (CONSTANT, 0.91, "classes are uneven"),
        (SILENT, 0.1, "network.threshold"),
        (replace(SILENT, silent_layers=()), 0.1, "Nothing of the inputs reaches the readout"),
        (replace(SILENT, silent_layers=(), input_independent=0), 0.1, "learned nothing"),
        (SILENT, 0.9, "widths of the device"),
    ],
)
def test_a_dense_reference_is_refused_with_the_likely_cause(answers, floats, cause):
    with pytest.raises(HwsearchError, match=f"the dense reference is no model: .*{cause}") as refused:
        refuse_without_skill(measured(answers, floats), "the dense reference")
    assert refused.value.exit_code == 2
    refuse_without_skill(measured(SOUND), "the dense reference")


def test_columns_are_shares_and_recalls_class_by_class():
    columns = answer_columns(measured(SOUND))
    assert columns["recalls"] == "0.9000//1.0000"
    assert columns["recall_min"] == 0.9
    assert (columns["ties"], columns["input_independent"]) == (0.1, 0.0)
    assert (columns["silent_layers"], columns["silent_channels"]) == (0, 1)
    assert columns["recalls_test"] is None


def test_it_is_on_no_front_and_no_finalist_however_small(plan):
    records = [record(0, 0.95, 300), record(1, 0.9, 100, skilled=False), record(2, 0.93, 200)]
    assert [r.trial for r in front_records(plan, records, 0.02)] == [0, 2]
    assert front_records(plan, records[1:2], 0.02) == []
    chosen = finalists(state_of(plan, records), records, records[:1])
    assert [r.trial for r in chosen] == [0, 2]


def test_of_no_use_is_what_the_largest_class_reaches(uneven):
    # pick.within is 0.2: without the largest class all down to 77 % would be of use
    assert worst_of(uneven, 0.03) == pytest.approx(0.09)
    assert front_records(uneven, [record(0, 0.96, 300), record(1, 0.91, 10)], 0.03)[0].trial == 0


def test_where_all_know_nothing_the_best_is_named():
    ignorant = [record(0, 0.1, 100, skilled=False), record(1, 0.2, 100, skilled=False)]
    assert (
        "of 2 trained candidates that keep the budgets none is a model. The best, trial 1"
        in nothing_known(ignorant, ())
    )
    assert nothing_known([*ignorant, record(2, 0.9, 100)], ()) == ""
    assert nothing_known([], ()) == ""
    assert "none of 1 is a model. One is no better" in nothing_known([record(2, 0.9, 100)], ["no better"])


def test_a_fresh_dense_reference_that_knows_nothing_is_refused_before_members_are_trained(plan, monkeypatch):
    dense = [replace(measured(own), params=()) for own in (SOUND, CONSTANT, SOUND)]
    monkeypatch.setattr(final_trainings, "fresh_references", lambda p, t, c, seeds, told: dense[: len(seeds)])
    monkeypatch.setattr(final_race, "train_members", None)
    seed = final_race.final_seeds(plan)[1]
    reference = SimpleNamespace(plan=plan)
    context = SimpleNamespace(
        plan=plan, trainer=None, cache=None, yardstick=reference, at=lambda number: reference
    )
    with pytest.raises(HwsearchError, match=f"fresh seed {seed} is no model"):
        final_race.finalise(context, [])


def test_answers_come_back_from_the_cache(tmp_path):
    cache = Cache(tmp_path, "plan")
    own = replace(measured(SILENT), answers_test=SOUND)
    cache.save(cache.path("trained"), own)
    back = cache.load(cache.path("trained"))
    assert back is not None
    assert (back.answers_val, back.answers_test) == (SILENT, SOUND)


def test_a_run_records_recalls_that_make_up_its_accuracy(finished):
    result = load_run(finished)
    summary, front = result.summary, result.front
    counts = np.array(summary["classes"]["test"])
    assert counts.sum() == summary["samples"]["test"]
    assert summary["classes"]["largest_class_share_val"] == pytest.approx(10 / 100)
    assert summary["no_skill"]["final"] == 0
    rows = [*front.to_dict("records"), summary["dense"], summary["pick"]]
    for row in rows:
        recalls = np.array([float(own) for own in row["recalls_test"].split("/")])
        assert recalls @ counts / counts.sum() == pytest.approx(row["accuracy_test_own"], abs=1e-4)
        assert row["recall_min_test"] == pytest.approx(recalls.min(), abs=1e-4)
        assert 0 <= row["ties"] <= 1
        assert row["silent_layers"] == 0
    trials = pd.read_csv(finished / "trials.csv")
    none = trials[
        (trials["outcome"] == "trained") & trials["reason"].fillna("").str.contains("largest class")
    ]
    assert len(none) == summary["no_skill"]["trained"]
    assert not none["on_front"].any()
